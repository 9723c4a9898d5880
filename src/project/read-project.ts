/**
 * Reads the files of a project -> ProjectSpec. Reads files, writes nothing; all problems of all files are
 * thrown as one error.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { EngineName } from '../model/engines.ts';
import { usageError } from '../model/errors.ts';
import type { ProjectSpec } from '../model/process-spec.ts';
import { checkProject } from './check-project.ts';
import { writtenText } from './file-text.ts';
import { ownAuditsOf } from './own-audits.ts';
import { type ProjectProblem, positionAt, projectInvalid, reporterFor } from './problems.ts';
import { PROJECT_FILE, readProjectFile } from './project-schema.ts';
import { readMacros } from './read-macros.ts';
import { type ProcessDraft, readProcess } from './read-process.ts';
import { type GivenVariables, readVariables, reportUnused } from './read-variables.ts';
import { relativeFile } from './relative-file.ts';
import { type SoundParts, soundParts } from './sound-parts.ts';
import { sqlFilesIn } from './sql-files.ts';
import { parseYamlText } from './yaml-text.ts';

/**
 * The nearest folder from `startDirectory` upwards that contains a psyberg.yaml. Throws `project-not-found`.
 */
export function findProjectRoot(startDirectory: string): string {
  const start = path.resolve(startDirectory);
  // A misspelled name must not lead to another project above it.
  if (!fs.existsSync(start)) throw projectNotFound(start, 'which does not exist');
  for (let directory = start; ; directory = path.dirname(directory)) {
    if (fs.existsSync(path.join(directory, PROJECT_FILE))) return directory;
    if (directory === path.dirname(directory)) throw projectNotFound(start, 'and in no folder above it');
  }
}

interface ReadOptions {
  readonly root: string;
  /** Where `${NAME}` in the catalog's values is looked up; default: this process's environment. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Values that replace those of `vars`. */
  readonly variables?: GivenVariables;
  /** The engine of all processes that can run on it, whatever they say. */
  readonly engine?: EngineName;
}

/** Reads a project. Throws `project-not-found` or, with every problem found, `project-invalid`. */
export function readProject(options: ReadOptions): ProjectSpec {
  const { project, drafts, problems } = readParts(options);
  if (problems.length > 0) throw projectInvalid(problems);
  return freezeDeep({ ...project, processes: drafts.flatMap(({ spec }) => spec ?? []) });
}

/**
 * The parts of a project without problems, and the problems of the others; for work that can go on without
 * them. Throws `project-invalid` if psyberg.yaml has a problem.
 */
export function readSoundParts(options: ReadOptions): SoundParts {
  const { project, drafts, problems } = readParts(options);
  if (problems.some(({ file }) => file === PROJECT_FILE)) throw projectInvalid(problems);
  const parts = soundParts(project, drafts, problems);
  return { ...parts, project: freezeDeep(parts.project) };
}

/** A project as far as it can be read. */
export interface ExaminedProject {
  /** With only the processes that have no problem. */
  readonly project: ProjectSpec;
  /** What each process file says, with the places in it. */
  readonly drafts: readonly ProcessDraft[];
  readonly problems: readonly ProjectProblem[];
}

/** Like {@link readProject}, but returns problems together with what is right. Throws `project-not-found`. */
export function examineProject(options: ReadOptions): ExaminedProject {
  const { project, drafts, problems } = readParts(options);
  return { project: { ...project, processes: drafts.flatMap(({ spec }) => spec ?? []) }, drafts, problems };
}

function readParts(options: ReadOptions) {
  const { variables: given = {} } = options;
  const root = path.resolve(options.root);
  const file = path.join(root, PROJECT_FILE);
  if (!fs.existsSync(file)) throw projectNotFound(root);
  const problems: ProjectProblem[] = [];
  const report = reporterFor(problems, PROJECT_FILE, 'project-file-invalid');
  const text = writtenText(file, report);
  const yaml = parseYamlText(text, { first: text.startsWith('\uFEFF') ? 1 : 0, last: text.length }, report);
  const { environment = process.env } = options;
  const projectFile = readProjectFile(yaml, { root, environment, report });
  const shared = {
    variables: readVariables(yaml, given, report),
    macros: readMacros(root, problems),
    audits: ownAuditsOf(root),
  };
  const processesDirectory = path.resolve(root, projectFile.processes);
  const files = sqlFilesIn(processesDirectory);
  if (files === undefined) {
    report(
      yaml.value === undefined ? positionAt(text, 0) : yaml.placeOf(['processes']),
      `the folder of the processes does not exist: ${relativeFile(root, processesDirectory) || '.'}`,
      'create it, or name another with "processes: <folder>"',
    );
  }
  const drafts = (files ?? []).map((name) =>
    readProcess({
      file: path.join(processesDirectory, name),
      root,
      problems,
      shared,
      engine: options.engine,
    }),
  );
  checkProject(drafts, projectFile.tables, problems);
  if (problems.length === 0) {
    const named = drafts.flatMap(({ spec }) => Object.keys(spec?.variables ?? {}));
    reportUnused(shared.variables, given, new Set(named), report);
  }
  const { variables, macros } = shared;
  const project = { ...projectFile, root, processesDirectory, variables, macros, processes: [] };
  return { project, drafts, problems };
}

const projectNotFound = (directory: string, where = ''): Error =>
  usageError(
    'project-not-found',
    `there is no ${PROJECT_FILE} in ${directory}${where === '' ? '' : `, ${where}`}`,
    {
      hint: 'go to a project, name one with --project DIR, or create one: psyberg new project DIR',
      context: { directory },
    },
  );

function freezeDeep<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) freezeDeep(inner);
  }
  return value;
}
