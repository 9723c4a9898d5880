/**
 * Opens the place where tests are played: a warehouse in a temporary folder with its catalog and DuckDB. It
 * is used for one test after the other, each of which begins without any table. A database in memory beside
 * it holds the rows of arrivals.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { boundQuery, type RowsPort } from '../../compare/recompute/rows-port.ts';
import { type BoundValue, type Engine, forkWithMacros, type ResultRows } from '../../engine/index.ts';
import { engineOf } from '../../model/engines.ts';
import type { ProcessSpec, ProjectSpec } from '../../model/process-spec.ts';
import {
  literalFragment,
  renderStatement,
  type SqlFragment,
  type StatementName,
} from '../../statements/index.ts';
import { openWorkspace, type Workspace } from '../../workspace/open-workspace.ts';
import { queriesOver } from '../../workspace/queries.ts';
import { type Checkpoint, openCheckpoints } from './checkpoint.ts';
import { type LandedFiles, openLandedFiles } from './landed-files.ts';

export interface Sandbox extends RowsPort {
  /** The folder with the warehouse; removed by close. */
  readonly folder: string;
  /** A workspace over the sandbox in which these processes replace those of the same names. */
  workspace(specs: readonly ProcessSpec[]): Workspace;
  setClock(ms: number): void;
  /** Runs a user's statements over the warehouse, with tables as `schema.table`. */
  sql(text: string): Promise<ResultRows>;
  /** Runs a text on the connection to the database in memory, such as a user's query with its sources. */
  query(sql: string, parameters?: Readonly<Record<string, BoundValue>>): Promise<ResultRows>;
  /** Sets the folder where relative paths of files that queries read begin. */
  searchFiles(folder: string): Promise<void>;
  /** The files of its folders. */
  readonly files: LandedFiles;
  save(): Checkpoint;
  restore(checkpoint: Checkpoint): void;
  /** Forgets every table, in the warehouse and in memory. */
  begin(): Promise<void>;
  interrupt(): void;
  close(options?: { readonly keep?: boolean }): Promise<void>;
}

/** Bytes that must be free on a file system in memory. */
const MEMORY_FOLDER_BYTES = 512 * 1024 * 1024;

export interface SandboxOptions {
  /** True: uses a folder that stays. */
  readonly keep?: boolean;
  /**
   * The processes that are played in it: files that an engine outside reads must lie where it sees them, all
   * others lie in memory.
   */
  readonly processes?: readonly Pick<ProcessSpec, 'engine'>[];
}

/**
 * Opens a sandbox in which these processes are played. DuckDB has one thread: a test has few rows, and a
 * second thread would wake up for nothing. Twelve stateful tests took 15.6 and 15.3 s of CPU, with two
 * threads 16.9 and 20.0 s (2026-11-29, AMD EPYC, 2 cores, turn about, other work beside them).
 */
export async function openSandbox(
  project: ProjectSpec,
  { keep = false, processes = [] }: SandboxOptions = {},
): Promise<Sandbox> {
  const place = keep || isSeenOutside(processes) ? os.tmpdir() : fastFolder();
  const folder = fs.mkdtempSync(path.join(place, 'psyberg-test-'));
  const warehouse = path.join(folder, 'warehouse');
  const own: ProjectSpec = { ...project, catalog: { kind: 'embedded', warehouse } };
  let nowMs = Date.now();
  const workspace = await openWorkspace(own, { now: () => nowMs, threads: 1 });
  const sql = queriesOver(workspace);
  // The first call of its client opens the catalog for good.
  await workspace.client.listNamespaces();
  const checkpoints = openCheckpoints(warehouse);
  const empty = checkpoints.save();
  const memory = memoryOf(workspace);
  const files = openLandedFiles(folder);
  const query: Sandbox['query'] = async (text, parameters = {}) =>
    (await memory()).table({ sql: text, parameters });
  return {
    folder,
    workspace: (specs) => withSpecs(workspace, own, specs),
    setClock(ms) {
      nowMs = ms;
    },
    sql,
    query,
    ask: async (asked) => (await memory()).table(boundQuery(asked)),
    run: (name, fragments, parameters = {}) => query(renderAny(name, fragments), parameters),
    async searchFiles(from) {
      await query(renderStatement('test/search_files', { folder: literalFragment(from) }));
    },
    files,
    save: () => ({ ...checkpoints.save(), landed: files.names() }),
    restore(checkpoint) {
      checkpoints.restore(checkpoint);
      files.show(checkpoint.landed);
    },
    async begin() {
      checkpoints.restore(empty);
      files.clear();
      await query(renderStatement('test/drop_rows'));
      await query(renderStatement('test/make_rows'));
    },
    interrupt: workspace.interrupt,
    async close({ keep: stays = keep } = {}) {
      checkpoints.close();
      await workspace.close();
      if (!stays) fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
    },
  };
}

/** Renders a statement whose fragments the compiler has already checked. */
export const renderAny: (name: StatementName, fragments: Readonly<Record<string, SqlFragment>>) => string =
  renderStatement;

/**
 * Whether Spark has to see the files: those lie where people put what it sees, since TMPDIR may be a shared
 * folder. Only tests of its processes lie there, as others would wait for a disk.
 */
export const isSeenOutside = (processes: NonNullable<SandboxOptions['processes']>): boolean =>
  processes.some((spec) => engineOf(spec) !== 'duckdb');

/** A file system in memory if there is one with room: commits there do not wait for a disk. */
function fastFolder(): string {
  try {
    const { bavail, bsize } = fs.statfsSync('/dev/shm');
    fs.accessSync('/dev/shm', fs.constants.W_OK | fs.constants.X_OK);
    if (bavail * bsize >= MEMORY_FOLDER_BYTES) return '/dev/shm';
  } catch {
    // No such file system on this machine.
  }
  return os.tmpdir();
}

/** The connection to the database in memory; a new one if DuckDB was opened again. */
function memoryOf(workspace: Workspace): () => Promise<Engine> {
  let opened: { readonly engine: Engine; readonly connection: Promise<Engine> } | undefined;
  const open = async (engine: Engine): Promise<Engine> => {
    const connection = await forkWithMacros(engine);
    await connection.execute({ sql: renderStatement('test/attach_memory'), parameters: {} });
    await connection.execute({ sql: renderStatement('test/make_rows'), parameters: {} });
    return connection;
  };
  return async () => {
    const engine = await workspace.engine();
    if (opened?.engine !== engine) opened = { engine, connection: open(engine) };
    return opened.connection;
  };
}

function withSpecs(workspace: Workspace, project: ProjectSpec, specs: readonly ProcessSpec[]): Workspace {
  const own = {
    ...project,
    processes: project.processes.map(
      (spec) => specs.find((each) => each.processName === spec.processName) ?? spec,
    ),
  };
  return {
    ...workspace,
    project: own,
    ports: async (spec) => ({ ...(await workspace.ports(spec)), project: own }),
  };
}
