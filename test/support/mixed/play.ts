/** Plays a mixed history step by step, and holds each session's work against plain SQL. */

import { expect } from 'vitest';
import type { RunRecord } from '../../../src/index.ts';
import { applyOperation } from '../apply-operation.ts';
import { BeyondDuckdb, isBeyondDuckdb } from '../beyond-duckdb.ts';
import { type History, NAMES, type Name, type Step } from './history.ts';
import { compare, judge, note } from './judge.ts';
import { hourOf, isThere, openPlayed, PASSES, type Played, shapeOf, TOGGLE } from './played.ts';
import { filesOf } from './processes.ts';

type Of<K extends Step['kind']> = Extract<Step, { kind: K }>;

const LAST: Of<'session'> = { kind: 'session', only: undefined, jobs: 1, untilComplete: true };

export async function playMixed(each: History, cover: (what: string) => void): Promise<void> {
  const played = await openPlayed(each, cover);
  try {
    for (const step of [...each.steps, LAST]) {
      played.log.push(JSON.stringify(step));
      await playStep(played, step);
    }
    cover('history');
  } catch (error) {
    if (error instanceof BeyondDuckdb) return cover('given up: DuckDB cannot read a source');
    (error as Error).message += `\n${played.log.join('\n')}`;
    throw error;
  } finally {
    await played.world.close();
  }
}

function playStep(played: Played, step: Step): Promise<void> {
  switch (step.kind) {
    case 'change':
      return changeSource(played, step);
    case 'complete':
      return sayComplete(played, step);
    case 'clock':
      played.world.nowMs = (played.world.nowMs as number) + step.hours * 3_600_000;
      return Promise.resolve();
    case 'session':
      return session(played, step);
    case 'failed-session':
      return failedSession(played, step);
    case 'restate':
      return restate(played, step);
    case 'correct':
      return correct(played, step);
    case 'roll-target':
      return rollTarget(played, step);
    case 'compact-target':
      return compactTarget(played, step);
    case 'expire-target':
      return expireTarget(played, step);
    case 'maintain':
      return maintain(played);
  }
}

async function changeSource(played: Played, { side, operation }: Of<'change'>): Promise<void> {
  const { world, ids, cover } = played;
  const table = `raw.${side}`;
  try {
    const done = await applyOperation({ world, table, shape: shapeOf(played, side), operation, ids });
    await world.sql(`select id from ${table}`);
    if (done !== undefined) cover(`${operation.kind === 'in-one-gap' ? 'in one gap' : done} of ${side}`);
  } catch (error) {
    throw isBeyondDuckdb(error) ? new BeyondDuckdb(error.message, { cause: error }) : error;
  }
}

async function sayComplete(played: Played, { hour }: Of<'complete'>): Promise<void> {
  if (hour === null || hour <= played.complete) return;
  played.complete = hour;
  await played.world.sql(`insert into aux.complete values (timestamptz '${hourOf(played, hour + 1)}')`);
}

async function session(played: Played, { only, jobs, untilComplete }: Of<'session'>): Promise<void> {
  const names = only === undefined ? undefined : [only];
  const last = judge(played, await played.world.psyberg.run(names, { jobs, untilComplete }));
  for (const [process, record] of last)
    if (['published', 'nothing-new', 'waiting'].includes(record.status))
      await compare(played, process, record);
}

/** An audit that fails leaves every target as it was. */
async function failedSession(played: Played, { jobs }: Of<'failed-session'>): Promise<void> {
  const { world } = played;
  const rowsOf = async (process: Name) =>
    (await isThere(played, process)) ? world.rows(`from facts.${process}`) : [];
  const before = await Promise.all(NAMES.map(rowsOf));
  world.write(TOGGLE, 'select 1 as bad');
  await world.reopen();
  judge(played, await world.psyberg.run(undefined, { jobs }), 'audit-failed');
  world.write(TOGGLE, PASSES);
  await world.reopen();
  expect(await Promise.all(NAMES.map(rowsOf))).toEqual(before);
}

const REFUSED_RESTATES = [
  'restate-source-gone',
  'restate-source-unread',
  'history-expired',
  'restate-hours-gone',
  'restate-target-changed',
];

/** What a restate gave, none where it was refused for a reason of `refusals`. */
async function recordsOf(
  played: Played,
  what: string,
  restated: Promise<RunRecord[]>,
  refusals: readonly string[],
): Promise<RunRecord[]> {
  const { log, cover } = played;
  return restated.catch((error: Error & { readonly code?: string }) => {
    log.push(`${what} thrown ${error.code}`);
    cover(`${what} thrown ${error.code}`);
    expect(refusals, error.message).toContain(error.code);
    return [];
  });
}

/** Of processes below the restated one a refusal is remembered: their targets are as they were. */
function noteRestated(played: Played, restated: Name, records: readonly RunRecord[]): void {
  for (const record of records) {
    note(played, record);
    if (record.process_name !== restated && record.status === 'refused')
      played.refused.add(record.process_name);
  }
}

/** With the same SQL a restate changes nothing. */
async function restate(played: Played, { name, hours, downstream, atomic }: Of<'restate'>): Promise<void> {
  const { world, refused } = played;
  const at = (hour: number) => hourOf(played, hour).slice(0, 13);
  const isKnown = (await isThere(played, name)) && !played.isMixed;
  const before = isKnown ? await world.rows(`from facts.${name}`) : undefined;
  const restated = world.psyberg.restate(name, {
    ...(hours === undefined ? { all: true } : { hours: `${at(hours[0])}..${at(hours[1])}` }),
    downstream,
    ...(downstream && atomic ? { atomic: true } : {}),
  });
  const refusals = ['restate-hours-beyond', ...REFUSED_RESTATES];
  const records = await recordsOf(played, `restate ${name}`, restated, refusals);
  noteRestated(played, name, records);
  if (before !== undefined && name !== 'state' && !refused.has(name))
    expect(await world.rows(`from facts.${name}`)).toEqual(before);
  if (!downstream) return;
  for (const record of records)
    if (record.process_name !== name && record.status === 'published')
      await compare(played, record.process_name as Name);
}

/** Sums by another factor: hours of both stand in the target until all of them are restated. */
async function correct(played: Played, step: Of<'correct'>): Promise<void> {
  const { each, world } = played;
  if (played.factor === step.factor || !(await isThere(played, 'sums'))) return;
  played.factor = step.factor;
  for (const file of filesOf(each, step.factor)) world.writeProcess(file);
  await world.reopen();
  played.isMixed = true;
  if (step.runFirst) judge(played, await world.psyberg.run());
  const restated = world.psyberg.restate('sums', {
    ...(step.changed ? { changedSql: true } : { all: true }),
    downstream: step.downstream,
    ...(step.downstream && step.atomic ? { atomic: true } : {}),
  });
  const refusals = ['restate-hours-unknown', ...REFUSED_RESTATES];
  const records = await recordsOf(played, 'correct', restated, refusals);
  noteRestated(played, 'sums', records);
  const ofSums = records.filter(({ process_name }) => process_name === 'sums');
  if (ofSums.some(({ status }) => status === 'published' || status === 'nothing-new')) played.isMixed = false;
}

async function rollTarget(played: Played, { name, back }: Of<'roll-target'>): Promise<void> {
  if (!(await isThere(played, name))) return;
  const to = (await played.world.history(`facts.${name}`)).at(-1 - back);
  if (to === undefined) return;
  await played.world.rollback(`facts.${name}`, to['snapshot-id']);
  played.cover(`rolled ${name}`);
}

async function compactTarget(played: Played, { name }: Of<'compact-target'>): Promise<void> {
  const { world, cover } = played;
  const table = `facts.${name}`;
  if (!(await isThere(played, name)) || (await world.rows(`from ${table} limit 1`)).length === 0) return;
  await world.changeFiles(table, { operation: 'replace', remove: (files) => files, insert: `from ${table}` });
  cover(`compacted ${name}`);
}

/** All snapshots go but the last one and those that a branch or tag holds. */
async function expireTarget(played: Played, { name }: Of<'expire-target'>): Promise<void> {
  if (!(await isThere(played, name))) return;
  const { snapshots = [], refs = {} } = await played.world.metadata(`facts.${name}`);
  const held = new Set(Object.values(refs).map((ref) => ref['snapshot-id']));
  const gone = snapshots.slice(0, -1).map((snapshot) => snapshot['snapshot-id']);
  const free = gone.filter((id) => !held.has(id));
  if (free.length > 0) await played.world.expire(`facts.${name}`, free);
}

async function maintain({ world }: Played): Promise<void> {
  const options = { olderThanMs: 0, orphanGraceMs: 0, force: true };
  const { tables } = await world.psyberg.maintain(undefined, options);
  expect(tables.filter((table) => table.error !== null)).toEqual([]);
}
