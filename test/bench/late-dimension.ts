/**
 * A dimension of 2,160 hours, and one row that is 90 days late: it changes the state of three hours. The
 * session stops where the state is again what the target has; beside it, the last row of a state that never
 * settles, which costs every hour.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { RunRecord } from '../../src/index.ts';
import { type OpenedProject, open } from '../support/open-project.ts';
import { type Cost, costLine, costOf } from './measure.ts';

const HOURS = 2160;
const RUNS = 5;

/** `kept`: hours that an account stays active after an event; null: for ever. */
const processSql = (kept: number | null): string => `/*---
process_name: active_load
pattern: dimension
sources: [{ table: raw.events, event_time: ts }]
target: { table: dims.active, event_time: h, partition_by: [hour(h)] }
---*/
select $first_hour::timestamptz as h, account, max(hours_left) as hours_left
from (
  select account, ${kept ?? 1_000_000} as hours_left from events
  union all
  select account, hours_left - 1 from previous where hours_left > 1
)
group by all
`;

export async function lateDimensionBench(): Promise<string[]> {
  const settles = await lateRows(3, RUNS);
  const never = await lateRows(null, 1);
  return [
    `state that settles     ${settles.hours.at(-1)} of ${HOURS} hours computed, session ${costLine(settles.costs)}`,
    `state that never does  ${never.hours.at(-1)} of ${HOURS} hours computed, session ${costLine(never.costs)}`,
  ];
}

async function lateRows(
  kept: number | null,
  runs: number,
): Promise<{ readonly costs: Cost[]; readonly hours: string[] }> {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'psyberg-bench-'));
  fs.mkdirSync(path.join(root, 'processes'));
  fs.writeFileSync(path.join(root, 'psyberg.yaml'), 'name: bench\ncatalog:\n  warehouse: warehouse\n');
  fs.writeFileSync(path.join(root, 'processes', 'active_load.sql'), processSql(kept));
  const psyberg = await open({ project: root });
  try {
    await land(psyberg);
    const costs: Cost[] = [];
    const hours: string[] = [];
    for (let run = 0; run < runs; run += 1) {
      await psyberg.sql(
        `insert into raw.events values (${9000 + run}, timestamptz '2020-01-01 02:30:00+00')`,
      );
      let record: RunRecord | undefined;
      costs.push(
        await costOf(async () => {
          [record] = await psyberg.run();
        }),
      );
      if (record?.status !== 'published' || record.range === null)
        throw new Error(`the late row was not loaded: ${JSON.stringify(record)}`);
      const { first_hour: first, last_hour: last } = record.range;
      hours.push(String((Date.parse(last) - Date.parse(first)) / 3_600_000 + 1));
    }
    return { costs, hours };
  } finally {
    await psyberg.close();
    fs.rmSync(root, { recursive: true, force: true });
  }
}

async function land(psyberg: OpenedProject): Promise<void> {
  await psyberg.sql('create schema raw');
  await psyberg.sql(
    "create table raw.events (account bigint, ts timestamptz) partitioned by (hour(ts)) with ('format-version' = '2')",
  );
  await psyberg.sql(
    `insert into raw.events select i % 50, timestamptz '2020-01-01' + to_minutes(30 * i) from range(${2 * HOURS}) as t(i)`,
  );
  const [record] = await psyberg.run();
  if (record?.status !== 'published') throw new Error(`nothing was loaded: ${JSON.stringify(record)}`);
}
