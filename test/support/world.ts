/**
 * A temporary project on real DuckDB and Iceberg: raw tables, landings by SQL, runs, and looks at what they
 * left. Processes as data -> World. `close` removes everything.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ancestors, mainSnapshot } from '../../src/iceberg/history.ts';
import type { Snapshot, TableIdentifier, TableMetadata } from '../../src/iceberg/table-metadata.ts';
import type { TableUpdate } from '../../src/iceberg/table-update.ts';
import type { ExplainedPlan, OpenOptions, RunRecord, RunRequest } from '../../src/index.ts';
import { composeFilesInto, type FileChange } from './file-change.ts';
import type { ObjectStore } from './moto.ts';
import { type OpenedProject, open } from './open-project.ts';

/** A process file: its header as data, and its SQL. */
export interface ProcessFile {
  readonly header: { readonly process_name: string } & Readonly<Record<string, unknown>>;
  readonly sql: string;
}

export const processFile = (header: ProcessFile['header'], sql: string): ProcessFile => ({ header, sql });

/** The day of all tests. */
const DAY_MS = Date.UTC(2023, 8, 14);
/** `2023-09-14T05:00:00Z` for 5; other days for hours below 0 or above 23. */
export const hourAt = (hour: number): string =>
  `${new Date(DAY_MS + hour * 3_600_000).toISOString().slice(0, 19)}Z`;
/** The same instant in ms since 1970. */
export const msAt = (hour: number): number => DAY_MS + hour * 3_600_000;
/** The hours of a plan as counts from midnight of the day: the inverse of {@link hourAt}. */
export const hourNumbers = (hours: readonly (string | { readonly hour: string })[]): number[] =>
  hours.map((each) => (Date.parse(typeof each === 'string' ? each : each.hour) - DAY_MS) / 3_600_000);

export interface World {
  readonly root: string;
  readonly warehouse: string;
  readonly psyberg: OpenedProject;
  /** The clock of the sessions, in ms; undefined: the real one. */
  nowMs: number | undefined;
  sql(query: string): Promise<Record<string, unknown>[]>;
  /** Creates a table. `partitionedBy` as DuckDB writes it: `hour(ts), bucket(4, id)`. */
  create(
    table: string,
    columns: string,
    options?: { readonly partitionedBy?: string; readonly formatVersion?: string },
  ): Promise<void>;
  /** One commit: what `select` returns is appended. */
  land(table: string, select: string, by?: 'position' | 'name'): Promise<void>;
  run(names?: readonly string[], request?: RunRequest): Promise<RunRecord[]>;
  /** Runs one process and expects it to publish. */
  publish(name: string): Promise<RunRecord>;
  plan(name: string): Promise<ExplainedPlan>;
  /** The rows of a query as sorted texts: multisets compare as arrays. */
  rows(query: string): Promise<string[]>;
  metadata(table: string): Promise<TableMetadata>;
  /** The history of `main`, oldest first, without the empty snapshot with which a target begins. */
  history(table: string): Promise<Snapshot[]>;
  commit(table: string, updates: readonly TableUpdate[]): Promise<void>;
  /** Moves `main` to another snapshot, as a rollback does. */
  rollback(table: string, snapshotId: bigint): Promise<void>;
  /** Removes snapshots from the metadata, as an expiry does. */
  expire(table: string, snapshotIds: readonly bigint[]): Promise<void>;
  /**
   * One commit that takes files out and puts rows in: an overwrite, a delete of whole files, or a compaction.
   */
  changeFiles(table: string, change: FileChange): Promise<void>;
  /** Branches other than main, of all tables, and folders of sessions. */
  leftovers(): Promise<string[]>;
  /** Adds or replaces a file of the project; takes effect with {@link reopen}. */
  write(path: string, text: string): void;
  writeProcess(process: ProcessFile): void;
  reopen(options?: OpenOptions): Promise<void>;
  close(): Promise<void>;
}

export interface WorldOptions {
  /** What psyberg.yaml says under `catalog`; default: the embedded catalog in the folder `warehouse`. */
  readonly catalog?: Readonly<Record<string, unknown>>;
  /** Another folder as the warehouse of the embedded catalog; whoever names it removes it. */
  readonly warehouse?: string;
  readonly processes?: readonly ProcessFile[];
  readonly files?: Readonly<Record<string, string>>;
  readonly open?: OpenOptions;
}

/** Where worlds have their warehouses that name none; undefined: in their own folders. */
let storeOfWorlds: ObjectStore | undefined;
let worldsInStore = 0;
/** The store of all worlds, where they are in one. */
export const storeOfAllWorlds = (): ObjectStore | undefined => storeOfWorlds;

/** From now on worlds that name neither catalog nor warehouse have theirs in a bucket of the store. */
export async function putWorldsInto(store: ObjectStore): Promise<void> {
  await store.makeBucket('worlds');
  storeOfWorlds = store;
}

function placedInStore(options: WorldOptions): WorldOptions {
  if (storeOfWorlds === undefined || options.catalog !== undefined || options.warehouse !== undefined)
    return options;
  worldsInStore += 1;
  const warehouse = `s3://worlds/${worldsInStore}`;
  return {
    ...options,
    warehouse,
    catalog: { warehouse, state: '.psyberg', storage: storeOfWorlds.settings },
  };
}

/** `a.b` as an identifier. */
export function tableId(name: string): TableIdentifier {
  const parts = name.split('.');
  return { namespace: parts.slice(0, -1), name: parts.at(-1) as string };
}

/** A world that is closed when the running test ends. */
export async function worldForTest(options: WorldOptions = {}): Promise<World> {
  const world = await createWorld(options);
  onTestFinished(() => world.close());
  return world;
}

export async function createWorld(asked: WorldOptions = {}): Promise<World> {
  const options = placedInStore(asked);
  const root = mkdtempSync(join(tmpdir(), 'psyberg-world-'));
  const warehouse = options.warehouse ?? join(root, 'warehouse');
  const columnsOf = new Map<string, string>();
  const ofVersion1 = new Set<string>();
  let psyberg: OpenedProject;
  let auxiliary = 0;

  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  const writeProcess = ({ header, sql }: ProcessFile): void =>
    write(
      `processes/${header.process_name}.sql`,
      `/*---\n${JSON.stringify(header, undefined, 2)}\n---*/\n${sql}\n`,
    );
  write(
    'psyberg.yaml',
    `name: world\ncatalog: ${JSON.stringify(options.catalog ?? { warehouse: options.warehouse ?? 'warehouse' })}\n`,
  );
  mkdirSync(join(root, 'processes'), { recursive: true });
  for (const process of options.processes ?? []) writeProcess(process);
  for (const [path, text] of Object.entries(options.files ?? {})) write(path, text);

  const world: World = {
    root,
    warehouse,
    get psyberg() {
      return psyberg;
    },
    nowMs: undefined,
    write,
    writeProcess,
    async sql(query) {
      return (await psyberg.sql(query)).toObjects();
    },
    async create(table, columns, { partitionedBy, formatVersion = '2' } = {}) {
      await psyberg.internals.client.createNamespace(tableId(table).namespace);
      const layout = `(${columns})${partitionedBy === undefined ? '' : ` partitioned by (${partitionedBy})`} with ('format-version' = '${formatVersion}')`;
      columnsOf.set(table, layout);
      if (formatVersion === '1') ofVersion1.add(table);
      await world.sql(`create table ${table} ${layout}`);
    },
    async land(table, select, by = 'position') {
      // DuckDB's second INSERT into a table of version 1 is refused: there it hides earlier files from others.
      if (ofVersion1.has(table) && (await world.history(table)).length > 0)
        return world.changeFiles(table, { operation: 'append', insert: select });
      await world.sql(`insert into ${table} ${by === 'name' ? 'by name ' : ''}${select}`);
    },
    run: (names, request) => psyberg.run(names, request),
    async publish(name) {
      const [record] = await psyberg.run([name]);
      if (record?.status !== 'published')
        throw new Error(`expected ${name} to publish, found ${JSON.stringify(record, undefined, 1)}`);
      return record;
    },
    async plan(name) {
      const [plan] = await psyberg.plan([name]);
      return plan as ExplainedPlan;
    },
    async rows(query) {
      const { rows } = await psyberg.sql(query);
      return rows
        .map((row) =>
          JSON.stringify(row, (_key, value) => (typeof value === 'bigint' ? String(value) : value)),
        )
        .sort();
    },
    async metadata(table) {
      const loaded = await psyberg.internals.client.loadTable(tableId(table));
      if (loaded === undefined) throw new Error(`no table ${table}`);
      return loaded.metadata;
    },
    async history(table) {
      const metadata = await world.metadata(table);
      return [...ancestors(metadata, mainSnapshot(metadata))]
        .filter(({ summary }) => summary?.['psyberg.initial-branch'] === undefined)
        .reverse();
    },
    async commit(table, updates) {
      await psyberg.internals.client.commitTable(tableId(table), { requirements: [], updates });
    },
    rollback: (table, snapshotId) =>
      world.commit(table, [
        { action: 'set-snapshot-ref', 'ref-name': 'main', type: 'branch', 'snapshot-id': snapshotId },
      ]),
    expire: (table, snapshotIds) =>
      world.commit(table, [{ action: 'remove-snapshots', 'snapshot-ids': snapshotIds }]),
    async changeFiles(table, change) {
      let added: TableMetadata | undefined;
      if (change.insert !== undefined) {
        auxiliary += 1;
        const name = `${tableId(table).namespace.join('.')}.auxiliary_${auxiliary}`;
        // A target was made by its process: a table of its layout is enough where it has no partitions.
        await world.sql(
          columnsOf.has(table)
            ? `create table ${name} ${columnsOf.get(table)}`
            : `create table ${name} with ('format-version' = '2') as from ${table} with no data`,
        );
        await world.land(name, change.insert);
        added = await world.metadata(name);
        // Without purge: the files belong to the other table now.
        await psyberg.internals.client.dropTable(tableId(name), { purge: false });
      }
      await composeFilesInto({
        engine: await psyberg.internals.engine(),
        client: psyberg.internals.client,
        table: tableId(table),
        change,
        added,
      });
    },
    async leftovers() {
      const found: string[] = [];
      const { client } = psyberg.internals;
      for (const namespace of await client.listNamespaces())
        for (const id of await client.listTables(namespace)) {
          const refs = (await client.loadTable(id))?.metadata.refs ?? {};
          found.push(
            ...Object.entries(refs)
              .filter(([ref, { type }]) => ref !== 'main' && type === 'branch')
              .map(([ref]) => `${id.name}@${ref}`),
          );
        }
      const sessions = join(options.catalog === undefined ? warehouse : root, '.psyberg', 'sessions');
      return [...found, ...(existsSync(sessions) ? readdirSync(sessions) : [])];
    },
    async reopen(openOptions = options.open ?? {}) {
      await psyberg?.close();
      psyberg = await open({ project: root, now: () => world.nowMs ?? Date.now(), ...openOptions });
    },
    async close() {
      await psyberg.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
  await world.reopen();
  return world;
}
