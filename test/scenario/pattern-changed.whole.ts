// Goal: a process that gets another pattern loses no row and keeps none of the former one in silence. Method: the
// header of a process that owes hours is changed; then a restate of all hours, as the hint says.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { RunRecord } from '../../src/index.ts';
import { hourAt, type ProcessFile, processFile, worldForTest } from '../support/world.ts';

const load = (pattern: string, more: object = {}, source: object = {}): ProcessFile =>
  processFile(
    {
      process_name: 'load',
      pattern,
      ...more,
      sources: [{ table: 'raw.events', event_time: 'ts', ...source }],
      target: { table: 'facts.loaded', event_time: 'ts' },
    },
    'select id, ts from events',
  );
const event = (id: number, hour: number): string => `select ${id} as id, timestamptz '${hourAt(hour)}' as ts`;

it('is refused until all hours are computed again; from stateless to stateful it goes on', async () => {
  const world = await worldForTest({ processes: [load('stateful', { catchup: { hours_per_session: 1 } })] });
  const turnInto = async (pattern: string): Promise<void> => {
    world.writeProcess(load(pattern));
    await world.reopen();
  };
  await world.create('raw.events', 'id int, ts timestamptz');
  await world.land('raw.events', `${event(1, 1)} union all ${event(2, 2)} union all select 3, null`);
  expect((await world.publish('load')).owed_hours).toEqual([hourAt(2)]);
  await turnInto('stateless');
  await world.land('raw.events', event(4, 4));
  const refused = { status: 'refused', error: { code: 'pattern-changed' } };
  expect((await world.run())[0]).toMatchObject(refused);
  expect((await world.psyberg.restate('load', { hours: '2023-09-14T01' }))[0]).toMatchObject(refused);
  expect((await world.psyberg.restate('load', { all: true }))[0]).toMatchObject({ status: 'published' });
  await world.publish('load');
  expect(await world.rows('from facts.loaded')).toEqual(await world.rows('from raw.events'));
  await turnInto('stateful');
  await world.sql('delete from raw.events where id = 2');
  await world.publish('load');
  expect(await world.rows('select id from facts.loaded where id is not null')).toEqual(['[1]', '[3]', '[4]']);
  await turnInto('dimension');
  expect((await world.run())[0]).toMatchObject(refused);
  expect((await world.psyberg.restate('load', { all: true }))[0]).toMatchObject({ status: 'published' });
  const ofHours = (table: string) => world.rows(`from ${table} where ts is not null`);
  expect(await ofHours('facts.loaded')).toEqual(await ofHours('raw.events'));
});

it('is refused as well where the target was made by an earlier release, whose snapshots do not name it', async () => {
  const world = await worldForTest({ processes: [load('stateful')] });
  await world.create('raw.events', 'id int, ts timestamptz');
  await world.land('raw.events', event(1, 1));
  await world.publish('load');
  const [made] = await world.history('facts.loaded');
  if (made === undefined) throw new Error('nothing was published');
  const { 'psyberg.pattern': _pattern, ...summary } = made.summary as Record<string, string>;
  const again = {
    ...made,
    'snapshot-id': 7n,
    'parent-snapshot-id': made['snapshot-id'],
    'sequence-number': (made['sequence-number'] ?? 0n) + 1n,
    summary: { operation: 'overwrite', ...summary },
  };
  await world.commit('facts.loaded', [{ action: 'add-snapshot', snapshot: again }]);
  await world.rollback('facts.loaded', 7n);
  await world.expire('facts.loaded', [made['snapshot-id']]);
  await world.land('raw.events', event(2, 2));
  world.writeProcess(load('dimension'));
  await world.reopen();
  expect((await world.run())[0]).toMatchObject({
    status: 'refused',
    error: { code: 'pattern-changed', context: { expected: 'stateful', found: 'dimension' } },
  });
  world.writeProcess(load('stateful'));
  await world.reopen();
  await world.publish('load');
  expect(await world.rows('from facts.loaded')).toEqual(await world.rows('from raw.events'));
});

const hintOf = (records: readonly RunRecord[]) => records[0]?.error?.hint;
async function worldOf(pattern: string, source: object = {}, later = source) {
  const world = await worldForTest({ processes: [load(pattern, {}, source)] });
  await world.create('raw.events', 'id int, ts timestamptz');
  const turnInto = async (to: string, name = 'load'): Promise<void> => {
    const { header, sql } = load(to, {}, later);
    rmSync(join(world.root, 'processes', 'load.sql'), { force: true });
    world.writeProcess(processFile({ ...header, process_name: name }, sql));
    await world.reopen();
  };
  return { world, turnInto };
}

it('of a name that is taken over by a process of another pattern leads on by the pattern of before', async () => {
  const { world, turnInto } = await worldOf('stateful');
  await world.land('raw.events', `${event(1, 1)} union all ${event(2, 2)} union all select 3, null`);
  await world.publish('load');
  await turnInto('stateless', 'b_load');
  const takenOver = () => world.psyberg.adopt('b_load', new Map(), { from: 'load' });
  await expect(takenOver()).rejects.toMatchObject({
    code: 'pattern-changed',
    message: expect.stringMatching(/^b_load is stateless now, and load has made facts.loaded as stateful/),
    hint: expect.stringMatching(
      /^write pattern: stateful in \S+\/b_load.sql for the adoption, .*psyberg restate b_load --all; or drop/,
    ),
  });
  await turnInto('stateful', 'b_load');
  await takenOver();
  await turnInto('stateless', 'b_load');
  expect((await world.psyberg.restate('b_load', { all: true }))[0]).toMatchObject({ status: 'published' });
  await world.land('raw.events', event(4, 4));
  await world.publish('b_load');
  expect(await world.rows('from facts.loaded')).toEqual(await world.rows('from raw.events'));
});

it('with hours that the source has let go leads back to the pattern of before', async () => {
  const { world, turnInto } = await worldOf('stateless', { on_source_change: 'append-added' }, {});
  await world.land('raw.events', [1, 2, 3].map((hour) => event(hour, hour)).join(' union all '));
  await world.publish('load');
  await world.sql('delete from raw.events where id = 1');
  await world.land('raw.events', event(4, 3));
  await world.publish('load');
  await turnInto('dimension');
  expect(hintOf(await world.run())).toContain('psyberg restate load --all');
  const gone = await world.psyberg.restate('load', { all: true });
  expect(gone[0]).toMatchObject({ error: { code: 'restate-hours-gone' } });
  expect(hintOf(gone)).toMatch(
    /^write pattern: stateless in \S+\/load.sql again, and on_source_change: append-added .*; or drop facts.loaded and run "psyberg run load"/,
  );
  await world.sql('drop table facts.loaded');
  await world.publish('load');
  expect(await world.rows('select id from facts.loaded')).toEqual(['[2]', '[3]', '[4]']);
});

it('of an adoption alone is refused only where hours are owed, and can be adopted anew', async () => {
  const { world, turnInto } = await worldOf('stateful', {
    vtts: { sql: 'select max(up_to) from raw.complete' },
  });
  await world.create('raw.complete', 'up_to timestamptz');
  const completeTo = (hour: number) =>
    world.land('raw.complete', `select timestamptz '${hourAt(hour)}' as up_to`);
  await world.land('raw.events', [1, 2].map((hour) => event(hour, hour)).join(' union all '));
  await completeTo(2);
  await world.create('facts.loaded', 'id int, ts timestamptz');
  await world.land('facts.loaded', 'from raw.events');
  await world.psyberg.adopt('load');
  await turnInto('stateless');
  const [refused] = await world.run();
  expect(refused?.error).toMatchObject({
    code: 'pattern-changed',
    message: expect.stringMatching(/has adopted facts.loaded as stateful, of which it owes 1 hours/),
    hint: expect.stringContaining('psyberg retire load, then psyberg adopt load --at now'),
  });
  await world.psyberg.retire('load');
  await world.psyberg.adopt('load', new Map([['', { kind: 'now' }]]));
  await world.land('raw.events', event(3, 3));
  await world.publish('load');
  expect(await world.rows('from facts.loaded')).toEqual(await world.rows('from raw.events'));

  await world.psyberg.retire('load');
  await completeTo(4);
  await turnInto('stateful');
  await world.psyberg.adopt('load');
  await turnInto('stateless');
  await world.land('raw.events', event(4, 2));
  await world.publish('load');
  expect(await world.rows('from facts.loaded')).toEqual(await world.rows('from raw.events'));
  await turnInto('dimension');
  expect((await world.run())[0]?.error).toMatchObject({
    message: expect.stringContaining('has made facts.loaded as stateless:'),
  });
});

it('of a source that is new, or expired, is led round by the pattern of before', async () => {
  const both = (pattern: string): ProcessFile => {
    const { header, sql } = load(pattern);
    const sources = ['raw.events', 'raw.more'].map((table) => ({ table, event_time: 'ts' }));
    return processFile({ ...header, sources }, `${sql} union all select id, ts from more`);
  };
  const world = await worldForTest({ processes: [load('stateful')] });
  for (const table of ['raw.events', 'raw.more']) await world.create(table, 'id int, ts timestamptz');
  await world.land('raw.events', event(1, 1));
  await world.land('raw.more', event(2, 1));
  await world.publish('load');
  const as = async (process: ProcessFile): Promise<void> => {
    world.writeProcess(process);
    await world.reopen();
  };
  const restated = () => world.psyberg.restate('load', { all: true });
  await as(both('dimension'));
  const unread = await restated();
  expect(unread[0]?.error?.code).toBe('restate-source-unread');
  const round =
    /^write pattern: stateful in \S+\/load.sql again and run "psyberg run load" .*then pattern: dim/;
  expect(hintOf(unread)).toMatch(round);
  await as(both('stateful'));
  await world.publish('load');
  await as(both('dimension'));
  const [place] = (await world.history('raw.more')).map((snapshot) => snapshot['snapshot-id']);
  await world.land('raw.more', event(3, 1));
  await world.commit('raw.more', [
    { action: 'remove-snapshot-ref', 'ref-name': 'psyberg_load' },
    { action: 'remove-snapshots', 'snapshot-ids': [place as bigint] },
  ]);
  const expired = await restated();
  expect(expired[0]?.error?.code).toBe('restate-source-gone');
  expect(hintOf(expired)).toMatch(round);
  await as(both('stateful'));
  await world.publish('load');
  await as(both('dimension'));
  expect((await restated())[0]).toMatchObject({ status: 'published' });
  expect(await world.rows('from facts.loaded')).toEqual(
    await world.rows('from raw.events union all from raw.more'),
  );
});
