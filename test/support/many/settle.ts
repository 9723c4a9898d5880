/** One run more, undisturbed, and whether every target is its SQL over whole tables then. */
import { expect } from 'vitest';
import type { RunRecord } from '../../../src/index.ts';
import { compare } from '../mixed/judge.ts';
import { orphans } from '../orphans.ts';
import { hourAt } from '../world.ts';
import { startCommand } from './command.ts';
import type { Process } from './history.ts';
import type { Many } from './many.ts';

/** What a process may be refused for, since this history did it to a source or a target. */
const HONEST: ReadonlySet<string> = new Set([
  'history-expired',
  'source-changed',
  'source-rewound',
  'restate-source-gone',
  'target-not-empty',
  'upstream-failed',
  'together-failed',
]);
/** The same where a target was rolled back. */
const OF_ROLLED: ReadonlySet<string> = new Set([
  'target-rewound',
  'watermark-contradiction',
  'watermark-lost',
]);

export const isHonest = ({ each: { rounds } }: Many, code: string): boolean =>
  HONEST.has(code) ||
  (OF_ROLLED.has(code) && rounds.some(({ foreign }) => foreign.some(({ kind }) => kind === 'roll-target')));
export async function settle(many: Many): Promise<void> {
  const { world } = many.played;
  let records = await runAll(many);
  // A process that was ended finds rows that nobody knows of.
  const left = records.filter(
    ({ process_name: name, error }) => many.retired.has(name) && error?.code === 'target-not-empty',
  );
  if (left.length > 0) {
    for (const { target } of left) await world.sql(`drop table ${target}`);
    many.log(`dropped ${left.map(({ target }) => target)}`);
    many.cover('target of a retired process dropped');
    records = await runAll(many);
  }
  await judgeSettled(many, records);
}

const DAYS_SECONDS = 27 * 3600;

async function runAll(many: Many): Promise<RunRecord[]> {
  const { played, clocks } = many;
  const { world } = played;
  const started = startCommand(['run', '--until-complete'], {
    fate: { kind: 'ends' },
    cwd: world.root,
    environment: clocks.here.environment,
  });
  const ended = await started.ended;
  const records = [...(ended.json?.runs ?? [])];
  const told = records.map(
    ({ process_name, status, error }) => `${process_name} ${status} ${error?.code ?? ''}`,
  );
  many.log(`settled ${ended.code}: ${told.join(', ')}`);
  expect(records.length, `${ended.code} ${JSON.stringify(ended.json)} ${ended.stderr}`).toBeGreaterThan(0);
  return records;
}

async function judgeSettled(many: Many, records: readonly RunRecord[]): Promise<void> {
  const { played } = many;
  const { refused } = played;
  for (const record of records) {
    const code = record.error?.code ?? '';
    if (record.status === 'refused' || record.status === 'failed') {
      expect(isHonest(many, code), JSON.stringify(record, undefined, 1)).toBe(true);
      many.cover(`settled: ${record.status} ${code}`);
      if (code !== 'upstream-failed') refused.add(record.process_name);
    } else {
      expect(['published', 'nothing-new', 'waiting'], JSON.stringify(record)).toContain(record.status);
      refused.delete(record.process_name);
    }
  }
  const last = new Map(records.map((record) => [record.process_name as Process, record]));
  for (const [name, record] of last) {
    if (!['published', 'nothing-new', 'waiting'].includes(record.status)) continue;
    many.cover(`compared ${name}`);
    if (name === 'orders' || name === 'by_hour') await compareOrders(many, name);
    else await compare(played, name, record);
  }
}

async function compareOrders(many: Many, name: Process): Promise<void> {
  const { world } = many.played;
  const values = many.orders.map(
    ({ id, hour }) => `(${id}::bigint, timestamptz '${hourAt(hour)}' + interval 10 minutes)`,
  );
  const wanted = `select * from (values ${values.join(', ')}) as t(id, ts)`;
  if (name === 'orders') {
    expect(await world.rows('select id, ts from facts.orders'), name).toEqual(await world.rows(wanted));
    return;
  }
  expect(await world.rows('select ts, n, ids from facts.by_hour'), name).toEqual(
    await world.rows(
      `select date_trunc('hour', ts) as ts, count(*) as n, sum(id)::bigint as ids from (${wanted}) group by 1`,
    ),
  );
}

/** A day later nobody is at work any more, and what they left goes. */
export async function expectNothingLeft(many: Many): Promise<void> {
  const { world, refused } = many.played;
  many.movedSeconds += DAYS_SECONDS;
  many.clocks.here.moveBy(many.movedSeconds);
  await settle(many);
  const maintained = await startCommand(['maintain'], {
    fate: { kind: 'ends' },
    cwd: world.root,
    environment: many.clocks.here.environment,
  }).ended;
  expect(maintained.code, `${JSON.stringify(maintained.json)}\n${maintained.stderr}`).toBe(0);
  await settle(many);
  if (refused.size > 0) return;
  expect(await world.leftovers()).toEqual([]);
  // What others expire or replace without deleting it is theirs.
  const others = ['expire-target', 'compact-target', 'roll-target'];
  if (many.each.rounds.some(({ foreign }) => foreign.some(({ kind }) => others.includes(kind)))) return;
  // Files that carry a session's name. Metadata files are told by their times, which the moved clocks are not.
  const left = (await orphans(world)).filter((path) => /\/(data|metadata)\/psyberg_/.test(path));
  expect(left).toEqual([]);
  many.cover('no orphans');
}
