// Goal: what a session on Spark publishes is, for readers in Java, what the same session on DuckDB publishes:
// the files are taken over, and none of Spark's own snapshots. Method: twins, one on each engine; Apache
// Iceberg's own scans (incremental, changelog, filtered, metadata tables, row lineage) read both. Spark's
// manifests as they are would be wrong in four ways, and each of them has a test.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSparkSession, type SparkSession } from '../../src/workload/spark/connect/client.ts';
import { parseRemote } from '../../src/workload/spark/connect/remote.ts';
import { createWorld, hourAt, type ProcessFile, processFile, type World } from '../support/world.ts';
import { missingJava } from './java/java.ts';
import { type SparkConnectServer, startSparkConnect } from './spark/connect.ts';

const missing = await missingJava();
let spark: SparkConnectServer;
beforeAll(async () => {
  if (missing === undefined) spark = await startSparkConnect();
}, 600_000);
afterAll(() => spark?.close());

const ENGINES = ['duckdb', 'spark'] as const;
type Engine = (typeof ENGINES)[number];
const EVENTS = { table: 'raw.events', event_time: 'ts', alias: 'e' };
const COUNTS =
  "select date_trunc('hour', ts) as hour, count(*) as n, cast(sum(id) as bigint) as total from e group by 1";

interface Twin {
  readonly name: string;
  readonly header: Readonly<Record<string, unknown>>;
  readonly target: Readonly<Record<string, unknown>>;
  readonly sql: string;
  /** Default: the same text. */
  readonly spark?: string;
}
/** Merging from one manifest on: a writer that may merge does so with each commit. */
const MERGING = { 'commit.manifest.min-count-to-merge': '1' };
const HOURLY = { event_time: 'hour', partition_by: ['hour(hour)'] };
const TWINS: readonly Twin[] = [
  {
    name: 'appended',
    header: { pattern: 'stateless', sources: [EVENTS], audits: ['source_to_target_count'] },
    target: { event_time: 'ts', partition_by: ['hour(ts)', 'bucket(4, id)'] },
    sql: 'select id, ts, kind from e',
  },
  { name: 'counted', header: { pattern: 'stateful', sources: [EVENTS] }, target: HOURLY, sql: COUNTS },
  {
    name: 'whole',
    header: { pattern: 'stateful', sources: [EVENTS] },
    target: { event_time: 'hour' },
    sql: COUNTS,
  },
  {
    name: 'running',
    header: { pattern: 'dimension', sources: [EVENTS] },
    target: HOURLY,
    sql: "select $range_start at time zone 'UTC' as hour, cast((select coalesce(max(total), 0) from previous) + count(*) as bigint) as total from e",
    spark:
      'select $range_start as hour, cast((select coalesce(max(total), 0) from previous) + count(*) as bigint) as total from e',
  },
];

/** Each process on both engines, and one on DuckDB below each `counted`. */
const processes = (formatVersion: string): ProcessFile[] =>
  ENGINES.flatMap((engine) => [
    ...TWINS.map(({ name, header, target, sql, spark: onSpark = sql }) =>
      processFile(
        {
          ...header,
          engine,
          process_name: `${name}_${engine}`,
          target: {
            ...target,
            table: `facts.${name}_${engine}`,
            properties: { ...MERGING, 'format-version': formatVersion },
          },
        },
        engine === 'spark' ? onSpark : sql,
      ),
    ),
    processFile(
      {
        process_name: `below_${engine}`,
        pattern: 'stateful',
        sources: [{ table: `facts.counted_${engine}`, event_time: 'hour', alias: 'counted' }],
        target: { ...HOURLY, table: `facts.below_${engine}` },
      },
      'select hour, 2 * n as twice from counted',
    ),
  ]);

const events = (first: number, count: number, hour: number): string =>
  `select range as id, timestamptz '${hourAt(hour)}' + to_minutes(range % 60) as ts, range % 3 as kind from range(${first}, ${first + count})`;

/** Hours 0 to 3; late rows of hour 1; rows of every hour again, so that no file of the first load stays. */
async function play(formatVersion: string): Promise<World> {
  const world = await createWorld({
    processes: processes(formatVersion),
    catalog: { warehouse: 'warehouse' },
  });
  world.write(
    'psyberg.yaml',
    `name: world\ncatalog: { warehouse: warehouse }\nengines: { spark: { remote: "${spark.remote}" } }\n`,
  );
  await world.reopen();
  await world.create('raw.events', 'id bigint, ts timestamptz, kind bigint', { formatVersion });
  const every = (first: number): string =>
    [0, 1, 2, 3].map((hour) => events(first + hour * 10, 5, hour)).join(' union all ');
  for (const landing of [every(0), events(100, 3, 1), every(200)]) {
    await world.land('raw.events', landing);
    const records = await world.run();
    expect(records.map(({ error }) => error).filter(Boolean)).toEqual([]);
  }
  return world;
}

interface Lake {
  rows(sql: string): Promise<string[]>;
  execute(sql: string): Promise<void>;
  close(): Promise<void>;
}

/** A session of Spark that reads the tables themselves, as anybody's. */
async function openLake({ psyberg }: World): Promise<Lake> {
  const session: SparkSession = openSparkSession({ remote: parseRemote(spark.remote) });
  const { uri, token } = psyberg.internals.endpoint;
  await session.configure({
    'spark.sql.session.timeZone': 'UTC',
    'spark.sql.catalog.lake': 'org.apache.iceberg.spark.SparkCatalog',
    'spark.sql.catalog.lake.type': 'rest',
    'spark.sql.catalog.lake.uri': uri,
    'spark.sql.catalog.lake.token': token,
    'spark.sql.catalog.lake.cache-enabled': 'false',
  });
  return {
    async rows(sql) {
      const rows = await session.query({
        sql: `select to_json(struct(*)) as row from (${sql})`,
        values: {},
      });
      return rows.map(({ row }) => String(row)).sort();
    },
    execute: (sql) => session.execute({ sql, values: {} }),
    async close() {
      await session.close();
    },
  };
}

describe.skipIf(missing !== undefined).each(['2', '3'])(
  'in format version %s, readers in Java',
  (version) => {
    let world: World;
    let lake: Lake;
    beforeAll(async () => {
      world = await play(version);
      lake = await openLake(world);
    }, 600_000);
    afterAll(async () => {
      await lake?.close();
      await world?.close();
    });
    /** Published snapshots, oldest first. */
    const published = (name: string, engine: Engine) => world.history(`facts.${name}_${engine}`);
    /** The rows of a query on the twins, whose `TABLE` is that of each. */
    const onBoth = (name: string, sql: string): Promise<string[][]> =>
      Promise.all(
        ENGINES.map((engine) => lake.rows(sql.replaceAll('TABLE', `lake.facts.${name}_${engine}`))),
      );

    it('find the rows of both, under any filter that skips files', async () => {
      for (const { name } of TWINS) {
        const [onDuckDb, onSpark] = await onBoth(name, 'select * from TABLE');
        expect(onSpark, name).toEqual(onDuckDb);
        expect(onSpark?.length, name).toBeGreaterThan(0);
      }
      // A partition summary that leaves one out would hide its rows from a filter, and from nothing else.
      const rows = (await onBoth('appended', 'select id, ts from TABLE'))[1]?.map(
        (row) => JSON.parse(row) as { id: number; ts: string },
      );
      for (const { id, ts } of rows ?? [])
        expect(
          await lake.rows(`select id from lake.facts.appended_spark where id = ${id} and ts = '${ts}'`),
        ).toHaveLength(1);
      for (const name of ['counted', 'running'])
        for (const hour of [0, 1, 2, 3])
          expect(
            await lake.rows(
              `select hour from lake.facts.${name}_spark where hour = timestamp '${hourAt(hour)}'`,
            ),
          ).toHaveLength(1);
    });

    it('see of the changes of every session what it published, and no snapshot of Spark', async () => {
      for (const name of ['appended', 'counted', 'running']) {
        const of = { duckdb: await published(name, 'duckdb'), spark: await published(name, 'spark') };
        expect(of.spark).toHaveLength(3);
        for (const [at, { summary }] of of.spark.entries()) {
          const changed = ENGINES.map((engine) => changesOf(lake, `facts.${name}_${engine}`, of[engine], at));
          const [onDuckDb, onSpark] = await Promise.all(changed);
          expect(onSpark, `${name}, session ${at}`).toEqual(onDuckDb);
          const added = Number(summary?.['added-records']);
          expect(onSpark?.filter((row) => row.includes('INSERT')).length, name).toBeLessThanOrEqual(added);
          if (name === 'appended') expect(onSpark).toHaveLength(added);
          else expect(onSpark?.length).toBeGreaterThan(0);
        }
        const known = (await world.metadata(`facts.${name}_spark`)).snapshots?.map((each) =>
          String(each['snapshot-id']),
        );
        const named = await lake.rows(
          `select distinct cast(snapshot_id as string) as id from lake.facts.${name}_spark.all_entries`,
        );
        for (const row of named) expect(known).toContain((JSON.parse(row) as { id: string }).id);
      }
    });

    it('append scans see all rows that were appended, session by session', async () => {
      const sessions = await published('appended', 'spark');
      const begun = sessions[0]?.['parent-snapshot-id'];
      for (const [at, session] of sessions.entries()) {
        const from = sessions[at - 1]?.['snapshot-id'] ?? begun;
        await lake.execute(
          `create or replace temporary view appended using iceberg options (path 'lake.facts.appended_spark', 'start-snapshot-id' '${from}', 'end-snapshot-id' '${session['snapshot-id']}')`,
        );
        expect(await lake.rows('select * from appended')).toHaveLength(
          Number(session.summary?.['added-records']),
        );
      }
    });

    it('are told of removed files, also where a manifest has lost all of its files', async () => {
      for (const name of ['counted', 'whole', 'running']) {
        const counts = (engine: Engine) =>
          published(name, engine).then((all) =>
            all.map(({ summary }) =>
              [
                'added-data-files',
                'deleted-data-files',
                'added-records',
                'deleted-records',
                'total-records',
              ].map((key) => summary?.[key]),
            ),
          );
        expect(await counts('spark'), name).toEqual(await counts('duckdb'));
      }
      // Each of the first load's four files is gone, one with the second session.
      const removed = (await published('counted', 'spark')).map(
        ({ summary }) => summary?.['deleted-data-files'],
      );
      expect(removed).toEqual(['0', '1', '4']);
      const [onDuckDb, onSpark] = await onBoth('below', 'select * from TABLE');
      expect(onSpark).toEqual(onDuckDb);
      expect(await world.rows('select hour, twice from facts.below_spark')).toEqual(
        await world.rows('select hour, 2 * n as twice from facts.counted_spark'),
      );
    });

    it('find each file added once, whatever the table lets writers merge', async () => {
      for (const { name } of TWINS) {
        const entries = await onBoth(
          name,
          'select status, count(*) as files, sum(data_file.record_count) as n from TABLE.entries group by status',
        );
        expect(entries[1], name).toEqual(entries[0]);
      }
    });

    it.runIf(version === '3')('know each row by an id that stays', async () => {
      for (const { name } of TWINS) {
        const ids = await onBoth(name, 'select _row_id as id from TABLE');
        expect(ids[1], name).toEqual(ids[0]);
        expect(new Set(ids[1]).size).toBe(ids[1]?.length);
        expect(ids[1]?.join()).not.toContain('null');
        const numbers = await onBoth(name, 'select *, _last_updated_sequence_number as number from TABLE');
        expect(numbers[1], name).toEqual(numbers[0]);
        const lineage = async (engine: Engine) => {
          const { 'next-row-id': next } = await world.metadata(`facts.${name}_${engine}`);
          const snapshots = await published(name, engine);
          return [next, ...snapshots.map((each) => [each['first-row-id'], each['added-rows']])];
        };
        expect(await lineage('spark'), name).toEqual(await lineage('duckdb'));
      }
    });
  },
);

/** What a session has inserted and deleted, by Iceberg's changelog. */
async function changesOf(
  lake: Lake,
  table: string,
  sessions: Awaited<ReturnType<World['history']>>,
  at: number,
): Promise<string[]> {
  const to = sessions[at];
  const from = sessions[at - 1]?.['snapshot-id'] ?? to?.['parent-snapshot-id'];
  const view = table.replace('facts.', 'changes_of_');
  await lake.execute(
    `call lake.system.create_changelog_view(table => '${table}', changelog_view => '${view}', options => map('start-snapshot-id', '${from}', 'end-snapshot-id', '${to?.['snapshot-id']}'))`,
  );
  const rows = await lake.rows(`select * except (_change_ordinal, _commit_snapshot_id) from ${view}`);
  return rows;
}
