/** Statements of Spark on the tables of a history. */
import { rmSync } from 'node:fs';
import type { SparkSession } from '../../../src/workload/spark/connect/client.ts';
import type { World } from '../../support/world.ts';
import { hourAt } from '../../support/world.ts';
import { sparkSessionOn } from '../spark/session-on.ts';
import type { Operation, Time } from './history.ts';

export interface SparkOn {
  readonly session: SparkSession;
  run(sql: string): Promise<void>;
  query(sql: string): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

export async function sparkOn(world: World): Promise<SparkOn> {
  const session = await sparkSessionOn(world, {
    'spark.sql.parquet.outputTimestampType': 'TIMESTAMP_MICROS',
  });
  return {
    session,
    run: (sql) => session.execute({ sql, values: {} }),
    query: (sql) => session.query({ sql, values: {} }),
    async close() {
      await session.close();
    },
  };
}

const SPARK_TYPE: Readonly<Record<Time, string>> = {
  timestamptz: 'timestamp',
  timestamp: 'timestamp_ntz',
  date: 'date',
  epoch_ms: 'bigint',
};

function timeOf(time: Time, ms: number | null): string {
  if (ms === null) return `cast(null as ${SPARK_TYPE[time]})`;
  const text = new Date(ms).toISOString();
  return {
    timestamptz: `timestamp '${text}'`,
    timestamp: `timestamp_ntz '${text.slice(0, 19)}'`,
    date: `date '${text.slice(0, 10)}'`,
    epoch_ms: `${ms}L`,
  }[time];
}

const text = (value: unknown): string =>
  value === null || value === undefined ? 'cast(null as string)' : `'${value}'`;

export interface Statements {
  readonly operation: Operation;
  readonly table: string;
  readonly time: Time;
  readonly version: string;
}

export async function applySpark(
  spark: SparkOn,
  { operation, table, time, version }: Statements,
): Promise<void> {
  const rows = (operation['rows'] ?? []) as readonly [number, number | null, string | null, number | null][];
  const values = rows.map(
    ([id, ms, k, v]) => `(${id}L, ${timeOf(time, ms)}, ${text(k)}, ${v === null ? 'cast(null as int)' : v})`,
  );
  const query = `select * from values ${values.join(', ')} as r(id, ts, k, v)`;
  const columns = async (): Promise<string> =>
    (await spark.session.columns({ sql: `select * from lake.${table}`, values: {} }))
      .map(({ name }) => (['id', 'ts', 'k', 'v'].includes(name) ? name : `null as ${name}`))
      .join(', ');
  const snapshots = async (): Promise<string[]> =>
    (
      await spark.query(
        `select cast(snapshot_id as string) as id from lake.${table}.snapshots order by committed_at`,
      )
    ).map(({ id }) => String(id));
  const ancestors = async (): Promise<string[]> =>
    (
      await spark.query(
        `select cast(snapshot_id as string) as id from lake.${table}.history where is_current_ancestor order by made_current_at desc`,
      )
    ).map(({ id }) => String(id));
  const moment = (ms: number) => timeOf(time, ms);
  const filled = async (statement: string): Promise<string> => {
    let made = (version === '1' ? statement.replaceAll('merge-on-read', 'copy-on-write') : statement)
      .replaceAll('{version}', version)
      .replaceAll('{later}', time === 'epoch_ms' ? 'ts + 3600000' : 'ts + interval 1 hour');
    for (const [whole, kind, one, two, three] of made.matchAll(
      /\{(hours|snapshot|back) (\d+)(?: (\d+) (\d+))?\}/g,
    )) {
      const [x, y, z] = [Number(one), Number(two), Number(three)];
      const all = kind === 'hours' ? [] : kind === 'snapshot' ? await snapshots() : await ancestors();
      const from = Date.parse(hourAt(x)) + z * 1000;
      made = made.replace(
        whole,
        kind === 'hours'
          ? `ts >= ${moment(from)} and ts < ${moment(from + y * 3_600_000)}`
          : (all[kind === 'snapshot' ? x % Math.max(1, all.length) : Math.min(x, all.length - 1)] ?? '0'),
      );
    }
    if (made.includes('{fullrows}'))
      made = made.replace('{fullrows}', `select ${await columns()} from (${query})`);
    return made.replaceAll('{rows}', query).replaceAll('{t}', `lake.${table}`).replaceAll('{name}', table);
  };
  try {
    for (const statement of operation['statements'] as string[]) await spark.run(await filled(statement));
  } catch (error) {
    for (const statement of (operation['anyway'] ?? []) as string[]) await spark.run(statement);
    await spark.run('set spark.sql.sources.partitionOverwriteMode=static');
    throw error;
  }
}

/** The rows as Spark reads them, in a folder of Parquet. */
export async function readBySpark(spark: SparkOn, table: string, to: string): Promise<string[]> {
  rmSync(to, { recursive: true, force: true });
  await spark.run(
    `insert overwrite directory '${to}' using parquet select /*+ coalesce(1) */ * from lake.${table}`,
  );
  return (await spark.session.columns({ sql: `select * from lake.${table}`, values: {} })).map(
    ({ name }) => name,
  );
}
