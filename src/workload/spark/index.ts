/**
 * Apache Spark as the engine that works on rows: it reads the session's catalog and writes data files. What
 * it commits stays in the session's view; its files are taken over, and the snapshot that adopts them is
 * composed as any other. Rows that are carried over are DuckDB's work: in format version 3 they keep ids that
 * Spark's INSERT cannot name.
 */
import { randomUUID } from 'node:crypto';
import type { CatalogClient } from '../../catalog/client/catalog-client.ts';
import type { Collected } from '../../catalog/index.ts';
import { hoursTable, type LookRows, previousTable, SPARK } from '../../compile/index.ts';
import type { BoundStatement, Engine, ResultRows } from '../../engine/index.ts';
import { isLocalFile } from '../../files/local.ts';
import { removeFile } from '../../files/remove.ts';
import { mainSnapshot } from '../../iceberg/history.ts';
import type { Snapshot } from '../../iceberg/table-metadata.ts';
import { patternOf } from '../../kinds/patterns/index.ts';
import { columnTypeText } from '../../model/column-type.ts';
import { PsybergError } from '../../model/errors.ts';
import { plainPath } from '../../model/plain-path.ts';
import type { InsertStep } from '../../model/step.ts';
import { statement, userQueryFragment } from '../../statements/index.ts';
import { dataFilesOf } from '../../tables/read/data-files.ts';
import { liveManifestsOf, type ManifestRow } from '../../tables/read/manifest-list.ts';
import { metadataPath } from '../../tables/write/new-files.ts';
import { checksumOf, removeCollected, takeOverFiles } from '../../tables/write/take-over.ts';
import { type AnsweredRows, askedAhead } from '../asked-ahead.ts';
import { bindStep } from '../bind-step.ts';
import type {
  AskedStep,
  CountedManifest,
  CountedRow,
  StagedCount,
  StagingTarget,
  Work,
  Workload,
} from '../port.ts';
import { halvesOnSpark, hourOnSpark } from './compare-rows.ts';
import { columnTypeOf } from './connect/types.ts';
import { createFromColumns } from './create-target.ts';
import { columnsResolved, type DescribedQuery, describedOnSpark } from './describe.ts';
import { rowOfJson } from './json-rows.ts';
import type { SparkOptions } from './open-sessions.ts';
import { placedAuditError, placedError } from './placed.ts';
import { type AttachedSpark, attachableSpark } from './session.ts';

export interface SparkWorkloadOptions extends SparkOptions {
  readonly engine: Engine;
  readonly catalog: CatalogClient;
  /** DuckDB's, for what stays its work. */
  readonly duckdb: Workload;
  /** Has a function called with each interrupt, until the one that it returns is called. */
  readonly onInterrupt: (stop: () => void) => () => void;
}

export function sparkWorkload(options: SparkWorkloadOptions): Workload {
  const { engine, duckdb } = options;
  const collected: Collected = { metadata: undefined };
  const spark = attachableSpark(options, collected);
  const staging: Staging = { spark, engine, collected, inserts: { done: 0 } };
  let release: (() => void) | undefined;
  const asked = askedAhead((step, keptRows) => answerOf(spark, step, keptRows));
  const described = describing(spark, options.catalog);
  return {
    isElsewhere: true,
    dialect: SPARK,
    collected,
    outside: { id: spark.id, end: (id) => heard(options, spark, () => spark.end(id)) },
    beside: {
      columns: (work, query) => columnsResolved(spark, work, query),
      execute: (insert) => committed(staging, insert),
      query: spark.query,
    },
    async attach(catalog) {
      collected.metadata = undefined;
      staging.inserts.done = 0;
      described.forget();
      void asked.forget();
      release?.();
      release = options.onInterrupt(spark.interrupt);
      await duckdb.attach(catalog);
      await spark.attach(catalog);
    },
    async detach() {
      await spark.detach();
      release?.();
      await duckdb.detach();
    },
    ...described.answers,
    ...hourByHour(staging, duckdb),
    stage: (work, step, to) =>
      step.kind === 'carry-over' ? duckdb.stage(work, step, to) : stageRows(staging, work, step, to),
    ahead: asked.begin,
    countAhead: (step) => asked.begin([step], 0),
    count: async (step) => {
      const rows = (await asked.answer(step, 0)) as CountedRow[];
      return rows.map((row) => ({ ...row, path: plainPath(row.path ?? '') }));
    },
    countStaged: async (step) => (await asked.answer(step, 0))[0] as unknown as StagedCount,
    audit: asked.answer,
    look: (rows, onStep) => lookAt(staging, rows, onStep),
    lookForNothing: async (step) => (await spark.query(bindStep(step, {}))).map(({ alias }) => String(alias)),
    placed: placedError,
    placedInAudit: (work, audit, _columns, error) => placedAuditError(work, audit, error),
    resume() {
      spark.resume();
      duckdb.resume();
    },
  };
}

type OfQuery = Pick<Workload, 'describe' | 'create' | 'compareHalves' | 'compareHour' | 'shape'>;

/** What is answered by what Spark says of the process's query: it is asked once a session. */
function describing(
  spark: AttachedSpark,
  catalog: CatalogClient,
): { readonly answers: OfQuery; readonly forget: () => void } {
  let known: Promise<DescribedQuery> | undefined;
  const describe = (work: Work): Promise<DescribedQuery> => {
    known = describedOnSpark(spark, work);
    return known;
  };
  const described = (work: Work): Promise<DescribedQuery> => known ?? describe(work);
  return {
    forget() {
      known = undefined;
    },
    answers: {
      describe: async (work) => [...(await describe(work)).columns],
      create: async (work) => createFromColumns(catalog, work.spec, (await described(work)).columns),
      async compareHalves(work, target) {
        const { columns, isOfRowsAlone } = await described(work);
        return isOfRowsAlone ? undefined : halvesOnSpark(spark, work, target, columns);
      },
      async compareHour(work, target, again) {
        const { columns } = await described(work);
        return hourOnSpark(spark, work, target, { again, columns });
      },
      async shape(work, targetColumns) {
        const columns = [...(await describe(work)).columns];
        const has = new Set(targetColumns.map((name) => name.toLowerCase()));
        return { columns, fitsTarget: columns.every(({ name }) => has.has(name.toLowerCase())) };
      },
    },
  };
}

/** What an interrupt ends that comes while no catalog is attached. */
async function heard<Answer>(
  { onInterrupt }: SparkWorkloadOptions,
  { interrupt }: AttachedSpark,
  work: () => Promise<Answer>,
): Promise<Answer> {
  const unheard = onInterrupt(interrupt);
  return work().finally(unheard);
}

/** The hours of a process that reads its own result: Spark computes them, and DuckDB compares. */
function hourByHour(
  staging: Staging,
  duckdb: Workload,
): Pick<Workload, 'compute' | 'isUnchanged' | 'differing'> {
  const { engine, collected } = staging;
  return {
    async compute(step, fromRun) {
      if (step.kind !== 'compute-hour') return 0n;
      const before = addedRecords(collected);
      await committed(staging, bindStep(step, fromRun));
      return addedRecords(collected) - before;
    },
    async isUnchanged(work, step) {
      const added = snapshotOf(collected)?.['snapshot-id'];
      // The hour is what Spark has committed last.
      await showComputed(engine, work, collected, (manifest) => manifest.added_snapshot_id === added);
      return duckdb.isUnchanged(work, step);
    },
    async differing(work, step, fromRun) {
      await showComputed(engine, work, collected);
      return duckdb.differing(work, step, fromRun);
    },
  };
}

/** Rows that a step selects: of an audit in the words of JSON. */
const answerOf = (spark: AttachedSpark, step: AskedStep, keptRows: number): Promise<AnsweredRows> =>
  step.kind === 'audit'
    ? asObjects(spark, bindStep(step, { 'kept-rows': keptRows }))
    : spark.query(bindStep(step, {}));

interface Staging {
  readonly spark: AttachedSpark;
  readonly engine: Engine;
  readonly collected: Collected;
  /** Whose commits were seen, since the session was opened. */
  readonly inserts: { done: number };
}

/** Has Spark write the rows, unless it has hour by hour, and takes its files over. */
async function stageRows(
  staging: Staging,
  work: Work,
  step: InsertStep,
  { metadata, owner }: StagingTarget,
): Promise<CountedManifest | undefined> {
  const { engine, collected, inserts } = staging;
  if (!patternOf(work.spec).readsPrevious) await committed(staging, bindStep(step, {}));
  const late = commitsOf(collected) - inserts.done;
  if (late !== 0) throw otherCommits(late + 1);
  const { metadata: written } = collected;
  if (written === undefined) return undefined;
  const taken = await takeOverFiles(engine, written, {
    destination: metadataPath(metadata, `${randomUUID()}-m0`, owner),
    eventTime: work.spec.target.eventTime,
  });
  await removeCollected(engine, written);
  if (taken === undefined) return undefined;
  // Beside data files on a local disk; elsewhere there are none.
  for (const path of taken.paths) if (isLocalFile(path)) removeFile(checksumOf(path));
  return { manifest: taken.manifest, written: taken.counts };
}

/**
 * Has Spark run an insert, and sees its commit: there is one also of no row. Without one its rows went
 * elsewhere, and would be missing without a word; with two they would be there twice.
 */
async function committed({ spark, collected, inserts }: Staging, insert: BoundStatement): Promise<void> {
  const before = snapshotOf(collected)?.['snapshot-id'];
  await spark.execute(insert);
  const isOnMain = snapshotOf(collected)?.['snapshot-id'] !== before;
  const made = isOnMain ? commitsOf(collected) - inserts.done : 0;
  if (made !== 1) throw otherCommits(made);
  inserts.done += 1;
}

const commitsOf = ({ metadata }: Collected): number => metadata?.snapshots?.length ?? 0;

const otherCommits = (made: number): PsybergError =>
  new PsybergError(
    'spark-failed',
    `Spark has run an insert, and ${made === 0 ? 'no commit' : `${made} commits`} of it came to the session`,
    {
      hint: 'look whether settings of that Spark send what is written elsewhere, as spark.wap.id does; nothing was published',
    },
  );

/**
 * Shows DuckDB the rows of the hours that were computed so far, in the place of those that it computes.
 * `isShown`: default every manifest; each commit of Spark has one of its own.
 */
async function showComputed(
  engine: Engine,
  { spec }: Work,
  collected: Collected,
  isShown: (manifest: ManifestRow) => boolean = () => true,
): Promise<void> {
  const snapshot = snapshotOf(collected);
  const manifests = snapshot === undefined ? [] : (await liveManifestsOf(engine, snapshot)).filter(isShown);
  const paths = manifests.map(({ manifest_path: path }) => path);
  const ofNoTime = { column: undefined, statuses: [1] };
  const listed = paths.length === 0 ? [] : await dataFilesOf(engine, paths, ofNoTime);
  const files = listed.map(({ path }) => plainPath(path));
  const hours = hoursTable;
  if (files.length > 0) await engine.execute(statement('spark/hours_on_spark', { hours }), { files });
  else await engine.execute(statement('compile/begin_hours', { hours, target: previousTable(spec) }));
}

const snapshotOf = ({ metadata }: Collected): Snapshot | undefined =>
  metadata === undefined ? undefined : mainSnapshot(metadata);

/** Rows that all commits to the collected table have added. */
const addedRecords = ({ metadata }: Collected): bigint =>
  (metadata?.snapshots ?? []).reduce((sum, { summary }) => sum + BigInt(summary?.['added-records'] ?? 0), 0n);

/** The rows of a query as objects, in the words of JSON. */
async function asObjects(
  spark: AttachedSpark,
  bound: ReturnType<typeof bindStep>,
): Promise<Record<string, unknown>[]> {
  const { sql } = statement('spark/as_json', { query: userQueryFragment(bound.sql) });
  const rows = await spark.query({ ...bound, sql });
  return rows.map(({ psyberg_row: row }) => rowOfJson(String(row)));
}

async function lookAt(
  staging: Staging,
  { before, rows }: LookRows,
  onStep: (name: string) => void,
): Promise<ResultRows> {
  const { spark } = staging;
  for (const each of before) {
    onStep(each.name);
    await committed(staging, bindStep(each, {}));
  }
  const bound = bindStep(rows, {});
  const described = await spark.columns(bound);
  const columns = described.map(({ name, type }) => ({ name, type: columnTypeText(columnTypeOf(type)) }));
  const twice = columns.find(({ name }, index) => columns.findIndex((each) => each.name === name) !== index);
  if (twice !== undefined)
    throw new PsybergError('sql-failed', `the query returns two columns named ${twice.name}`, {
      hint: 'give one of them another name',
      kind: 'usage',
    });
  const objects = await asObjects(spark, bound);
  return {
    columns,
    rows: objects.map((row) => columns.map(({ name }) => row[name] ?? null)),
    toObjects: () => objects,
  };
}
