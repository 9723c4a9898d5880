/**
 * Sixteen orchestrator tasks at once: `psyberg run NAME` for each process of a project, every one a program
 * of its own, on one warehouse.
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { THIS_CLONE } from './cold.ts';
import { childrenCpuMs, ms, range, spentBy, timingOf } from './measure.ts';

const PROCESSES = 16;
const ROWS = 1000;
const ROUNDS = 5;
const LIMIT = 1.3;

const processText = (number: number): string => `/*---
process_name: load_${number}
pattern: stateless
sources: [{ table: raw.events_${number}, event_time: ts }]
target: { table: facts.events_${number}, event_time: ts, partition_by: [hour(ts)] }
---*/
select id, ts, upper(country) as country from events_${number}
`;

export async function manyBench(): Promise<string[]> {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'psyberg-bench-'));
  const names = Array.from({ length: PROCESSES }, (_, number) => `load_${number}`);
  const argv = (...words: readonly string[]): string[] => [
    THIS_CLONE.main,
    ...words,
    '--project',
    root,
    '--json',
  ];
  const sql = (text: string): unknown => spentBy(argv('sql', text));
  const each = (text: (number: number) => string): unknown =>
    sql(names.map((_, number) => text(number)).join(';\n'));
  const land = (hour: number): unknown =>
    each(
      (number) =>
        `insert into raw.events_${number} select i, timestamptz '2023-09-14' + to_hours(${hour}), 'de' from range(${ROWS}) t(i)`,
    );
  try {
    fs.mkdirSync(path.join(root, 'processes'));
    fs.writeFileSync(path.join(root, 'psyberg.yaml'), 'name: bench\ncatalog: { warehouse: warehouse }\n');
    for (const number of names.keys())
      fs.writeFileSync(path.join(root, 'processes', `load_${number}.sql`), processText(number));
    sql('create schema raw');
    each(
      (number) =>
        `create table raw.events_${number} (id bigint, ts timestamptz, country varchar) with ('format-version' = '2')`,
    );
    land(0);
    spentBy(argv('run'), '"published"');
    const rounds: { readonly aloneCpuMs: number; readonly wallMs: number; readonly cpuMs: number }[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      land(1 + 2 * round);
      const alone = names.map((name) => spentBy(argv('run', name), '"published"'));
      land(2 + 2 * round);
      const [cpuMs, startedMs] = [childrenCpuMs(), performance.now()];
      await Promise.all(names.map((name) => published(argv('run', name))));
      rounds.push({
        aloneCpuMs: alone.reduce((sum, spent) => sum + spent.cpuMs, 0),
        wallMs: performance.now() - startedMs,
        cpuMs: childrenCpuMs() - cpuMs,
      });
    }
    const cores = os.cpus().length;
    const alone = timingOf(rounds.map(({ aloneCpuMs }) => aloneCpuMs));
    const wall = timingOf(rounds.map(({ wallMs }) => wallMs));
    const cpu = timingOf(rounds.map(({ cpuMs }) => cpuMs));
    return [
      `${PROCESSES} processes, ${ROWS} new rows each; all published`,
      `one after the other, CPU   ${range(alone)}: ${ms(alone.medianMs / cores)} on each of ${cores} cores`,
      `all at once                ${range(wall)}, CPU ${range(cpu)}`,
      `at once beside that        ${((wall.medianMs * cores) / alone.medianMs).toFixed(2)} times (limit ${LIMIT})`,
    ];
  } finally {
    fs.rmSync(root, { recursive: true, force: true });
  }
}

function published(argv: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
    child.on('close', (code) =>
      code === 0 && said.includes('"published"')
        ? resolve()
        : reject(new Error(`node ${argv.join(' ')} ended with ${code}: ${said}`)),
    );
  });
}
