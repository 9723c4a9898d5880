/**
 * Reads the test files of a project. Files -> tests, and what could not be read. Writes nothing. A problem
 * of one test does not keep the others from running.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { ProjectSpec } from '../../model/process-spec.ts';
import { didYouMean } from '../../project/did-you-mean.ts';
import { writtenText } from '../../project/file-text.ts';
import { isMap } from '../../project/plain-values.ts';
import { positionAt, reporterFor } from '../../project/problems.ts';
import { relativeFile } from '../../project/relative-file.ts';
import { validate } from '../../project/validate.ts';
import { type Path, parseYamlText, type YamlText } from '../../project/yaml-text.ts';
import type { TestProblem, TestSpec, UnreadTest } from '../test-spec.ts';
import { checkTest, processNamesOf } from './check-test.ts';
import { testOf } from './test-of.ts';
import { testSchema } from './test-schema.ts';

export const TESTS_FOLDER = 'tests';

export interface ReadTests {
  readonly tests: readonly TestSpec[];
  readonly unread: readonly UnreadTest[];
}

/** The test files of a project, as absolute paths in the order of their names. */
export function testFilesOf(project: ProjectSpec): string[] {
  const folder = path.join(project.root, TESTS_FOLDER);
  if (!fs.existsSync(folder) || !fs.statSync(folder).isDirectory()) return [];
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.ya?ml$/.test(entry.name) && !entry.name.startsWith('.'))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
}

/** Why processes of a project cannot be used, by their names. */
export type UnusableProcesses = ReadonlyMap<string, readonly TestProblem[]>;

/** Reads test files (absolute paths). A test of a process that cannot be used has that process's problems. */
export function readTests(
  project: ProjectSpec,
  files: readonly string[],
  unusable: UnusableProcesses = new Map(),
): ReadTests {
  const read = files.map((file) => readFile({ project, unusable }, file));
  return {
    tests: read.flatMap((each) => each.tests),
    unread: read.flatMap((each) => each.unread),
  };
}

interface ReadContext {
  readonly project: ProjectSpec;
  readonly unusable: UnusableProcesses;
}

function readFile({ project, unusable }: ReadContext, file: string): ReadTests {
  const shown = relativeFile(project.root, file);
  const problems: TestProblem[] = [];
  const report = reporterFor(problems, shown, 'test-file-invalid');
  const text = writtenText(file, report);
  const yaml = parseYamlText(text, { first: text.startsWith('\uFEFF') ? 1 : 0, last: text.length }, report);
  const { value } = yaml;
  const entries = isMap(value) && Array.isArray(value['tests']) ? (value['tests'] as unknown[]) : undefined;
  if (isMap(value))
    for (const key of Object.keys(value))
      if (key !== 'tests')
        report(yaml.placeOfKey([key]), `unknown key '${key}'`, didYouMean(key, ['tests'], 'known keys'));
  if (problems.length === 0 && (entries === undefined || entries.length === 0))
    report(
      value === undefined || value === null ? positionAt(text, 0) : yaml.placeOf(['tests']),
      'the file has no tests',
      'begin with "tests:" and a list of tests; psyberg test --create PROCESS writes one',
    );
  const names = new Set<string>();
  const read = (entries ?? []).map((_entry, index) =>
    readEntry({ project, unusable, file, shown, names }, below(yaml, ['tests', index]), index),
  );
  return {
    tests: read.flatMap((each) => each.tests),
    unread: [
      ...(problems.length === 0 ? [] : [{ name: shown, file: shown, processNames: [], problems }]),
      ...read.flatMap((each) => each.unread),
    ],
  };
}

interface EntryContext extends ReadContext {
  readonly file: string;
  readonly shown: string;
  /** Names of the tests before it in the file. */
  readonly names: Set<string>;
}

function readEntry(context: EntryContext, yaml: YamlText, index: number): ReadTests {
  const { project, unusable, file, shown, names } = context;
  const problems: TestProblem[] = [];
  const report = reporterFor(problems, shown, 'test-file-invalid');
  validate(testSchema, yaml, report);
  const entry = isMap(yaml.value) ? yaml.value : {};
  const written = entry['name'];
  const name = typeof written === 'string' && written.trim() !== '' ? written.trim() : `test ${index + 1}`;
  if (names.has(name))
    report(yaml.placeOf(['name']), `two tests have the name '${name}'`, 'give each its own name');
  names.add(name);
  const brought = processNamesOf(entry).flatMap((each) => unusable.get(each) ?? []);
  if (brought.length === 0) checkTest(project, { yaml, file, report });
  problems.push(...new Set(brought));
  if (problems.length > 0)
    return { tests: [], unread: [{ name, file: shown, processNames: processNamesOf(entry), problems }] };
  return { tests: [testOf(project, yaml, { name, file, shown })], unread: [] };
}

/** The YAML at a path, with paths that begin there. */
function below(yaml: YamlText, at: Path): YamlText {
  return {
    value: at.reduce<unknown>(
      (value, key) =>
        value !== null && typeof value === 'object'
          ? (value as Record<PropertyKey, unknown>)[key]
          : undefined,
      yaml.value,
    ),
    placeOf: (inner) => yaml.placeOf([...at, ...inner]),
    placeOfKey: (inner) => yaml.placeOfKey([...at, ...inner]),
    scalarAt: (inner) => yaml.scalarAt([...at, ...inner]),
  };
}
