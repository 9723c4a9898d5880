// Goal: a process begins where it is told to, or takes over a table that is there, and from then on nothing
// is lost or loaded twice. Method: starts of every kind, then sessions.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PsybergError } from '../../src/index.ts';
import { appendLoad, events, overwriteLoad, runOne, snapshotIds } from '../support/event-tables.ts';
import { orphans } from '../support/orphans.ts';
import { hourAt, hourNumbers, processFile, type World, worldForTest } from '../support/world.ts';

const EVENTS = 'id bigint, ts timestamptz';

async function filledWorld(source: object): Promise<World> {
  const world = await worldForTest({ processes: [appendLoad(source), overwriteLoad(source)] });
  await world.create('raw.events', EVENTS, { partitionedBy: 'hour(ts)' });
  await world.land('raw.events', events(0, 5, 0));
  await world.land('raw.events', events(10, 5, 1));
  return world;
}
const bothLoad = processFile(
  {
    process_name: 'both_load',
    pattern: 'stateful',
    sources: [
      { table: 'raw.a', event_time: 'ts' },
      { table: 'raw.b', event_time: 'ts' },
    ],
    target: { table: 'facts.both', event_time: 'ts' },
  },
  'select id, ts from a union all select id, ts from b',
);
const appendedIds = (world: World) => world.rows('select distinct id // 10 from facts.appended');

describe('start', () => {
  it('now: the first session records where it began, so that what lands next is loaded whole', async () => {
    const world = await filledWorld({ start: 'now' });
    const plan = await world.plan('append_load');
    expect(plan).toMatchObject({
      status: 'work',
      sources: [
        {
          watermark: null,
          start: { snapshot_id: String((await snapshotIds(world))[1]) },
          files: 0,
          rows: '0',
        },
      ],
    });
    expect(await runOne(world, 'append_load')).toMatchObject({
      status: 'published',
      rows_read: '0',
      rows_written: '0',
    });
    // A stateful process begins with the newest complete hour.
    expect(hourNumbers((await world.plan('overwrite_load')).hours)).toEqual([1]);
    await world.publish('overwrite_load');
    expect((await world.run()).map((record) => record.status)).toEqual(['nothing-new', 'nothing-new']);
    await world.land('raw.events', events(20, 5, 0));
    await world.land('raw.events', events(30, 5, 2));
    expect(await runOne(world, 'append_load')).toMatchObject({ rows_read: '10' });
    expect(await appendedIds(world)).toEqual(['["2"]', '["3"]']);
    expect(hourNumbers((await world.plan('overwrite_load')).hours)).toEqual([0, 1, 2]);
    await world.publish('overwrite_load');
    expect(await world.rows('select id, ts from facts.overwritten')).toEqual(
      await world.rows('select id, ts from raw.events'),
    );
  });

  it('now, on a source without rows, waits for the first of them', async () => {
    const world = await worldForTest({ processes: [appendLoad({ start: 'now' })] });
    await world.create('raw.events', EVENTS);
    expect((await runOne(world, 'append_load')).status).toBe('waiting');
    await world.land('raw.events', events(0, 5, 0));
    expect(await runOne(world, 'append_load')).toMatchObject({ status: 'published', rows_read: '0' });
    await world.land('raw.events', events(10, 5, 0));
    expect(await runOne(world, 'append_load')).toMatchObject({ status: 'published', rows_read: '5' });
  });

  it('a snapshot or a timestamp: what came after is loaded; one that is not known is refused', async () => {
    const world = await filledWorld({});
    await world.land('raw.events', events(20, 5, 1));
    const [first, second] = await world.history('raw.events');
    const reopen = async (start: string): Promise<void> => {
      world.writeProcess(appendLoad({ start }));
      world.writeProcess(overwriteLoad({ start }));
      await world.reopen();
    };
    await reopen(String(second?.['snapshot-id']));
    expect((await world.plan('append_load')).sources[0]).toMatchObject({
      rows: '5',
      detected_by: 'snapshots',
    });
    expect(hourNumbers((await world.plan('overwrite_load')).hours)).toEqual([1]);
    await reopen(new Date(first?.['timestamp-ms'] as number).toISOString());
    expect((await world.plan('append_load')).sources[0]).toMatchObject({
      start: { snapshot_id: String(first?.['snapshot-id']) },
      rows: '10',
    });
    await reopen('2001-01-01');
    expect((await world.plan('append_load')).sources[0]).toMatchObject({
      start: null,
      detected_by: 'first-load',
      rows: '15',
    });
    await reopen('12345');
    await expect(world.plan('append_load')).rejects.toMatchObject({ code: 'start-unknown', kind: 'usage' });
    await world.expire('raw.events', [first?.['snapshot-id'] as bigint]);
    await reopen('2001-01-01');
    await expect(world.plan('append_load')).rejects.toMatchObject({ code: 'start-unknown' });
    await reopen(String(second?.['snapshot-id']));
    expect(await runOne(world, 'append_load')).toMatchObject({ status: 'published', rows_read: '5' });
    expect(await appendedIds(world)).toEqual(['["2"]']);
  });
});

describe('an adopted target', () => {
  it('goes on from the snapshots it is given, in one commit and without a file touched; a second adoption is refused', async () => {
    const world = await filledWorld({});
    await expect(world.psyberg.adopt('append_load')).rejects.toMatchObject({
      code: 'target-missing',
      kind: 'usage',
    });
    await world.sql(
      "create schema if not exists facts; create table facts.appended (id bigint, ts timestamptz) with ('format-version' = '2')",
    );
    await world.sql('insert into facts.appended select id, ts from raw.events');
    await world.land('raw.events', events(20, 5, 2));
    await world.land('raw.events', events(30, 5, 3));
    const at = (await world.history('raw.events'))[1]?.['snapshot-id'] as bigint;
    const files = await world.rows('select distinct filename from facts.appended');
    await expect(
      world.psyberg.adopt('append_load', new Map([['raw.other', { kind: 'now' }]])),
    ).rejects.toMatchObject({ code: 'usage', kind: 'usage' });
    const { record } = await world.psyberg.adopt(
      'append_load',
      new Map([['raw.events', { kind: 'snapshot', snapshotId: at }]]),
    );
    expect(record).toMatchObject({ status: 'published', rows_read: '0', rows_written: '0' });
    const history = await world.history('facts.appended');
    expect(history).toHaveLength(2);
    expect(history[1]?.summary).toMatchObject({
      operation: 'append',
      'added-data-files': '0',
      'total-records': '10',
      'psyberg.process-name': 'append_load',
    });
    expect(await world.rows('select distinct filename from facts.appended')).toEqual(files);
    expect(await world.rows('select status, target_table from psyberg.psyberg_session_f')).toEqual([
      '["adopted","facts.appended"]',
    ]);
    expect(
      await world.rows('select src_table, snapshot_id::varchar from psyberg.high_water_mark_table'),
    ).toEqual([`["raw.events","${at}"]`]);
    await expect(world.psyberg.adopt('append_load')).rejects.toMatchObject({
      code: 'target-has-history',
      kind: 'refused',
    });
    expect(await runOne(world, 'append_load')).toMatchObject({ status: 'published', rows_read: '10' });
    expect(await world.rows('select id, ts from facts.appended')).toEqual(
      await world.rows('select id, ts from raw.events'),
    );
    expect((await world.metadata('raw.events')).refs?.['psyberg_append_load']).toMatchObject({
      type: 'tag',
      'snapshot-id': (await snapshotIds(world)).at(-1),
    });
  });

  it('that could not be published is as it was, and no file is left', async () => {
    const world = await filledWorld({});
    await world.sql(
      "create schema if not exists facts; create table facts.appended (id bigint, ts timestamptz) with ('format-version' = '2')",
    );
    await world.sql('insert into facts.appended select id, ts from raw.events');
    const { client } = world.psyberg.internals;
    const commit = client.commitTransaction.bind(client);
    client.commitTransaction = () => Promise.reject(new PsybergError('forbidden', 'not you'));
    await expect(world.psyberg.adopt('append_load')).rejects.toMatchObject({ code: 'forbidden' });
    client.commitTransaction = commit;
    expect(await world.history('facts.appended')).toHaveLength(1);
    expect(await orphans(world)).toEqual([]);
    await world.psyberg.adopt('append_load');
    expect(await orphans(world)).toEqual([]);
    expect((await world.plan('append_load')).status).toBe('nothing-new');
  });

  it('of a stateful process recomputes only what changed since', async () => {
    const world = await filledWorld({});
    await world.psyberg.internals.client.createNamespace(['facts']);
    await world.sql(
      "create table facts.overwritten (id bigint, ts timestamptz) partitioned by (hour(ts)) with ('format-version' = '2')",
    );
    await world.sql('insert into facts.overwritten select id, ts from raw.events');
    await world.psyberg.adopt('overwrite_load');
    expect((await world.plan('overwrite_load')).status).toBe('nothing-new');
    await world.land('raw.events', events(20, 5, 0));
    const plan = await world.plan('overwrite_load');
    expect(hourNumbers(plan.hours)).toEqual([0]);
    expect(plan.target.complete_to_hour).toBe(hourAt(1));
    await world.publish('overwrite_load');
    expect(await world.rows('select id, ts from facts.overwritten')).toEqual(
      await world.rows('select id, ts from raw.events'),
    );
  });

  it('owes no hour that a signal says is complete', async () => {
    const below = processFile(
      {
        process_name: 'below',
        pattern: 'stateful',
        sources: [{ table: 'facts.appended', event_time: 'ts', vtts: { from: 'signal' } }],
        target: { table: 'facts.below', event_time: 'ts' },
      },
      'select id, ts from appended',
    );
    const world = await worldForTest({ processes: [appendLoad(), below] });
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', events(0, 5, 0));
    await world.publish('append_load');
    await world.publish('below');
    await world.psyberg.retire('below');
    const { plan } = await world.psyberg.adopt('below');
    expect(plan).toMatchObject({ owed_hours: [], sources: [{ vtts_hour: hourAt(0) }] });
    expect((await runOne(world, 'below')).status).toBe('nothing-new');
  });

  it('owes the hours that were not complete at an older place, whatever a signal says now', async () => {
    const joined = processFile(
      {
        process_name: 'both_load',
        pattern: 'stateful',
        sources: [
          { table: 'raw.a', event_time: 'ts' },
          { table: 'facts.appended', event_time: 'ts', vtts: { from: 'signal' } },
        ],
        target: { table: 'facts.both', event_time: 'ts' },
      },
      'select id, ts from a union all select id, ts from appended',
    );
    const world = await worldForTest({ processes: [appendLoad(), joined] });
    for (const table of ['raw.a', 'raw.events', 'facts.both']) await world.create(table, EVENTS);
    const hours = (...all: readonly number[]) =>
      all.map((hour) => events(hour * 10, 2, hour)).join(' union all ');
    await world.land('raw.a', hours(0, 1, 2, 3));
    await world.land('raw.events', hours(0, 1));
    await world.publish('append_load');
    const [place] = await snapshotIds(world, 'facts.appended');
    const whole = 'select id, ts from raw.a union all select id, ts from facts.appended';
    await world.sql(`insert into facts.both from (${whole}) where ts < timestamptz '${hourAt(2)}'`);
    await world.land('raw.events', hours(4));
    await world.publish('append_load');
    const places = new Map([['facts.appended', { kind: 'snapshot', snapshotId: place as bigint } as const]]);
    const { plan } = await world.psyberg.adopt('both_load', places);
    expect(hourNumbers(plan.owed_hours)).toEqual([2, 3]);
    await world.land('raw.a', hours(4));
    await world.publish('both_load');
    expect(await world.rows('select id, ts from facts.both')).toEqual(await world.rows(whole));
  });

  it('is refused while no hour is known to be complete: all of them would be owed', async () => {
    const world = await worldForTest({ processes: [bothLoad] });
    for (const table of ['raw.a', 'raw.b', 'facts.both']) await world.create(table, EVENTS);
    await world.land('raw.a', events(0, 5, 0));
    await world.sql('insert into facts.both select id, ts from raw.a');
    await expect(world.psyberg.adopt('both_load')).rejects.toMatchObject({
      code: 'adoption-hours-unknown',
      kind: 'refused',
      message: expect.stringContaining('raw.b'),
    });
    await world.land('raw.b', events(10, 5, 0));
    expect((await world.psyberg.adopt('both_load')).plan.owed_hours).toEqual([]);
  });

  it('owes the hours that were not complete: of some nothing comes again', async () => {
    const world = await worldForTest({ processes: [bothLoad] });
    for (const table of ['raw.a', 'raw.b', 'facts.both']) await world.create(table, EVENTS);
    const hours = (...all: readonly number[]) =>
      all.map((hour) => events(hour * 10, 2, hour)).join(' union all ');
    await world.land('raw.a', hours(0, 1, 2, 3, 4, 60));
    await world.land('raw.b', hours(0, 1));
    const whole = 'select id, ts from raw.a union all select id, ts from raw.b';
    // By whoever loads complete hours only, as the process itself does before it is retired.
    await world.sql(`insert into facts.both from (${whole}) where ts < timestamptz '${hourAt(2)}'`);
    world.nowMs = Date.parse(hourAt(20));
    const { plan } = await world.psyberg.adopt('both_load');
    expect([hourNumbers(plan.owed_hours), plan.sources.map(({ rows }) => rows)]).toEqual([
      [2, 3, 4, 60],
      ['0', '0'],
    ]);
    expect((await world.plan('both_load')).status).toBe('waiting');
    await world.land('raw.b', hours(4));
    expect(hourNumbers((await world.publish('both_load')).owed_hours)).toEqual([60]);
    world.nowMs = Date.parse(hourAt(70));
    await world.land('raw.b', hours(61));
    await world.publish('both_load');
    expect(await world.rows('select id, ts from facts.both')).toEqual(
      await world.rows(`from (${whole}) where ts < timestamptz '${hourAt(61)}'`),
    );
  });

  it('takes off what its target held of hours that are complete later, also where their rows went', async () => {
    const { header, sql } = bothLoad;
    const world = await worldForTest({ processes: [{ header: { ...header, hours: 'touched' }, sql }] });
    for (const table of ['raw.a', 'raw.b']) await world.create(table, EVENTS, { partitionedBy: 'hour(ts)' });
    await world.create('facts.both', EVENTS);
    await world.land('raw.a', `${events(0, 1, 0)} union all ${events(30, 1, 3)}`);
    await world.land('raw.b', events(10, 1, 1));
    const whole = 'select id, ts from raw.a union all select id, ts from raw.b';
    await world.sql(`insert into facts.both from (${whole}) union all from (${events(99, 1, 4)})`);
    // Of that hour no source has a row that would bring it to a session.
    await expect(world.psyberg.adopt('both_load')).rejects.toMatchObject({
      code: 'adoption-rows-ahead',
      message: expect.stringContaining('2023-09-14T04'),
    });
    await world.sql('delete from facts.both where id = 99');
    expect(hourNumbers((await world.psyberg.adopt('both_load')).plan.owed_hours)).toEqual([3]);
    await world.sql('delete from raw.a where id = 30');
    await world.land('raw.b', events(11, 1, 0));
    expect(hourNumbers((await world.publish('both_load')).owed_hours)).toEqual([3]);
    for (const table of ['raw.a', 'raw.b']) await world.land(table, events(50, 1, 5));
    await world.publish('both_load');
    expect(await world.rows('select id, ts from facts.both')).toEqual(await world.rows(whole));
  });

  it('takes them off also when the snapshot of the adoption is expired, and under another name', async () => {
    const { header, sql } = bothLoad;
    const named = (processName: string) => ({
      header: { ...header, process_name: processName, hours: 'touched' },
      sql,
    });
    const world = await worldForTest({ processes: [named('both_load')] });
    for (const table of ['raw.a', 'raw.b', 'facts.both'])
      await world.create(table, EVENTS, { partitionedBy: 'hour(ts)' });
    const hours = (...all: readonly number[]) =>
      all.map((hour) => events(hour * 10, 1, hour)).join(' union all ');
    await world.land('raw.a', hours(0, 1, 2, 3));
    await world.land('raw.b', hours(0, 1));
    const whole = 'select id, ts from raw.a union all select id, ts from raw.b';
    await world.sql(`insert into facts.both ${whole}`);
    expect(hourNumbers((await world.psyberg.adopt('both_load')).plan.owed_hours)).toEqual([2, 3]);
    // As an earlier release adopted it.
    await world.commit('facts.both', [
      { action: 'remove-properties', removals: ['psyberg.adopted.both_load'] },
    ]);
    await world.land('raw.b', events(11, 1, 0));
    await world.publish('both_load');
    const expireOlder = async () => {
      const ids = await snapshotIds(world, 'facts.both');
      await world.expire('facts.both', ids.slice(0, -1));
    };
    await expireOlder();
    await world.sql('delete from raw.a where id = 30');
    await world.land('raw.b', hours(2));
    expect(hourNumbers((await world.publish('both_load')).owed_hours)).toEqual([3]);
    const [verified] = await world.psyberg.verify();
    expect(verified).toMatchObject({ status: 'equal', extra: '0' });
    expect(verified?.notes.join()).toContain('were there when both_load adopted it');
    rmSync(join(world.root, 'processes/both_load.sql'));
    world.writeProcess(named('load_both'));
    await world.reopen();
    await world.psyberg.adopt('load_both', new Map(), { from: 'both_load' });
    const { properties = {}, 'table-uuid': uuid } = await world.metadata('facts.both');
    expect(Object.entries(properties).filter(([name]) => name.startsWith('psyberg.adopted.'))).toEqual([
      ['psyberg.adopted.load_both', uuid],
    ]);
    await expireOlder();
    for (const table of ['raw.a', 'raw.b']) await world.land(table, hours(5));
    await world.publish('load_both');
    expect(await world.rows('select id, ts from facts.both')).toEqual(await world.rows(whole));
  });
});
