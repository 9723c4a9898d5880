/**
 * An overwrite of three hours in a table of 10,000 data files, beside the same in one of 100: what taking files off, composing and publishing cost. The rows
 * themselves are a handful.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { open } from '../../src/index.ts';
import { ms, timingOf } from './measure.ts';

const RUNS = 7;
const STEPS = /^count_load: (load clear_hours|load carry_over|compose|publish|signal)/;

const PROCESS = `/*---
process_name: count_load
pattern: stateful
sources: [{ table: raw.events, event_time: ts }]
target: { table: facts.counts, event_time: h, partition_by: [hour(h)] }
---*/
select date_trunc('hour', ts) as h, count(*) as n, sum(id) as ids from events group by 1
`;

export async function overwriteBench(): Promise<string[]> {
  const few = await overwrites(100);
  const many = await overwrites(10_000);
  const line = (files: number, timing: Timing): string =>
    `${String(files).padStart(6)} files   take off, compose and publish ${ms(timing.wallMs)} (CPU ${ms(timing.cpuMs)}); whole session ${ms(timing.sessionMs)}`;
  return [line(100, few), line(10_000, many), `ratio           ${(many.wallMs / few.wallMs).toFixed(2)}, CPU ${(many.cpuMs / few.cpuMs).toFixed(2)}`];
}

interface Timing {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly sessionMs: number;
}

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

async function overwrites(files: number): Promise<Timing> {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'psyberg-bench-'));
  fs.mkdirSync(path.join(root, 'processes'));
  fs.writeFileSync(path.join(root, 'psyberg.yaml'), 'name: bench\ncatalog:\n  warehouse: warehouse\n');
  fs.writeFileSync(path.join(root, 'processes', 'count_load.sql'), PROCESS);
  let marks: { readonly step: string; readonly atMs: number; readonly cpu: number }[] = [];
  const mark = (step: string): void => void marks.push({ step, atMs: performance.now(), cpu: cpuMs() });
  const psyberg = await open({ project: root, onStep: mark });
  try {
    await psyberg.sql('create schema raw');
    await psyberg.sql("create table raw.events (id bigint, ts timestamptz) with ('format-version' = '2')");
    const land = (rows: number, hour: string): Promise<unknown> =>
      psyberg.sql(`insert into raw.events select i, timestamptz '2020-01-01' + to_hours((${hour})::int) from range(${rows}) as t(i)`);
    await land(2 * files, `i % ${files}`);
    await psyberg.run();
    await psyberg.maintain(['facts.counts'], { only: ['manifests'] });
    const [wall, cpu, session]: [number[], number[], number[]] = [[], [], []];
    for (let run = 0; run < RUNS; run += 1) {
      await land(6, `${files - 10 - 3 * run} + i % 3`);
      marks = [];
      mark('begin');
      const [record] = await psyberg.run();
      mark('end');
      if (record?.status !== 'published' || record.rows_written !== '3') throw new Error(`the session did not overwrite three hours: ${JSON.stringify(record)}`);
      const spent = (of: 'atMs' | 'cpu'): number => marks.reduce((sum, each, index) => (STEPS.test(each.step) ? sum + ((marks[index + 1]?.[of] ?? each[of]) - each[of]) : sum), 0);
      wall.push(spent('atMs'));
      cpu.push(spent('cpu'));
      session.push((marks.at(-1)?.atMs ?? 0) - (marks[0]?.atMs ?? 0));
    }
    return { wallMs: timingOf(wall).medianMs, cpuMs: timingOf(cpu).medianMs, sessionMs: timingOf(session).medianMs };
  } finally {
    await psyberg.close();
    fs.rmSync(root, { recursive: true, force: true });
  }
}
