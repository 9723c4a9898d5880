/**
 * Separates the parts of a project that have problems. Parts + problems -> the sound ones, and why the others
 * are not. Pure.
 */
import type { MacroSpec, ProcessSpec, ProjectSpec } from '../model/process-spec.ts';
import type { ProjectProblem } from './problems.ts';
import { macrosUsed } from './read-macros.ts';
import type { ProcessDraft } from './read-process.ts';
import { relativeFile } from './relative-file.ts';

export interface SoundParts {
  readonly project: ProjectSpec;
  /**
   * What is wrong with a process, or with something that it uses, by its name; problems of other files by the
   * file.
   */
  readonly unusable: ReadonlyMap<string, readonly ProjectProblem[]>;
}

/** If a macro or an audit has a problem, whatever uses it is not sound either. */
export function soundParts(
  project: ProjectSpec,
  drafts: readonly ProcessDraft[],
  problems: readonly ProjectProblem[],
): SoundParts {
  const problemsIn = (file: string): readonly ProjectProblem[] =>
    problems.filter((problem) => problem.file === relativeFile(project.root, file));
  const whyNot = (draft: ProcessDraft): readonly ProjectProblem[] => [
    ...new Set([
      ...draft.problems,
      ...problems.filter(({ file }) => file === draft.file),
      ...filesUsed(draft.spec).flatMap(problemsIn),
    ]),
  ];
  const judged = drafts.map((draft) => ({ draft, why: whyNot(draft) }));
  const unusable = new Map<string, readonly ProjectProblem[]>();
  for (const { draft, why } of judged) if (why.length > 0) unusable.set(draft.processName ?? draft.file, why);
  const told = new Set([...unusable.values()].flat());
  for (const problem of problems)
    if (!told.has(problem)) unusable.set(problem.file, [...(unusable.get(problem.file) ?? []), problem]);
  const isSound = (macro: MacroSpec): boolean =>
    macrosUsed([macro.definition], project.macros).every(({ file }) => problemsIn(file).length === 0);
  return {
    project: {
      ...project,
      macros: project.macros.filter(isSound),
      processes: judged.flatMap(({ draft: { spec }, why }) =>
        spec === undefined || why.length > 0 ? [] : spec,
      ),
    },
    unusable,
  };
}

const filesUsed = (spec: ProcessSpec | undefined): string[] => [
  ...(spec?.macros ?? []).map(({ file }) => file),
  ...(spec?.audits ?? []).flatMap(({ file }) => file ?? []),
];

/**
 * The project without the macros of these names, the macros that use them, and the processes that use any of
 * these.
 */
export function withoutMacros(
  project: ProjectSpec,
  names: ReadonlySet<string>,
): { readonly project: ProjectSpec; readonly processNames: readonly string[] } {
  const isGone = (macros: readonly MacroSpec[] = []): boolean => macros.some(({ name }) => names.has(name));
  const gone = project.processes.filter((spec) => isGone(spec.macros));
  return {
    project: {
      ...project,
      macros: project.macros.filter(({ definition }) => !isGone(macrosUsed([definition], project.macros))),
      processes: project.processes.filter((spec) => !gone.includes(spec)),
    },
    processNames: gone.map(({ processName }) => processName),
  };
}
