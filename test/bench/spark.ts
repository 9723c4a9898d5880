/**
 * Sessions on Spark beside the same sessions on DuckDB, beside the same append as somebody writes it by hand
 * in PySpark with write-audit-publish, and beside the least that Spark can be asked for those rows: one INSERT
 * in a session that is open. 1,000 and 100,000 new rows, or as many as are asked for, all programs warm. CPU
 * time is that of all that work: Spark's JVM, this process with its catalog, and Python.
 */
import type { TableMetadata } from '../../src/iceberg/table-metadata.ts';
import { openSparkSession, type SparkSession } from '../../src/workload/spark/connect/client.ts';
import { parseRemote } from '../../src/workload/spark/connect/remote.ts';
import { type SparkConnectServer, startSparkConnect } from '../interop/spark/connect.ts';
import type { OpenedProject } from '../support/open-project.ts';
import { tableId } from '../support/world.ts';
import { cpuNowMs, cpuOfProcessMs, ms, timingOf } from './measure.ts';
import { benchProject, SELECT_LIST } from './project.ts';
import { type PySpark, startPySpark } from './spark/pyspark.ts';

export interface Size {
  readonly rows: number;
  readonly runs: number;
}

/** Of 10,000,000 rows one landing takes minutes. */
const sizeOf = (rows: number): Size => ({ rows, runs: rows < 1_000_000 ? 5 : 3 });

/** `rows`: those that are asked for; none: so many that it is over in minutes where nothing else runs. */
export const sparkSizes = (rows: readonly number[]): readonly Size[] =>
  (rows.length === 0 ? [1000, 100_000] : rows).map(sizeOf);
/** Landings of so many rows each before anything is measured: Java compiles what is often run. */
const WARM: Size = { rows: 20_000, runs: 8 };

const BY_HAND = 'facts.event_fact_by_hand';
const ALONE = 'facts.event_fact_alone';

/** `ready`: awaited once all programs are warm. */
export async function sparkBench(
  sizes: readonly Size[] = sparkSizes([]),
  ready: () => Promise<void> = async () => undefined,
): Promise<string[]> {
  // Spark as it is by itself, but for a number of partitions that fits two cores.
  const settings = { 'spark.sql.shuffle.partitions': '2' };
  const spark = await startSparkConnect({ memory: '3g', optimizes: true, settings });
  const project = await benchProject({ spark: spark.remote });
  const { psyberg } = project;
  let byHand: PySpark | undefined;
  const alone = openSparkSession({ remote: parseRemote(spark.remote) });
  try {
    await project.land(1000, 0);
    await psyberg.run();
    await createLike(psyberg, 'facts.event_fact_spark', BY_HAND);
    byHand = await startPySpark({
      remote: spark.remote,
      settings: settingsOf(psyberg),
      source: 'raw.events',
      target: BY_HAND,
      select: SELECT_LIST,
    });
    await createLike(psyberg, 'facts.event_fact_spark', ALONE);
    await alone.configure({ ...settingsOf(psyberg), 'spark.sql.catalog.lake.cache-enabled': 'false' });
    const bench: Bench = { psyberg, spark, byHand, alone, hour: 0, land: project.land };
    await compared(bench, WARM);
    await ready();
    const lines: string[] = [];
    for (const size of sizes) lines.push(...linesOf(size, await compared(bench, size)));
    return lines;
  } finally {
    byHand?.close();
    await alone.close();
    await project.close();
    await spark.close();
  }
}

interface Bench {
  readonly psyberg: OpenedProject;
  readonly spark: SparkConnectServer;
  readonly byHand: PySpark;
  readonly alone: SparkSession;
  /** The newest that has landed. */
  hour: number;
  readonly land: (rows: number, hour: number) => Promise<void>;
}

/** The same table without rows, and without what psyberg writes into its properties. */
async function createLike(psyberg: OpenedProject, table: string, name: string): Promise<void> {
  const { client } = psyberg.internals;
  const { metadata } = (await client.loadTable(tableId(table))) as { metadata: TableMetadata };
  const kept = Object.entries(metadata.properties ?? {}).filter(([key]) => !key.startsWith('psyberg.'));
  await client.createTable(tableId(name), {
    schema: metadata.schemas[0] as TableMetadata['schemas'][number],
    partitionSpec: metadata['partition-specs'][0] as TableMetadata['partition-specs'][number],
    properties: { ...Object.fromEntries(kept), 'format-version': String(metadata['format-version']) },
  });
}

const settingsOf = ({ internals: { endpoint } }: OpenedProject): Record<string, string> => ({
  'spark.sql.session.timeZone': 'UTC',
  'spark.sql.catalog.lake': 'org.apache.iceberg.spark.SparkCatalog',
  'spark.sql.catalog.lake.type': 'rest',
  'spark.sql.catalog.lake.uri': endpoint.uri,
  'spark.sql.catalog.lake.token': endpoint.token,
  'spark.sql.catalog.lake.rest-metrics-reporting-enabled': 'false',
});

const PROGRAMS = ['spark', 'duckdb', 'byHand', 'alone'] as const;
type Program = (typeof PROGRAMS)[number];

interface Cost {
  readonly wallMs: number;
  readonly cpuMs: number;
}
interface Costs {
  readonly of: Readonly<Record<Program, readonly Cost[]>>;
  /** Of sessions on Spark, in seconds. */
  readonly stages: readonly Readonly<Record<string, number>>[];
}

/** Each program once a landing, in another order each time. */
async function compared(bench: Bench, { rows, runs }: Size): Promise<Costs> {
  const of: Record<Program, Cost[]> = { spark: [], duckdb: [], byHand: [], alone: [] };
  const stages: Readonly<Record<string, number>>[] = [];
  for (let run = 0; run < runs; run += 1) {
    bench.hour += 1;
    await bench.land(rows, bench.hour);
    const works: Record<Program, () => Promise<unknown>> = {
      spark: async () => stages.push(await session(bench, 'event_fact_on_spark', rows)),
      duckdb: () => session(bench, 'event_fact_load', rows),
      byHand: () => job(bench, rows),
      alone: () => insert(bench),
    };
    for (const [at] of PROGRAMS.entries()) {
      const program = PROGRAMS[(at + run) % PROGRAMS.length] as Program;
      of[program].push(await costOf(bench, works[program]));
    }
  }
  return { of, stages };
}

async function session({ psyberg }: Bench, name: string, rows: number): Promise<Record<string, number>> {
  const [record] = await psyberg.run([name]);
  if (record?.status !== 'published' || record.rows_written !== String(rows))
    throw new Error(`the session did not publish: ${JSON.stringify(record)}`);
  return record.seconds as unknown as Record<string, number>;
}

async function job({ byHand, hour }: Bench, rows: number): Promise<void> {
  const written = await byHand.append(hour);
  if (written !== rows) throw new Error(`PySpark has written ${written} rows of ${rows}`);
}

const insert = ({ alone, hour }: Bench): Promise<void> =>
  alone.execute({
    sql: `insert into lake.${ALONE} select ${SELECT_LIST} from lake.raw.events where landing_hour = ${hour}`,
    values: {},
  });

async function costOf({ spark, byHand }: Bench, work: () => Promise<unknown>): Promise<Cost> {
  const cpuMs = (): number => cpuNowMs() + cpuOfProcessMs(spark.pid) + cpuOfProcessMs(byHand.pid);
  const [startedMs, before] = [performance.now(), cpuMs()];
  await work();
  return { wallMs: performance.now() - startedMs, cpuMs: cpuMs() - before };
}

const NAMES: Readonly<Record<Program, string>> = {
  spark: 'session on Spark',
  duckdb: 'session on DuckDB',
  byHand: 'PySpark by hand',
  alone: 'INSERT on Spark alone',
};

function linesOf({ rows }: Size, { of, stages }: Costs): string[] {
  const median = (program: Program, cost: keyof Cost): number =>
    timingOf(of[program].map((each) => each[cost])).medianMs;
  const line = (program: Program): string => {
    const { medianMs, minMs } = timingOf(of[program].map(({ wallMs }) => wallMs));
    return `  ${NAMES[program].padEnd(22)}${ms(medianMs)} (${ms(minMs)} at best), CPU ${ms(median(program, 'cpuMs'))}`;
  };
  const times = (other: Program, one: Program = 'spark'): string =>
    `${(median(one, 'wallMs') / median(other, 'wallMs')).toFixed(2)} (CPU ${(median(one, 'cpuMs') / median(other, 'cpuMs')).toFixed(2)})`;
  const parts = ['init', 'load', 'audit', 'publish'].map(
    (part) => `${part} ${ms(timingOf(stages.map((each) => (each[part] ?? 0) * 1000)).medianMs)}`,
  );
  return [
    `${rows.toLocaleString('en')} rows of 9 columns, 3 % late, into hourly partitions; two audits; ${of.spark.length} runs`,
    ...PROGRAMS.map(line),
    `  on Spark              ${parts.join(', ')}`,
    `  times                 ${times('duckdb')} DuckDB's, ${times('byHand')} PySpark's; the INSERT alone ${times('duckdb', 'alone')} DuckDB's`,
  ];
}
