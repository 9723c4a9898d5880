/**
 * What planning costs as a table grows: the same change of ten files on tables of 100 to 100,000
 * snapshots with as many manifests, and a change that is one hour or 400 days late. The long history is
 * composed: manifests are copies under their own names, and one manifest list names them all.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ancestors, mainSnapshot } from '../../src/iceberg/history.ts';
import { type OpenedProject, open } from '../support/open-project.ts';
import { startLander } from './lander.ts';
import { lengthen, shortened } from './long-history.ts';
import { cpuNowMs, ms, range, type Timing, timed } from './measure.ts';

const SIZES = [100, 1000, 10_000, 100_000];
const NEW_FILES = 10;
const RUNS = 15;
const NEW_HEADS = 9;
const TABLE = { namespace: ['raw'], name: 'events' };

const process_ = (name: string, pattern: string, target: string): string => `/*---
process_name: ${name}
pattern: ${pattern}
sources:
  - { table: raw.events, event_time: ts, protect: false }
target: ${target}
---*/
select id, ts from events
`;

interface History {
  readonly root: string;
  readonly psyberg: OpenedProject;
  reopen(): Promise<OpenedProject>;
  close(): Promise<void>;
}

/**
 * A table of `snapshots` appends of one file each, adopted by a stateless and a stateful process at its head.
 */
async function tableOf(snapshots: number): Promise<History> {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'psyberg-bench-'));
  fs.mkdirSync(path.join(root, 'processes'));
  fs.writeFileSync(path.join(root, 'psyberg.yaml'), 'name: bench\ncatalog:\n  warehouse: warehouse\n');
  fs.writeFileSync(
    path.join(root, 'processes', 'append_load.sql'),
    process_('append_load', 'stateless', '{ table: facts.appended }'),
  );
  fs.writeFileSync(
    path.join(root, 'processes', 'overwrite_load.sql'),
    process_('overwrite_load', 'stateful', '{ table: facts.overwritten, event_time: ts }'),
  );
  let psyberg = await open({ project: root });
  await psyberg.sql('create schema raw');
  await psyberg.sql(
    "create table raw.events (id bigint, ts timestamptz) partitioned by (hour(ts)) with ('format-version' = '2')",
  );
  await psyberg.internals.client.createNamespace(['facts']);
  for (const name of ['appended', 'overwritten'])
    await psyberg.sql(`create table facts.${name} (id bigint, ts timestamptz) with ('format-version' = '2')`);
  await psyberg.sql(
    `insert into raw.events select i, timestamptz '2023-09-14' + to_seconds(i) from range(100) t(i)`,
  );
  const history = await lengthen(psyberg, TABLE, snapshots);
  await shortened(history, async () => {
    for (const name of ['append_load', 'overwrite_load']) await psyberg.adopt(name);
  });
  return {
    root,
    get psyberg() {
      return psyberg;
    },
    async reopen() {
      await psyberg.close();
      psyberg = await open({ project: root });
      return psyberg;
    },
    async close() {
      await psyberg.close();
      fs.rmSync(root, { recursive: true, force: true });
    },
  };
}

/** Ten new files in ten commits, `daysLate` behind the newest hour of the table. */
async function change(psyberg: OpenedProject, daysLate: number): Promise<void> {
  for (let file = 0; file < NEW_FILES; file += 1)
    await psyberg.sql(
      `insert into raw.events select i, timestamptz '2023-09-14' - to_days(${daysLate}) + to_hours(${file}) from range(10) t(i)`,
    );
}

interface Planned {
  /** CPU time of one plan, all threads: on a busy machine the one number that means something. */
  readonly appendCpuMs: number;
  readonly overwriteCpuMs: number;
  readonly append: Timing;
  readonly overwrite: Timing;
  readonly metadata: number;
  /** What one plan of each process adds to the most memory a process held that had loaded the metadata. */
  readonly appendMb: number;
  readonly overwriteMb: number;
}

async function measure(snapshots: number, daysLate: number): Promise<Planned> {
  const history = await tableOf(snapshots);
  try {
    await change(history.psyberg, daysLate);
    // Data files are gone: a plan that read one would fail.
    const data = path.join(history.root, 'warehouse', 'raw', 'events', 'data');
    fs.renameSync(data, `${data}-away`);
    const psyberg = await history.reopen();
    const before = performance.now();
    const metadata = (await psyberg.internals.client.loadTable(TABLE))?.metadata;
    const metadataMs = performance.now() - before;
    if (
      metadata === undefined ||
      [...ancestors(metadata, mainSnapshot(metadata))].length !== snapshots + NEW_FILES
    )
      throw new Error('the history is not whole');
    await psyberg.internals.engine();
    const plan = async (name: string): Promise<void> => {
      const [found] = await psyberg.plan([name]);
      if (found?.sources[0]?.files !== NEW_FILES || found.status !== 'work')
        throw new Error(`expected ${NEW_FILES} files, found ${JSON.stringify(found?.sources[0])}`);
    };
    await plan('append_load');
    const cpuBefore = process.cpuUsage();
    const append = await timed(RUNS, () => plan('append_load'));
    const appendCpuMs = cpuMs(cpuBefore) / RUNS;
    const cpuBetween = process.cpuUsage();
    const overwrite = await timed(RUNS, () => plan('overwrite_load'));
    const overwriteCpuMs = cpuMs(cpuBetween) / RUNS;
    await psyberg.close();
    const [appendMb, overwriteMb] = ['append_load', 'overwrite_load'].map((name) =>
      planMb(history.root, name),
    ) as [number, number];
    return { append, overwrite, appendCpuMs, overwriteCpuMs, metadata: metadataMs, appendMb, overwriteMb };
  } finally {
    await history.close();
  }
}

interface OnNewHead {
  readonly cpuMs: number;
  readonly timing: Timing;
}

/** Plans of a process that goes on: before each of them another program lands a file, after each it is loaded. */
async function measureNewHeads(snapshots: number): Promise<OnNewHead> {
  const history = await tableOf(snapshots);
  const lander = startLander(history.root);
  const { psyberg } = history;
  let [landed, cpu] = [0, 0];
  const land = async (): Promise<void> => {
    const [before] = landed === 0 ? [] : await psyberg.run(['append_load']);
    if (landed > 0 && before?.status !== 'published') throw new Error(JSON.stringify(before));
    await lander.sql(
      `insert into raw.events select i, timestamptz '2023-09-14' + to_hours(${landed}) from range(10) t(i)`,
    );
    landed += 1;
  };
  const plan = async (): Promise<void> => {
    const before = cpuNowMs();
    const [found] = await psyberg.plan(['append_load']);
    cpu += cpuNowMs() - before;
    if (found?.sources[0]?.files !== 1)
      throw new Error(`expected one file, found ${JSON.stringify(found?.sources[0])}`);
  };
  try {
    // Three lists, so that it is known what the last one has in common with the one before.
    for (let file = 0; file < 3; file += 1) {
      await land();
      await plan();
    }
    cpu = 0;
    const timing = await timed(NEW_HEADS, plan, land);
    return { timing, cpuMs: cpu / NEW_HEADS };
  } finally {
    await lander.close();
    await history.close();
  }
}

function planMb(root: string, name: string): number {
  const child = spawnSync(
    process.execPath,
    [path.join(import.meta.dirname, 'plan-and-weigh.ts'), root, name],
    { encoding: 'utf8' },
  );
  if (child.status !== 0) throw new Error(child.stdout + child.stderr);
  return (JSON.parse(child.stdout) as { planMb: number }).planMb;
}

function cpuMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
}

export async function planningBench(): Promise<string[]> {
  const lines: string[] = [
    `ten new files in ten commits; no data file is there to be read; the table's metadata JSON, read once, is left out and shown beside it`,
  ];
  const results: Planned[] = [];
  for (const size of SIZES) {
    const result = await measure(size, 0);
    results.push(result);
    lines.push(
      `${size.toLocaleString('en').padStart(7)} snapshots   stateless ${range(result.append)}, CPU ${ms(result.appendCpuMs)}; stateful ${range(result.overwrite)}, CPU ${ms(result.overwriteCpuMs)}; metadata JSON ${ms(result.metadata)}; memory for the plan ${result.appendMb.toFixed(0)} and ${result.overwriteMb.toFixed(0)} MB`,
    );
  }
  const ratio = (pick: (result: Planned) => number): string =>
    (pick(results.at(-1) as Planned) / pick(results[0] as Planned)).toFixed(2);
  lines.push(
    `100,000 beside 100  stateless ${ratio((each) => each.append.medianMs)} times (CPU ${ratio((each) => each.appendCpuMs)}), stateful ${ratio((each) => each.overwrite.medianMs)} times (CPU ${ratio((each) => each.overwriteCpuMs)})`,
  );
  const [few, many] = [await measureNewHeads(100), await measureNewHeads(100_000)];
  for (const [size, { timing, cpuMs: cpu }] of [
    ['100', few],
    ['100,000', many],
  ] as const)
    lines.push(
      `${size.padStart(7)} snapshots, landed by another program before each plan   ${range(timing)}, CPU ${ms(cpu)}`,
    );
  lines.push(
    `100,000 beside 100  ${(many.timing.medianMs / few.timing.medianMs).toFixed(2)} times (CPU ${(many.cpuMs / few.cpuMs).toFixed(2)})`,
  );
  const late = await measure(1000, 400);
  lines.push(
    `400 days late      stateless ${range(late.append)}, CPU ${ms(late.appendCpuMs)}; stateful ${range(late.overwrite)}, CPU ${ms(late.overwriteCpuMs)} (1,000 snapshots)`,
  );
  return lines;
}
