/**
 * The project that the benchmarks run on: events of 9 columns, landing by the hour, 3 % of them up to ten
 * hours late.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type OpenedProject, open } from '../support/open-project.ts';
import { startLander } from './lander.ts';

export interface BenchProject {
  readonly root: string;
  readonly psyberg: OpenedProject;
  /** Lands `rows` events in hour `hour` (hours since the first one). */
  land(rows: number, hour: number): Promise<void>;
  /** The data files of one landing hour. */
  landedFiles(hour: number): string[];
  close(): Promise<void>;
}

const FIRST_HOUR = '2023-09-14';

export const PROCESS = `/*---
process_name: event_fact_load
pattern: stateless
sources:
  - table: raw.events
    event_time: event_ts
target:
  table: facts.event_fact
  event_time: event_ts
  partition_by: [hour(event_ts)]
audits:
  - source_to_target_count
  - not_null: { columns: [event_id, event_ts] }
---*/
`;

/** The business logic of the benchmark: the same text runs in a session and in a plain COPY. */
export const SELECT_LIST =
  'event_id, event_ts, account_id, upper(country) as country, plan, device, amount * 1.19 as amount_gross, session_key, payload';

/** Columns of the landed events. */
export const EVENT_COLUMNS =
  'event_id bigint, event_ts timestamptz, account_id bigint, country varchar, plan varchar, device varchar, amount double, session_key varchar, payload varchar, landing_hour int';

/** Lands the rows with these numbers. `hour`: SQL of the row's number `i`, hours since the first one. */
export function eventRows({
  from,
  to,
  hour,
}: {
  readonly from: number;
  readonly to: number;
  readonly hour: string;
}): string {
  // Hashes of the row's number and no random(): every run of the benchmark writes the same rows.
  return `insert into raw.events
    select
      i as event_id,
      timestamptz '${FIRST_HOUR}' + to_hours(((${hour}) - case when hash(i) % 100 < 3 then (hash(i, 1) % 10)::int + 1 else 0 end)::int) + to_microseconds((hash(i, 2) % 3600000000)::bigint) as event_ts,
      (hash(i, 3) % 500000)::bigint as account_id,
      ['us', 'de', 'in', 'br', 'jp'][(hash(i, 4) % 5)::int + 1] as country,
      ['basic', 'standard', 'premium'][(hash(i, 5) % 3)::int + 1] as plan,
      ['tv', 'phone', 'tablet', 'web'][(hash(i, 6) % 4)::int + 1] as device,
      (hash(i, 7) % 2000)::double / 100 as amount,
      md5(i::varchar) as session_key,
      'campaign=' || (hash(i, 8) % 1000) || '&referrer=' || (hash(i, 9) % 100000) as payload,
      (${hour})::int as landing_hour
    from range(${from}, ${to}) as t(i)`;
}

/** The same process on Spark, with a target of its own. */
const ON_SPARK = PROCESS.replace('event_fact_load', 'event_fact_on_spark')
  .replace('pattern:', 'engine: spark\npattern:')
  .replace('facts.event_fact\n', 'facts.event_fact_spark\n');

interface BenchProjectOptions {
  /** Its address, where the process is to be there a second time, on Spark. */
  readonly spark?: string;
  /** Another program lands, as it mostly is. */
  readonly landedByAnother?: boolean;
}

export async function benchProject({
  spark,
  landedByAnother = false,
}: BenchProjectOptions = {}): Promise<BenchProject> {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'psyberg-bench-'));
  fs.mkdirSync(path.join(root, 'processes'));
  const engines = spark === undefined ? '' : `engines: { spark: { remote: "${spark}" } }\n`;
  const yaml = `name: bench\ncatalog:\n  warehouse: warehouse\n${engines}`;
  fs.writeFileSync(path.join(root, 'psyberg.yaml'), yaml);
  const write = (name: string, header: string): void =>
    fs.writeFileSync(
      path.join(root, 'processes', `${name}.sql`),
      `${header}select ${SELECT_LIST}\nfrom events\n`,
    );
  write('event_fact_load', PROCESS);
  if (spark !== undefined) write('event_fact_on_spark', ON_SPARK);
  const psyberg = await open({ project: root });
  await psyberg.sql('create schema if not exists raw');
  await psyberg.sql(
    `create table raw.events (${EVENT_COLUMNS}) partitioned by (landing_hour) with ('format-version' = '2')`,
  );
  const lander = landedByAnother ? startLander(root) : undefined;
  let next = 0;
  return {
    root,
    psyberg,
    async land(rows, hour) {
      await (lander ?? psyberg).sql(eventRows({ from: next, to: next + rows, hour: String(hour) }));
      next += rows;
    },
    landedFiles(hour) {
      const folder = path.join(root, 'warehouse', 'raw', 'events', 'data', `landing_hour=${hour}`);
      return fs.readdirSync(folder).map((file) => path.join(folder, file));
    },
    async close() {
      await lander?.close();
      await psyberg.close();
      fs.rmSync(root, { recursive: true, force: true });
    },
  };
}

const COUNTS = `/*---
process_name: count_load
pattern: stateful
sources: [{ table: raw.events, event_time: ts }]
target: { table: facts.counts, event_time: h, partition_by: [hour(h)] }
---*/
select date_trunc('hour', ts) as h, count(*) as n, sum(id) as ids from events group by 1
`;

export interface CountsProject {
  readonly psyberg: OpenedProject;
  /** Lands `rows` events; `hour` is SQL of the row's number `i`, hours since 2020. */
  landHours(rows: number, hour: string): Promise<void>;
  close(): Promise<void>;
}

/** A stateful target of `files` data files, one an hour, that was loaded and maintained. */
export async function countsProject(files: number, onStep: (step: string) => void): Promise<CountsProject> {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'psyberg-bench-'));
  fs.mkdirSync(path.join(root, 'processes'));
  fs.writeFileSync(path.join(root, 'psyberg.yaml'), 'name: bench\ncatalog:\n  warehouse: warehouse\n');
  fs.writeFileSync(path.join(root, 'processes', 'count_load.sql'), COUNTS);
  const psyberg = await open({ project: root, onStep });
  const landHours = async (rows: number, hour: string): Promise<void> => {
    await psyberg.sql(
      `insert into raw.events select i, timestamptz '2020-01-01' + to_hours((${hour})::int) from range(${rows}) as t(i)`,
    );
  };
  await psyberg.sql('create schema raw');
  await psyberg.sql("create table raw.events (id bigint, ts timestamptz) with ('format-version' = '2')");
  await landHours(2 * files, `i % ${files}`);
  await psyberg.run();
  await psyberg.maintain(['facts.counts'], { only: ['manifests'] });
  return {
    psyberg,
    landHours,
    async close() {
      await psyberg.close();
      fs.rmSync(root, { recursive: true, force: true });
    },
  };
}
