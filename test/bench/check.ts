/** `psyberg check` of a project of many processes, the files in the system's cache. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { checkProjectFolder } from '../../src/check/check-files.ts';
import { range, timed } from './measure.ts';

/** How many processes, and tables that they read. */
export const PROCESSES = 200;
export const TABLES = 20;
const RUNS = 7;

export const COLUMNS =
  'event_id bigint, account_id bigint, event_ts timestamptz, kind varchar, amount decimal(18, 2), country varchar, device varchar, landing_date date';

const SINGLE = `select event_id, account_id, event_ts, date_trunc('hour', event_ts) as hour_ts, upper(kind) as kind,
  amount * 1.19 as gross, coalesce(country, 'xx') as country, device like 'ios%' as is_ios
from e
where kind <> 'test' and amount is not null`;
const JOINED = `with recent as (
  select account_id, max(event_ts) as last_ts, count(*) as n, sum(amount) as amount
  from e
  where kind in ('a', 'b')
  group by account_id
)
select f.event_id, f.account_id, f.event_ts, f.hour_ts, r.n, r.amount,
  date_diff('minute', r.last_ts, f.event_ts) as minutes,
  case when r.n is null then 'new' when r.n > 10 then 'many' else 'some' end as class
from f
left join recent as r on r.account_id = f.account_id`;

/** Every fourth process joins what the one before it writes with events of the hours before. */
export function processText(number: number): string {
  const events = `{ table: raw.events_${number % TABLES}, event_time: event_ts, alias: e`;
  const [sources, sql] =
    number % 4 === 3
      ? [
          `  - { table: facts.fact_${number - 1}, event_time: event_ts, alias: f }\n  - ${events}, window: { before: 2h, key: account_id } }`,
          JOINED,
        ]
      : [`  - ${events} }`, SINGLE];
  return `/*---
process_name: fact_${number}_load
pattern: stateful
sources:
${sources}
target: { table: facts.fact_${number}, event_time: event_ts, partition_by: [hour(event_ts)] }
audits:
  - not_null: { columns: [event_id, account_id] }
  - unique: { columns: [event_id] }
---*/
${sql}
`;
}

export async function checkBench(): Promise<string[]> {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'psyberg-bench-'));
  try {
    fs.mkdirSync(path.join(root, 'processes'));
    fs.mkdirSync(path.join(root, 'tables', 'raw'), { recursive: true });
    fs.writeFileSync(path.join(root, 'psyberg.yaml'), 'name: bench\ncatalog: { warehouse: warehouse }\n');
    for (let number = 0; number < TABLES; number += 1)
      fs.writeFileSync(
        path.join(root, 'tables', 'raw', `events_${number}.sql`),
        `create table raw.events_${number} (${COLUMNS}) partitioned by (day(event_ts));\n`,
      );
    for (let number = 0; number < PROCESSES; number += 1)
      fs.writeFileSync(path.join(root, 'processes', `fact_${number}.sql`), processText(number));
    const check = async (): Promise<void> => {
      const { problems } = await checkProjectFolder({ root });
      if (problems.length > 0) throw new Error(`expected no problem, found ${JSON.stringify(problems[0])}`);
    };
    await check();
    const before = process.cpuUsage();
    const timing = await timed(RUNS, check);
    const used = process.cpuUsage(before);
    const cpuMs = Math.round((used.user + used.system) / 1000 / RUNS);
    return [`${PROCESSES} processes with 2 audits each  ${range(timing)}, ${cpuMs} ms of CPU time`];
  } finally {
    fs.rmSync(root, { recursive: true, force: true });
  }
}
