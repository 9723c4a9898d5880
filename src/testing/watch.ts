/** Watches files of a project until it is stopped. Saved files -> the test files that depend on them. */
import fs from 'node:fs';
import path from 'node:path';
import { tableKey } from '../model/names.ts';
import type { ProjectSpec } from '../model/process-spec.ts';
import { PROJECT_FILE } from '../project/project-schema.ts';
import { readProject } from '../project/read-project.ts';
import { relativeFile } from '../project/relative-file.ts';
import { ddlFileOf, TABLES_FOLDER } from '../project/table-files.ts';
import { type ReadTests, readTests, TESTS_FOLDER, testFilesOf } from './read/read-tests.ts';
import { outsideTables } from './world/make-tables.ts';

export interface Saved {
  /** Relative to the project. */
  readonly files: readonly string[];
  /** Test files to play again, relative to the project. */
  readonly tests: readonly string[];
}

export interface WatchRequest {
  /**
   * Called with what was saved. What is saved during a call is reported by the next one, after it is done.
   */
  readonly onChange: (saved: Saved) => Promise<void>;
  readonly onError: (error: unknown) => void;
}

/** Waits for this long, since editors save a file in several steps. */
const QUIET_MS = 120;

/** Begins to watch; the returned function ends it. */
export function watchFiles(root: string, { onChange, onError }: WatchRequest): () => void {
  const saved = new Set<string>();
  let watchers: fs.FSWatcher[] = [];
  let timer: NodeJS.Timeout | undefined;
  let working = false;
  let stopped = false;
  const flush = async (): Promise<void> => {
    if (working || stopped) return;
    working = true;
    const files = [...saved].sort();
    saved.clear();
    try {
      await onChange({ files, tests: testsOf(root, files) });
    } catch (error) {
      onError(error);
    }
    working = false;
    if (saved.size > 0) later();
  };
  const later = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void flush(), QUIET_MS);
  };
  const note = (file: string): void => {
    if (!isOfProject(file)) return;
    saved.add(file);
    later();
  };
  const open = (): void => {
    for (const watcher of watchers) watcher.close();
    watchers = [root, ...foldersOf(root)].map((folder) =>
      fs
        .watch(folder, { recursive: folder !== root }, (_event, name) => {
          if (name === null) return;
          const file = relativeFile(root, path.join(folder, name));
          note(file);
          // A new folder, such as the first tests/.
          if (folder === root && !file.includes('.')) open();
        })
        .on('error', () => undefined),
    );
  };
  open();
  return () => {
    stopped = true;
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
}

/** Only these are watched: warehouses also lie in the project, and change with every run. */
const FOLDERS = ['processes', 'audits', 'macros', TABLES_FOLDER, TESTS_FOLDER] as const;

function foldersOf(root: string): string[] {
  let own: string[] = [];
  try {
    const project = readProject({ root });
    own = [
      project.processesDirectory,
      ...project.processes.flatMap(({ audits }) =>
        audits.flatMap((audit) => (audit.file === undefined ? [] : [path.dirname(audit.file)])),
      ),
    ];
  } catch {
    // For a project with problems, only the usual folders are watched.
  }
  const folders = [...FOLDERS.map((name) => path.join(root, name)), ...own].filter(
    (folder) => folder !== root,
  );
  return [...new Set(folders)].filter((folder) => fs.existsSync(folder) && fs.statSync(folder).isDirectory());
}

/** Leaves out the temporary files of editors. */
const isOfProject = (file: string): boolean =>
  !/(^|\/)[.#]|~$|\.sw[px]$|^\d+$/.test(file) && (file.includes('/') || file === PROJECT_FILE);

/** The test files that saved files affect. Throws `project-invalid`. */
export function testsOf(root: string, saved: readonly string[]): string[] {
  const project = readProject({ root });
  const all = testFilesOf(project);
  const read = readTests(project, all);
  const touched = new Set(saved.flatMap((file) => dependents(project, read, file)));
  return all.map((file) => relativeFile(root, file)).filter((file) => touched.has(file));
}

function dependents(project: ProjectSpec, read: ReadTests, saved: string): string[] {
  const file = path.join(project.root, saved);
  if (saved === PROJECT_FILE || saved.startsWith('macros/'))
    return [...read.tests, ...read.unread].map((test) => test.file);
  const touches = read.tests.filter(
    (test) =>
      test.file === saved ||
      test.processes.some((spec) => spec.file === file || spec.audits.some((audit) => audit.file === file)) ||
      outsideTables(test.processes).some(
        (table) => ddlFileOf(table) === saved || writes(project, table, file),
      ) ||
      test.arrivals.some(({ landings }) =>
        landings.some(({ rows }) => rows.kind === 'file' && rows.file === file),
      ),
  );
  const unread = read.unread.filter((each) => each.file === saved);
  return [...touches, ...unread].map((test) => test.file);
}

/** A process outside of the test decides the columns of what it writes. */
const writes = (project: ProjectSpec, table: Parameters<typeof tableKey>[0], file: string): boolean =>
  project.processes.some((spec) => spec.file === file && tableKey(spec.target.table) === tableKey(table));
