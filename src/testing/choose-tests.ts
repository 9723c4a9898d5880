/**
 * Finds the tests that files and names stand for. Words -> files, and a filter of their tests. Reads
 * folders.
 */
import fs from 'node:fs';
import path from 'node:path';
import { usageError } from '../model/errors.ts';
import type { ProjectSpec } from '../model/process-spec.ts';
import { didYouMean } from '../project/did-you-mean.ts';
import { relativeFile } from '../project/relative-file.ts';
import { type ReadTests, TESTS_FOLDER, testFilesOf } from './read/read-tests.ts';

export interface ChosenTests {
  /** Absolute paths. */
  readonly files: readonly string[];
  /** Keeps only tests whose names were given. */
  keep(read: ReadTests): ReadTests;
}

/** Throws `tests-missing` if nothing is chosen. */
export function chooseTests(
  project: ProjectSpec,
  { only = [], from = process.cwd() }: { readonly only?: readonly string[]; readonly from?: string },
): ChosenTests {
  const all = testFilesOf(project);
  if (all.length === 0)
    throw usageError(
      'tests-missing',
      `the project ${project.name} has no tests: no file ${TESTS_FOLDER}/*.yaml`,
      {
        hint:
          project.processes[0] === undefined
            ? 'create a process first: psyberg new process'
            : `write one: psyberg test --create ${project.processes[0].processName}`,
      },
    );
  const named: string[] = [];
  const files = new Set<string>();
  for (const word of only) {
    const found = filesOf(project, all, word, from);
    if (found.length === 0) named.push(word);
    for (const file of found) files.add(file);
  }
  const chosen = files.size === 0 ? all : [...files].sort();
  return { files: chosen, keep: (read) => keepNamed(project, read, named) };
}

/** Finds the test files that a word names as a path: that of a file, or of a folder. */
function filesOf(project: ProjectSpec, all: readonly string[], word: string, from: string): string[] {
  const places = [from, project.root, path.join(project.root, TESTS_FOLDER)];
  for (const place of places) {
    const asked = path.resolve(place, word);
    if (all.includes(asked)) return [asked];
    const inside = all.filter(
      (file) => file.startsWith(`${asked}${path.sep}`) || file.replace(/\.ya?ml$/, '') === asked,
    );
    if (inside.length > 0) return inside;
    if (/\.ya?ml$/.test(word) && fs.existsSync(asked) && fs.statSync(asked).isFile()) return [asked];
  }
  return [];
}

interface Named {
  readonly name: string;
  readonly processNames: readonly string[];
}

function keepNamed(project: ProjectSpec, read: ReadTests, words: readonly string[]): ReadTests {
  if (words.length === 0) return read;
  const tests: readonly Named[] = [
    ...read.unread,
    ...read.tests.map(({ name, processes }) => ({
      name,
      processNames: processes.map((spec) => spec.processName),
    })),
  ];
  const holds = ({ name }: Named, word: string): boolean => name.toLowerCase().includes(word.toLowerCase());
  // A process stands for its tests, unless the name of some test contains the word.
  const fits = (test: Named, word: string): boolean =>
    tests.some((each) => holds(each, word)) ? holds(test, word) : test.processNames.includes(word);
  for (const word of words)
    if (!tests.some((test) => fits(test, word)))
      throw usageError(
        'tests-missing',
        /\.ya?ml$/.test(word) ? `there is no test file ${word}` : `no test has '${word}' in its name`,
        {
          hint: /\.ya?ml$/.test(word)
            ? didYouMean(
                word,
                testFilesOf(project).map((file) => relativeFile(project.root, file)),
                'files',
              )
            : didYouMean(
                word,
                tests.map(({ name }) => name),
                'tests',
              ),
          context: { found: word },
        },
      );
  return {
    tests: read.tests.filter(({ name, processes }) =>
      words.some((word) => fits({ name, processNames: processes.map((spec) => spec.processName) }, word)),
    ),
    unread: read.unread.filter((each) => words.some((word) => fits(each, word))),
  };
}
