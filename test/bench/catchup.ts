/** A backlog of 720 hours: one session of all of them beside 30 sessions of 24, each published. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type OpenedProject, open } from '../support/open-project.ts';

const HOURS = 720;
const SIZES = [1_000, 20_000] as const;

const processText = (name: string, more: string): string => `/*---
process_name: ${name}_load
pattern: stateful
sources: [{ table: raw.events, event_time: ts, alias: events }]
target: { table: facts.${name}, event_time: ts, partition_by: [hour(ts)] }
${more}---*/
select id, ts, id % 500000 as account_id, upper(country) as country, amount * 1.19 as amount_gross, payload from events
`;

export async function catchupBench(): Promise<string[]> {
  const lines: string[] = [];
  for (const rows of SIZES) lines.push(...(await backlogOf(rows)));
  return lines;
}

/** `rows`: of each hour. */
async function backlogOf(rows: number): Promise<string[]> {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'psyberg-bench-'));
  fs.mkdirSync(path.join(root, 'processes'));
  fs.writeFileSync(path.join(root, 'psyberg.yaml'), 'name: bench\ncatalog:\n  warehouse: warehouse\n');
  for (const [name, more] of [
    ['whole', ''],
    ['parts', 'catchup: { hours_per_session: 24 }\n'],
  ] as const)
    fs.writeFileSync(path.join(root, 'processes', `${name}_load.sql`), processText(name, more));
  const psyberg = await open({ project: root });
  try {
    await land(psyberg, rows);
    const whole = await timed(psyberg, 'whole_load', 1);
    const parts = await timed(psyberg, 'parts_load', HOURS / 24);
    const ratio = (of: keyof Timing): string => (parts[of] / whole[of]).toFixed(2);
    return [
      `${rows} rows an hour: one session ${text(whole)}; 30 sessions of 24 hours ${text(parts)}; ratio ${ratio('seconds')}, CPU ${ratio('cpu')}`,
    ];
  } finally {
    await psyberg.close();
    fs.rmSync(root, { recursive: true, force: true });
  }
}

/** A commit a day, partitioned by hours. */
async function land(psyberg: OpenedProject, rows: number): Promise<void> {
  await psyberg.sql('create schema raw');
  await psyberg.sql(
    "create table raw.events (id bigint, ts timestamptz, country varchar, amount double, payload varchar) partitioned by (hour(ts)) with ('format-version' = '2')",
  );
  for (let day = 0; day < HOURS / 24; day += 1)
    await psyberg.sql(`insert into raw.events
      select i, timestamptz '2023-09-01' + to_hours(${day * 24} + (i % 24)::int) + to_seconds(hash(i) % 3600),
        ['us', 'de', 'in', 'br', 'jp'][(hash(i, 4) % 5)::int + 1], (hash(i, 7) % 2000)::double / 100, md5(i::varchar)
      from range(${rows * 24}) t(i)`);
}

interface Timing {
  readonly seconds: number;
  readonly cpu: number;
}

async function timed(psyberg: OpenedProject, name: string, sessions: number): Promise<Timing> {
  const [startedMs, before] = [performance.now(), process.cpuUsage()];
  const records = await psyberg.run([name], { untilComplete: true });
  const { user, system } = process.cpuUsage(before);
  if (records.length !== sessions || records.some(({ status }) => status !== 'published'))
    throw new Error(`expected ${sessions} sessions: ${JSON.stringify(records.at(-1))}`);
  return { seconds: (performance.now() - startedMs) / 1000, cpu: (user + system) / 1_000_000 };
}

const text = ({ seconds, cpu }: Timing): string => `${seconds.toFixed(1)} s (CPU ${cpu.toFixed(1)} s)`;
