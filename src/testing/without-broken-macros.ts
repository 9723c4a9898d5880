/**
 * Finds what can be tested of a project if DuckDB does not accept some of its macros. Project + error -> the
 * rest. Pure.
 */
import { PsybergError } from '../model/errors.ts';
import type { ProjectSpec } from '../model/process-spec.ts';
import { withoutMacros } from '../project/sound-parts.ts';
import type { UnusableProcesses } from './read/read-tests.ts';
import type { TestProblem } from './test-spec.ts';

/** Throws every error except `macro-invalid`. */
export function withoutBrokenMacros(
  project: ProjectSpec,
  unusable: UnusableProcesses,
  error: unknown,
): { readonly project: ProjectSpec; readonly unusable: UnusableProcesses } {
  if (!(error instanceof PsybergError) || error.code !== 'macro-invalid') throw error;
  const problems = error.context['problems'] as readonly (TestProblem & { readonly macro: string })[];
  const names = new Set(problems.map(({ macro }) => macro));
  const { project: rest, processNames } = withoutMacros(project, names);
  const why = problems.map(({ macro: _macro, ...problem }) => problem);
  const more = new Map(unusable);
  // A macro that no process uses is reported under its file.
  const places = processNames.length > 0 ? processNames : why.map(({ file }) => file);
  for (const place of places) more.set(place, [...new Set([...(more.get(place) ?? []), ...why])]);
  return { project: rest, unusable: more };
}
