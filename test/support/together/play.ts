/** Plays such a history step by step, and holds each session's work against plain SQL over whole tables. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { RunRecord } from '../../../src/index.ts';
import type { StartSpec } from '../../../src/model/start.ts';
import { applyOperation } from '../apply-operation.ts';
import { BeyondDuckdb, isBeyondDuckdb } from '../beyond-duckdb.ts';
import { SESSION_STEPS } from '../session-step.ts';
import type { SourceOperation } from '../source-operations.ts';
import { columnsOf, type RowIds } from '../source-shape.ts';
import { createWorld, hourAt, type World } from '../world.ts';
import { type History, SIDES, type Side, type Step } from './history.ts';
import { columnsOfTarget, fileOf, hoursApart, wholeSql } from './process.ts';

type Of<K extends Step['kind']> = Extract<Step, { kind: K }>;

interface Played {
  readonly each: History;
  readonly world: World;
  readonly ids: RowIds;
  readonly log: string[];
  cover(what: string): void;
  name: string;
  names: number;
  complete: number;
  /** The heads of the sources up to which the target is, by their tables; undefined: nobody knows. */
  loadedAt: ReadonlyMap<string, string> | undefined;
  /** The last session refused: the target is as it was. */
  isRefused: boolean;
}

export async function playTogether(each: History, cover: (what: string) => void): Promise<void> {
  const name = 'load_0';
  const world = await createWorld({ processes: [fileOf(each, name)] });
  const played: Played = {
    ...{ each, world, ids: { next: 1 }, log: [], cover, name, names: 0, complete: -1 },
    ...{ loadedAt: undefined, isRefused: false },
  };
  try {
    world.nowMs = Date.parse(hourAt(60));
    for (const side of SIDES) await createSource(played, side);
    await world.create('aux.complete', 't timestamptz');
    for (const step of [...each.steps, { kind: 'session', untilComplete: true } as const]) {
      played.log.push(JSON.stringify(step));
      await playStep(played, step);
    }
    cover('history');
  } catch (error) {
    if (error instanceof BeyondDuckdb) return cover('given up: DuckDB cannot read a source');
    (error as Error).message += `\n${played.log.join('\n')}`;
    throw error;
  } finally {
    await world.close();
  }
}

const createSource = ({ world, each }: Played, side: Side): Promise<void> => {
  const { formatVersion, partitionedBy } = each[side];
  return world.create(`raw.${side}`, columnsOf(each[side]), {
    formatVersion,
    ...(partitionedBy === undefined ? {} : { partitionedBy }),
  });
};

function playStep(played: Played, step: Step): Promise<void> {
  const { world } = played;
  switch (step.kind) {
    case 'change':
      return change(played, step.side, step.operation);
    case 'complete':
      return sayComplete(played, step.hour);
    case 'clock':
      world.nowMs = (world.nowMs as number) + step.hours * 3_600_000;
      return Promise.resolve();
    case 'session':
      return session(played, step.untilComplete);
    case 'stepwise':
      return stepwise(played, step);
    case 'restate':
      return restate(played, step.hours);
    case 'adopt':
      return adopt(played, step);
    case 'roll-target':
      return rollTarget(played, step.back);
    case 'compact-target':
      return compactTarget(played);
    case 'replace-lookup':
      return replaceLookup(played);
    case 'maintain':
      return maintain(played);
  }
}

async function change(played: Played, side: Side, operation: SourceOperation): Promise<void> {
  const { world, each, ids, cover } = played;
  const shape = { ...each[side], hoursApart: hoursApart(each) };
  try {
    const done = await applyOperation({ world, table: `raw.${side}`, shape, operation, ids });
    await world.sql(`select id from raw.${side}`);
    if (done !== undefined) cover(`${operation.kind === 'in-one-gap' ? 'in one gap' : done} of ${side}`);
  } catch (error) {
    throw isBeyondDuckdb(error) ? new BeyondDuckdb(error.message, { cause: error }) : error;
  }
}

async function sayComplete(played: Played, hour: number): Promise<void> {
  if (hour <= played.complete) return;
  played.complete = hour;
  const to = hourAt((hour + 1) * hoursApart(played.each));
  await played.world.sql(`insert into aux.complete values (timestamptz '${to}')`);
}

const HONEST = [
  'history-expired',
  'source-rewound',
  'target-rewound',
  'watermark-contradiction',
  'watermark-lost',
  'target-not-empty',
];

async function session(played: Played, untilComplete: boolean): Promise<void> {
  const { world, name } = played;
  const record = (await world.psyberg.run([name], { untilComplete })).at(-1) as RunRecord;
  await judge(played, record);
}

async function judge(played: Played, record: RunRecord): Promise<void> {
  const { log, cover } = played;
  const told = `${record.trigger} ${record.status} ${record.error?.code ?? ''}`;
  log.push(`  ${told} owed ${record.owed_hours}`);
  cover(told);
  played.isRefused = record.error !== null;
  if (record.error !== null) {
    expect(HONEST, JSON.stringify(record)).toContain(record.error.code);
    return;
  }
  expect(['published', 'nothing-new', 'waiting'], JSON.stringify(record)).toContain(record.status);
  await noteHeads(played);
  await compare(played, record);
}

async function noteHeads(played: Played): Promise<void> {
  const heads = new Map<string, string>();
  for (const side of SIDES)
    heads.set(`raw.${side}`, String((await played.world.metadata(`raw.${side}`))['current-snapshot-id']));
  played.loadedAt = heads;
}

async function isThere({ world }: Played): Promise<boolean> {
  return world.psyberg.internals.client.tableExists({ namespace: ['facts'], name: 't' });
}

async function compare(played: Played, record: RunRecord): Promise<void> {
  const { world, name, each, cover } = played;
  const plan = await world.plan(name);
  if ((record.catchup?.later_hours ?? 0) === 0)
    expect(plan.status, JSON.stringify(plan, undefined, 1)).not.toBe('work');
  const limit = plan.target.complete_to_hour;
  const left = (record.catchup?.later_hours ?? 0) > 0;
  if (!(await isThere(played)) || limit === null) return;
  const owed = [...(plan.owed_hours ?? []), ...record.owed_hours].sort();
  const judged = `ts < timestamptz '${limit}' + interval 1 hour and ${notOwed(each, owed)}`;
  const found = await world.rows(`select ${columnsOfTarget(each)} from facts.t where ${judged}`);
  const wanted = await world.rows(wholeSql(each, limit, judged));
  expect(found, `to ${limit}, owed ${owed}`).toEqual(wanted);
  cover(`compared${found.length === 0 ? ' (empty)' : ''}${left ? ' (later hours left)' : ''}`);
  const [verified] = await world.psyberg.verify([name]);
  const shown = JSON.stringify(
    verified,
    (_, value) => (typeof value === 'bigint' ? String(value) : value),
    1,
  );
  expect(verified?.status, shown).not.toBe('different');
  cover(`verified ${verified?.error?.code ?? verified?.status}`);
}

/** Hours that are owed are not compared; a state is not from the first of them on. */
function notOwed({ pattern, grain }: History, owed: readonly string[]): string {
  const units = owed.map((hour) => `date_trunc('${grain}', timestamptz '${hour.slice(0, 20)}')`);
  if (units.length === 0) return 'true';
  return pattern === 'dimension' ? `ts < ${units[0]}` : `date_trunc('${grain}', ts) not in (${units})`;
}

/** Whoever asks for its steps may be another program each time. */
async function stepwise(played: Played, { steps, reopens }: Of<'stepwise'>): Promise<void> {
  const { world, name, log, cover } = played;
  const refused = (error: Error & { readonly code?: string }): undefined => {
    log.push(`  step thrown ${error.code}`);
    cover(`step thrown ${error.code}`);
    expect([...HONEST, 'session-overtaken'], error.message).toContain(error.code);
    played.isRefused = true;
    return undefined;
  };
  const begun = await world.psyberg.session.init({ processName: name }).catch(refused);
  if (begun === undefined) return;
  const { psyberg_session_id: psybergSessionId } = begun.plan;
  const request = { processName: name, psybergSessionId };
  for (const step of SESSION_STEPS.slice(1, steps)) {
    if (reopens) await world.reopen();
    const done = await (step === 'commit'
      ? world.psyberg.session.commit(request).then(({ record }) => record)
      : world.psyberg.session[step](request)
    ).catch(refused);
    if (done === undefined) return;
    log.push(`  ${step} ${done.status}`);
    cover(`${step} ${done.status}`);
  }
  if (steps < 4) await world.psyberg.session.abort(request).catch(() => undefined);
  else if (begun.status !== 'nothing-new' && begun.status !== 'waiting') {
    await noteHeads(played);
    played.isRefused = false;
  }
}

async function restate(played: Played, hours: readonly [number, number] | undefined): Promise<void> {
  const { world, name, log, cover, each } = played;
  const at = (hour: number) => hourAt(hour * hoursApart(each)).slice(0, 13);
  if (!(await isThere(played))) return;
  const before = await world.rows(`select ${columnsOfTarget(each)} from facts.t`);
  try {
    const [record] = await world.psyberg.restate(
      name,
      hours === undefined ? { all: true } : { hours: `${at(hours[0])}..${at(hours[1])}` },
    );
    log.push(`  restate ${record?.status} ${record?.error?.code ?? ''}`);
    cover(`restate ${record?.status} ${record?.error?.code ?? ''}`);
    if (record?.error == null && record?.owed_hours.length === 0 && !played.isRefused)
      cover(
        `restated ${JSON.stringify(before) === JSON.stringify(await world.rows(`select ${columnsOfTarget(each)} from facts.t`))}`,
      );
  } catch (error) {
    const { code, message } = error as Error & { readonly code?: string };
    log.push(`  restate thrown ${code} ${message}`);
    cover(`restate thrown ${code}`);
    expect(code, message).toMatch(/^restate-|^history-expired|^target-|^watermark-|^hours-invalid/);
  }
}

async function adopt(played: Played, { how, between }: Of<'adopt'>): Promise<void> {
  const { world, name, each, log, cover } = played;
  if (!(await isThere(played)) || played.isRefused || played.loadedAt === undefined) return;
  const loadedAt = played.loadedAt;
  if (how === 'renamed') {
    played.names += 1;
    played.name = `load_${played.names}`;
    rmSync(join(world.root, 'processes', `${name}.sql`));
    world.writeProcess(fileOf(each, played.name));
    await world.reopen();
    for (const { side, operation } of between) await change(played, side, operation);
    const { plan } = await world.psyberg.adopt(played.name, new Map(), { from: name });
    log.push(`  renamed, owes ${plan.owed_hours}`);
    return cover('renamed');
  }
  await world.psyberg.retire(name);
  for (const { side, operation } of between) await change(played, side, operation);
  await adoptRetired(played, loadedAt);
}

/** As the hint of a refusal says. */
async function adoptRetired(played: Played, loadedAt: ReadonlyMap<string, string>): Promise<void> {
  const { world, name, log, cover } = played;
  const placed = (now: readonly string[]): Map<string, StartSpec> => {
    const places = new Map<string, StartSpec>();
    for (const [table, snapshot] of loadedAt)
      if (now.includes(table)) places.set(table, { kind: 'now' });
      else if (table !== 'raw.l') places.set(table, { kind: 'snapshot', snapshotId: BigInt(snapshot) });
    return places;
  };
  try {
    const { plan } = await world.psyberg.adopt(name, placed([])).catch(async (error) => {
      if (error.code !== 'adoption-skips-rows') throw error;
      log.push(`  ${error.message} | ${error.hint}`);
      cover('adopted with a lookup that changed');
      const adopted = await world.psyberg.adopt(name, placed(['raw.l']));
      const [record] = await world.psyberg.restate(name, { all: true });
      log.push(`  restated ${record?.status} ${record?.error?.code ?? ''}`);
      if (record?.error != null) played.loadedAt = undefined;
      return adopted;
    });
    log.push(`  adopted, owes ${plan.owed_hours}`);
    cover('adopted');
  } catch (error) {
    const { code, message } = error as Error & { readonly code?: string };
    log.push(`  adopt thrown ${code} ${message}`);
    cover(`adopt thrown ${code}`);
    expect(['start-unknown', 'adoption-hours-unknown', 'adoption-rows-ahead'], message).toContain(code);
    await startAnew(played);
  }
}

async function startAnew(played: Played): Promise<void> {
  await played.world.psyberg.retire(played.name);
  await played.world.sql('drop table facts.t');
  played.loadedAt = undefined;
}

async function rollTarget(played: Played, back: number): Promise<void> {
  if (!(await isThere(played))) return;
  const to = (await played.world.history('facts.t')).at(-1 - back);
  if (to === undefined) return;
  await played.world.rollback('facts.t', to['snapshot-id']);
  played.loadedAt = undefined;
  played.cover('rolled');
}

async function compactTarget(played: Played): Promise<void> {
  const { world, cover, each } = played;
  // What puts the files together knows no partitions.
  if (each.partitioned !== undefined || !(await isThere(played))) return;
  if ((await world.rows('from facts.t limit 1')).length === 0) return;
  await world.changeFiles('facts.t', {
    operation: 'replace',
    remove: (files) => files,
    insert: 'from facts.t',
  });
  cover('compacted');
}

async function replaceLookup(played: Played): Promise<void> {
  const { world, each, ids } = played;
  await world.sql('drop table raw.l');
  await createSource(played, 'l');
  const operation = { kind: 'land', batch: [{ hour: 1, count: 2 }] } as const;
  await applyOperation({ world, table: 'raw.l', shape: each.l, operation, ids });
}

async function maintain({ world }: Played): Promise<void> {
  const options = { olderThanMs: 0, orphanGraceMs: 0, force: true };
  const { tables } = await world.psyberg.maintain(undefined, options);
  expect(tables.filter((table) => table.error !== null)).toEqual([]);
}
