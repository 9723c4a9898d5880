/**
 * Sixteen orchestrator tasks at once over a warehouse in an object store that answers as late as one elsewhere:
 * what they ask it for beside what the same tasks ask one after the other. Each publishes into the same state
 * tables, so of two that commit at the same moment one writes its files of them again.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type ProxiedRequest, startDelayedProxy } from '../support/delayed-proxy.ts';
import { startObjectStore } from '../support/moto.ts';
import { open } from '../support/open-project.ts';
import { THIS_CLONE } from './cold.ts';
import { childrenCpuMs, ms, range, timingOf } from './measure.ts';

const PROCESSES = 16;
const ROWS = 100;
const ROUNDS = 3;
const DELAY_MS = 30;

const processText = (number: number): string => `/*---
process_name: load_${number}
pattern: stateless
sources: [{ table: raw.events_${number}, event_time: ts }]
target: { table: facts.events_${number}, event_time: ts, partition_by: [hour(ts)] }
---*/
select id, ts from events_${number}
`;

interface Round {
  readonly requests: readonly ProxiedRequest[];
  readonly wallMs: number;
  readonly cpuMs: number;
  /** Sessions that gave up, since others committed first for a minute. */
  readonly contended: number;
}

export async function storeManyBench(): Promise<string[]> {
  const store = await startObjectStore();
  await store.makeBucket('lake');
  const proxy = await startDelayedProxy(store.endpoint);
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'psyberg-bench-'));
  const numbers = [...Array(PROCESSES).keys()];
  fs.mkdirSync(path.join(root, 'processes'));
  const storage = { ...store.settings, 's3.endpoint': proxy.uri };
  const catalog = { warehouse: 's3://lake/many', state: '.psyberg', storage };
  fs.writeFileSync(path.join(root, 'psyberg.yaml'), `name: bench\ncatalog: ${JSON.stringify(catalog)}\n`);
  for (const number of numbers)
    fs.writeFileSync(path.join(root, 'processes', `load_${number}.sql`), processText(number));

  const inProject = async (work: (sql: (text: string) => Promise<unknown>) => Promise<void>) => {
    proxy.delayMs = 0;
    const psyberg = await open({ project: root });
    await work((text) => psyberg.sql(text)).finally(() => psyberg.close());
    proxy.delayMs = DELAY_MS;
  };
  const land = (hour: number): Promise<void> =>
    inProject(async (sql) => {
      for (const number of numbers)
        await sql(
          `insert into raw.events_${number} select i, timestamptz '2023-09-14' + to_hours(${hour}) from range(${ROWS}) t(i)`,
        );
    });
  const measured = async (work: () => Promise<readonly boolean[]>): Promise<Round> => {
    proxy.taken();
    const [cpuMs, startedMs] = [childrenCpuMs(), performance.now()];
    const contended = (await work()).filter((isPublished) => !isPublished).length;
    const wallMs = performance.now() - startedMs;
    return { requests: proxy.taken().requests, wallMs, cpuMs: childrenCpuMs() - cpuMs, contended };
  };
  try {
    await inProject(async (sql) => {
      await sql('create schema raw');
      for (const number of numbers)
        await sql(
          `create table raw.events_${number} (id bigint, ts timestamptz) with ('format-version' = '2')`,
        );
    });
    await land(0);
    await published(root, []);
    const alone: Round[] = [];
    const together: Round[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      await land(1 + 2 * round);
      alone.push(
        await measured(async () => {
          const outcomes: boolean[] = [];
          for (const number of numbers) outcomes.push(await published(root, [`load_${number}`]));
          return outcomes;
        }),
      );
      await land(2 + 2 * round);
      together.push(
        await measured(() => Promise.all(numbers.map((number) => published(root, [`load_${number}`])))),
      );
    }
    return [
      `${PROCESSES} sessions of ${ROWS} rows, the store answers after ${DELAY_MS} ms`,
      `one after the other: ${described(alone)}`,
      `at once: ${described(together)}`,
      `at once beside one after the other: requests ${ratio(alone, together, ({ requests }) => requests.length)} times, CPU ${ratio(alone, together, ({ cpuMs }) => cpuMs)} times`,
    ];
  } finally {
    fs.rmSync(root, { recursive: true, force: true });
    await proxy.close();
    await store.close();
  }
}

/** `commits`: each try of one writes a metadata file of every table that it changes. */
function described(rounds: readonly Round[]): string {
  const median = (of: (round: Round) => number): number => timingOf(rounds.map(of)).medianMs;
  const commits = median(
    ({ requests }) =>
      requests.filter(({ method, path: asked }) =>
        /^PUT .*\/psyberg_session_f\/metadata\/.*metadata\.json$/.test(`${method} ${asked}`),
      ).length,
  );
  return [
    `${range(timingOf(rounds.map(({ wallMs }) => wallMs)))}`,
    `${ms(median(({ cpuMs }) => cpuMs))} of CPU`,
    `${median(({ requests }) => requests.length)} requests`,
    `${commits} tries of ${PROCESSES} commits`,
    `${median(({ contended }) => contended)} gave up`,
  ].join(', ');
}

const ratio = (alone: readonly Round[], together: readonly Round[], of: (round: Round) => number): string => {
  const [one, other] = [alone, together].map((rounds) => timingOf(rounds.map(of)).medianMs) as [
    number,
    number,
  ];
  return (other / one).toFixed(2);
};

/** False where others committed first for too long. Throws what it printed of any other end. */
async function published(root: string, names: readonly string[]): Promise<boolean> {
  const child = spawn(process.execPath, [THIS_CLONE.main, 'run', ...names, '--project', root, '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (said += String(chunk)));
  const [code] = (await once(child, 'close')) as [number | null];
  if (said.includes('"publish-contended"')) return false;
  if (code !== 0 || !said.includes('"published"'))
    throw new Error(`psyberg run ${names.join(' ')} ended with ${code}: ${said}`);
  return true;
}
