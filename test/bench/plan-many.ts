/**
 * `psyberg plan` of a project of many processes with nothing new: warm (the library's second call and later
 * ones), and the whole command.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { open } from '../support/open-project.ts';
import { COLUMNS, PROCESSES, processText, TABLES } from './check.ts';
import { range, timed } from './measure.ts';

const RUNS = 7;

/** A project whose processes have all published, in an empty folder. */
export async function manyProcesses(root: string, count: number = PROCESSES): Promise<void> {
  fs.mkdirSync(path.join(root, 'processes'), { recursive: true });
  fs.writeFileSync(path.join(root, 'psyberg.yaml'), 'name: bench\ncatalog: { warehouse: warehouse }\n');
  for (let number = 0; number < count; number += 1)
    fs.writeFileSync(path.join(root, 'processes', `fact_${number}.sql`), processText(number));
  const psyberg = await open({ project: root });
  try {
    await psyberg.sql('create schema raw');
    for (let number = 0; number < TABLES; number += 1) {
      await psyberg.sql(
        `create table raw.events_${number} (${COLUMNS}) partitioned by (day(event_ts)) with ('format-version' = '2')`,
      );
      await psyberg.sql(
        `insert into raw.events_${number} select i, i, timestamptz '2023-09-14' + to_hours((i % 3)::int), 'a', 1, 'de', 'tv', date '2023-09-14' from range(30) t(i)`,
      );
    }
    const records = await psyberg.run(undefined, { jobs: 2 });
    const other = records.find(({ status }) => status !== 'published');
    if (other !== undefined) throw new Error(`expected all to publish, found ${JSON.stringify(other)}`);
  } finally {
    await psyberg.close();
  }
}

export async function planManyBench(): Promise<string[]> {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'psyberg-bench-'));
  try {
    await manyProcesses(root);
    const psyberg = await open({ project: root });
    const plan = async (): Promise<void> => {
      const plans = await psyberg.plan();
      const other = plans.find(({ status }) => status !== 'nothing-new');
      if (other !== undefined) throw new Error(`expected nothing new, found ${JSON.stringify(other)}`);
    };
    const first = await timed(1, plan);
    const before = process.cpuUsage();
    const timing = await timed(RUNS, plan);
    const used = process.cpuUsage(before);
    await psyberg.close();
    const cpuMs = Math.round((used.user + used.system) / 1000 / RUNS);
    return [
      `${PROCESSES} processes with nothing new, warm  ${range(timing)}, ${cpuMs} ms of CPU time`,
      `the first plan of an opened project       ${range(first)}`,
    ];
  } finally {
    fs.rmSync(root, { recursive: true, force: true });
  }
}
