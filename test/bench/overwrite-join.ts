/**
 * Seven late rows change seven hours of 100,000 rows: the session reads those hours of the source, joins a
 * lookup of 500,000 rows, and replaces the hours in the target. Beside it the same SELECT by plain DuckDB
 * from the files of those hours.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseHour } from '../../src/model/hour.ts';
import { type OpenedProject, open } from '../support/open-project.ts';
import { parquetOf } from './append.ts';
import { besideEachOther, type Cost, costLine, costOf, cpuNowMs, cpuRatio, ms, timingOf } from './measure.ts';

const ROWS_PER_HOUR = 100_000;
const HOURS = 24;
const CHANGED = { first: 5, last: 11 };
const ACCOUNTS = 500_000;
const RUNS = 5;
const MIDNIGHT = '2023-09-14T00:00:00Z';

const COLUMNS =
  'e.event_id, e.event_ts, e.account_id, upper(e.country) as country, e.device, e.amount * 1.19 as amount_gross, e.payload, a.plan, a.opened_on';

const PROCESS = `/*---
process_name: event_fact_load
pattern: stateful
sources:
  - { table: raw.events, event_time: event_ts }
  - { table: raw.accounts, lookup: true }
target: { table: facts.event_fact, event_time: event_ts, partition_by: [hour(event_ts)] }
audits:
  - source_to_target_count: { source: events }
  - not_null: { columns: [event_id, event_ts] }
---*/
select ${COLUMNS}
from events as e
left join accounts as a using (account_id)
`;

export async function overwriteJoinBench(): Promise<string[]> {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'psyberg-bench-'));
  fs.mkdirSync(path.join(root, 'processes'));
  fs.writeFileSync(path.join(root, 'psyberg.yaml'), 'name: bench\ncatalog:\n  warehouse: warehouse\n');
  fs.writeFileSync(path.join(root, 'processes', 'event_fact_load.sql'), PROCESS);
  const steps: Step[] = [];
  const onStep = (name: string): void => void steps.push({ name, cpuMs: cpuNowMs() });
  const psyberg = await open({ project: root, onStep });
  try {
    await load(psyberg);
    return await overwrites(psyberg, { root, steps });
  } finally {
    await psyberg.close();
    fs.rmSync(root, { recursive: true, force: true });
  }
}

interface Step {
  readonly name: string;
  readonly cpuMs: number;
}

/** `hour`: SQL of the row's number `i`. */
const events = (from: number, rows: number, hour: string): string => `select
    i as event_id,
    timestamptz '${MIDNIGHT}' + to_hours((${hour})::int) + to_microseconds((hash(i, 2) % 3600000000)::bigint) as event_ts,
    (hash(i, 3) % ${ACCOUNTS})::bigint as account_id,
    ['us', 'de', 'in', 'br', 'jp'][(hash(i, 4) % 5)::int + 1] as country,
    ['tv', 'phone', 'tablet', 'web'][(hash(i, 6) % 4)::int + 1] as device,
    (hash(i, 7) % 2000)::double / 100 as amount,
    'campaign=' || (hash(i, 8) % 1000) || '&referrer=' || (hash(i, 9) % 100000) as payload
  from range(${from}, ${from + rows}) as t(i)`;

async function load(psyberg: OpenedProject): Promise<void> {
  await psyberg.sql('create schema raw');
  await psyberg.sql(
    `create table raw.accounts with ('format-version' = '2') as
     select i as account_id, ['basic', 'standard', 'premium'][(hash(i) % 3)::int + 1] as plan, date '2020-01-01' + (hash(i, 1) % 1000)::int as opened_on
     from range(${ACCOUNTS}) as t(i)`,
  );
  await psyberg.sql(
    `create table raw.events (event_id bigint, event_ts timestamptz, account_id bigint, country varchar, device varchar, amount double, payload varchar)
     partitioned by (hour(event_ts)) with ('format-version' = '2')`,
  );
  await psyberg.sql(`insert into raw.events ${events(0, HOURS * ROWS_PER_HOUR, `i // ${ROWS_PER_HOUR}`)}`);
  await publish(psyberg, HOURS * ROWS_PER_HOUR);
}

async function publish(psyberg: OpenedProject, rows: number): Promise<void> {
  const [record] = await psyberg.run();
  if (record?.status !== 'published' || record.rows_written !== String(rows))
    throw new Error(`the session did not publish ${rows} rows: ${JSON.stringify(record)}`);
}

async function overwrites(
  psyberg: OpenedProject,
  { root, steps }: { readonly root: string; readonly steps: Step[] },
): Promise<string[]> {
  const changed = CHANGED.last - CHANGED.first + 1;
  const [sessions, copies]: [Cost[], Cost[]] = [[], []];
  const bySteps = new Map<string, number[]>();
  for (let run = 0; run < RUNS; run += 1) {
    await psyberg.sql(
      `insert into raw.events ${events(HOURS * ROWS_PER_HOUR + run * changed, changed, `${CHANGED.first} + i % ${changed}`)}`,
    );
    const rows = changed * (ROWS_PER_HOUR + run + 1);
    const [session, copy] = await besideEachOther(
      run,
      () => {
        steps.length = 0;
        steps.push({ name: 'init', cpuMs: cpuNowMs() });
        return costOf(() => publish(psyberg, rows));
      },
      () => costOf(() => plainCopy(psyberg, root)),
    );
    sessions.push(session);
    copies.push(copy);
    steps.slice(0, -1).forEach((step, index) => {
      const spent = (steps[index + 1] as Step).cpuMs - step.cpuMs;
      bySteps.set(step.name, [...(bySteps.get(step.name) ?? []), spent]);
    });
    fs.rmSync(path.join(root, 'copy'), { recursive: true, force: true });
  }
  return [
    `${changed} hours of ${ROWS_PER_HOUR.toLocaleString('en')} rows, joined with ${ACCOUNTS.toLocaleString('en')}, replaced among ${HOURS}; two audits`,
    `  session, init to publish   ${costLine(sessions)}`,
    ...[...bySteps].map(([name, times]) => `    ${name.padEnd(52)} ${ms(timingOf(times).medianMs)} of CPU`),
    `  plain COPY, partitioned    ${costLine(copies)}`,
    `  ratio of the medians       ${cpuRatio(sessions, copies)}`,
  ];
}

/** What a user of plain DuckDB runs who knows which files hold the hours. */
async function plainCopy(psyberg: OpenedProject, root: string): Promise<void> {
  const [first, end] = [CHANGED.first, CHANGED.last + 1].map((hour) => `${hour}`.padStart(2, '0'));
  const midnight = parseHour(MIDNIGHT);
  const inHours = (file: string): boolean => {
    const hour = Number(/hour_event_ts_\d+=(\d+)/.exec(file)?.[1]) - midnight;
    return hour >= CHANGED.first && hour <= CHANGED.last;
  };
  await psyberg.sql(
    `copy (
      select ${COLUMNS}, date_trunc('hour', e.event_ts) as event_hour
      from ${parquetOf(filesOf(root, 'events').filter(inHours))} as e
      left join ${parquetOf(filesOf(root, 'accounts'))} as a using (account_id)
      where e.event_ts >= timestamptz '2023-09-14 ${first}:00:00Z' and e.event_ts < timestamptz '2023-09-14 ${end}:00:00Z'
    ) to '${path.join(root, 'copy')}' (format parquet, partition_by (event_hour))`,
  );
}

function filesOf(root: string, table: string): string[] {
  const folder = path.join(root, 'warehouse', 'raw', table, 'data');
  return fs
    .readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.parquet'))
    .map((name) => path.join(folder, name));
}
