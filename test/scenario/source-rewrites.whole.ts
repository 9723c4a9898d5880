// Goal: rows of a source that are rewritten, replaced or compacted are neither lost nor doubled in silence. Method:
// the operations of other engines made as commits, then a session.
import { describe, expect, it } from 'vitest';
import {
  appended,
  appendLoad,
  events,
  eventWorld,
  inSource,
  overwriteLoad,
  overwritten,
  runOne,
} from '../support/event-tables.ts';
import { hourAt, hourNumbers, type World, worldForTest } from '../support/world.ts';

const EVENTS = 'id bigint, ts timestamptz';

describe('a compaction', () => {
  it('committed as replace is no news', async () => {
    const world = await eventWorld();
    await world.changeFiles('raw.events', {
      operation: 'replace',
      remove: (files) => files,
      insert: 'select * from raw.events',
    });
    const plan = await world.plan('overwrite_load');
    expect(plan).toMatchObject({
      status: 'nothing-new',
      sources: [
        {
          detected_by: 'snapshots',
          changes: [{ operation: 'replace', counted: false, added_rows: '10', removed_rows: '10' }],
        },
      ],
    });
    expect((await world.run()).map((record) => record.status)).toEqual(['nothing-new', 'nothing-new']);
    await world.land('raw.events', events(20, 5, 1));
    expect(await world.publish('append_load')).toMatchObject({ rows_read: '5' });
    expect((await world.publish('overwrite_load')).range).toEqual({
      first_hour: hourAt(1),
      last_hour: hourAt(1),
    });
    expect(await appended(world)).toEqual(await inSource(world));
    expect(await overwritten(world)).toEqual(await inSource(world));
  });

  it('of files that are new themselves loses none of their rows', async () => {
    const world = await eventWorld();
    await world.land('raw.events', events(20, 5, 1));
    await world.changeFiles('raw.events', {
      operation: 'replace',
      remove: (files) => files,
      insert: 'select * from raw.events',
    });
    await world.land('raw.events', events(30, 5, 2));
    expect(await world.publish('append_load')).toMatchObject({ rows_read: '10' });
    await world.publish('overwrite_load');
    expect(await appended(world)).toEqual(await inSource(world));
    expect(await overwritten(world)).toEqual(await inSource(world));
  });

  it('that lost or won rows is not believed', async () => {
    const world = await eventWorld();
    await world.changeFiles('raw.events', {
      operation: 'replace',
      remove: (files) => files,
      insert: 'select * from raw.events where id <> 3',
    });
    expect(await runOne(world, 'append_load')).toMatchObject({
      status: 'refused',
      error: { code: 'source-changed' },
    });
    await world.publish('overwrite_load');
    expect(await overwritten(world)).toEqual(await inSource(world));
  });
});

describe('an overwrite of source rows', () => {
  const change = (world: World) =>
    world.changeFiles('raw.events', {
      operation: 'overwrite',
      remove: (files) => files.slice(0, 1),
      insert: events(100, 7, 0),
    });

  it('recomputes the hours of the added and of the removed rows', async () => {
    const world = await eventWorld();
    await world.changeFiles('raw.events', {
      operation: 'overwrite',
      remove: (files) => files.slice(1, 2),
      insert: events(100, 2, 0),
    });
    const plan = await world.plan('overwrite_load');
    expect(plan.sources[0]?.changes).toMatchObject([
      { operation: 'overwrite', counted: true, added_rows: '2', removed_rows: '5' },
    ]);
    expect(hourNumbers(plan.hours)).toEqual([0, 1]);
    await world.publish('overwrite_load');
    expect(await overwritten(world)).toEqual(await inSource(world));
  });

  it('stops a stateless load with exit 5, and a stateful one downstream of nothing', async () => {
    const world = await eventWorld();
    await change(world);
    const before = (await world.metadata('facts.appended'))['current-snapshot-id'];
    expect(await runOne(world, 'append_load')).toMatchObject({
      status: 'refused',
      error: {
        code: 'source-changed',
        retryable: false,
        kind: 'refused',
        context: { operation: 'overwrite' },
      },
    });
    await expect(world.plan('append_load')).rejects.toMatchObject({
      code: 'source-changed',
      kind: 'refused',
    });
    expect((await world.metadata('facts.appended'))['current-snapshot-id']).toBe(before);
  });

  it('with on_source_change: append-added appends the added rows only', async () => {
    const world = await eventWorld({ appendSource: { on_source_change: 'append-added' } });
    await change(world);
    expect(await world.publish('append_load')).toMatchObject({ rows_read: '7' });
    expect(await world.rows('select count(*), count(distinct id) from facts.appended')).toEqual([
      '["17","17"]',
    ]);
  });

  it('with on_source_change: append-added takes no row that a copy-on-write delete has copied, once or again, and stops where new rows are among them', async () => {
    const world = await eventWorld({ appendSource: { on_source_change: 'append-added' } });
    /** As Spark writes by default: the file of the row anew. */
    const rewrite = async (id: number, select: string): Promise<void> => {
      const [file] = await world.sql(`select filename from raw.events where id = ${id}`);
      await world.changeFiles('raw.events', {
        operation: 'overwrite',
        remove: (files) => files.filter((each) => each.path === file?.['filename']),
        insert: `select ${select} from raw.events where filename = '${file?.['filename']}' and id <> ${id}`,
      });
    };
    await rewrite(3, 'id, ts');
    await rewrite(2, 'id, ts');
    // Rows that came since, of which one is gone again in the same way.
    await world.land('raw.events', events(20, 5, 2));
    await rewrite(21, 'id, ts');
    expect(await world.publish('append_load')).toMatchObject({ rows_read: '4' });
    expect(await world.rows('select id from facts.appended where id >= 20')).toEqual(
      await world.rows('select id from raw.events where id >= 20'),
    );
    expect(await world.rows('select count(*), count(distinct id) from facts.appended')).toEqual([
      '["14","14"]',
    ]);
    expect((await runOne(world, 'append_load')).status).toBe('nothing-new');
    await rewrite(11, 'case id when 12 then 112 else id end as id, ts');
    const record = await runOne(world, 'append_load');
    expect(record).toMatchObject({
      status: 'refused',
      error: { code: 'source-changed', message: expect.stringContaining('a file is loaded as a whole') },
    });
  });

  it('takes no row that one snapshot took off and others brought again, and stops where one is missing', async () => {
    const world = await eventWorld();
    const overwriteBySnapshots = async (rows: readonly string[]): Promise<void> => {
      await world.changeFiles('raw.events', { operation: 'delete', remove: (files) => files });
      for (const each of rows) await world.land('raw.events', each);
    };
    await overwriteBySnapshots([events(0, 5, 0), events(10, 5, 1)]);
    const again = await world.plan('append_load');
    expect([again.status, again.sources[0]?.changes.map(({ counted }) => counted)]).toEqual([
      'nothing-new',
      [false, false, false],
    ]);
    await overwriteBySnapshots([events(20, 5, 1), events(0, 5, 0), events(10, 5, 1)]);
    expect(await world.publish('append_load')).toMatchObject({ rows_read: '5' });
    expect(await appended(world)).toEqual(await inSource(world));
    expect((await runOne(world, 'append_load')).status).toBe('nothing-new');
    // With as many rows, and one of them another.
    await overwriteBySnapshots([events(20, 5, 1), events(0, 5, 0), events(11, 5, 1)]);
    expect(await runOne(world, 'append_load')).toMatchObject({ error: { code: 'source-changed' } });
  });

  it('with on_source_change: append-added takes no row that one snapshot took off and the next brought again', async () => {
    const world = await eventWorld({ appendSource: { on_source_change: 'append-added' } });
    await world.changeFiles('raw.events', { operation: 'delete', remove: (files) => files });
    // As PyIceberg overwrites, by two snapshots of one commit; a file of each hour.
    for (const [first, hour] of [
      [0, 0],
      [10, 1],
    ] as const)
      await world.land('raw.events', events(first, 5, hour));
    await world.land('raw.events', events(20, 5, 1));
    expect(await world.publish('append_load')).toMatchObject({ rows_read: '5' });
    expect(await world.rows('select count(*), count(distinct id) from facts.appended')).toEqual([
      '["15","15"]',
    ]);
  });

  it('with on_source_change: append-added counts equal rows: of two where one was taken off, one is new', async () => {
    const world = await eventWorld({ appendSource: { on_source_change: 'append-added' } });
    await world.changeFiles('raw.events', { operation: 'delete', remove: (files) => files });
    await world.land('raw.events', events(0, 5, 0));
    expect((await runOne(world, 'append_load')).rows_read).toBe('0');
    await world.changeFiles('raw.events', { operation: 'delete', remove: (files) => files });
    await world.land('raw.events', `${events(0, 5, 0)} union all ${events(0, 1, 0)}`);
    expect(await runOne(world, 'append_load')).toMatchObject({
      status: 'refused',
      error: { code: 'source-changed', message: expect.stringContaining('hold new or changed ones beside') },
    });
  });

  it('with on_source_change: append-added takes rows that came before others went and were compacted then', async () => {
    const world = await eventWorld({ appendSource: { on_source_change: 'append-added' } });
    const old = new Set((await world.sql('select filename from raw.events')).map((row) => row['filename']));
    await world.land('raw.events', events(20, 5, 1));
    await world.changeFiles('raw.events', {
      operation: 'delete',
      remove: (files) => files.filter(({ path }) => old.has(path)),
    });
    await world.changeFiles('raw.events', {
      operation: 'replace',
      remove: (files) => files,
      insert: 'select id, ts from raw.events',
    });
    expect(await world.publish('append_load')).toMatchObject({ rows_read: '5' });
    expect(await world.rows('select count(*), count(distinct id) from facts.appended')).toEqual([
      '["15","15"]',
    ]);
  });

  it('with on_source_change: append-added takes no row of copies that were compacted since, and stops where a compaction took new rows in', async () => {
    const world = await eventWorld({ appendSource: { on_source_change: 'append-added' } });
    const all = 'select id, ts from raw.events';
    const change = (operation: 'overwrite' | 'replace', insert: string) =>
      world.changeFiles('raw.events', { operation, remove: (files) => files, insert });
    await change('overwrite', `${all} where id <> 3`);
    await change('replace', all);
    await world.land('raw.events', events(20, 5, 2));
    expect(await world.publish('append_load')).toMatchObject({ rows_read: '5' });
    expect(await world.rows('select count(*), count(distinct id) from facts.appended')).toEqual([
      '["15","15"]',
    ]);
    await world.land('raw.events', events(30, 5, 2));
    await change('replace', all);
    await change('overwrite', `${all} where id <> 2`);
    expect(await runOne(world, 'append_load')).toMatchObject({
      status: 'refused',
      error: { code: 'source-changed', message: expect.stringContaining('were rewritten since') },
    });
  });

  it('deleted files: a stateful target loses the rows, a stateless one refuses', async () => {
    const world = await eventWorld();
    await world.changeFiles('raw.events', { operation: 'delete', remove: (files) => files.slice(0, 1) });
    expect(await runOne(world, 'append_load')).toMatchObject({
      status: 'refused',
      error: { code: 'source-changed' },
    });
    await world.publish('overwrite_load');
    expect(await overwritten(world)).toEqual(await inSource(world));
    expect(await overwritten(world)).toHaveLength(5);
  });

  it('a first load leaves out the rows that were deleted before', async () => {
    const world = await worldForTest({ processes: [appendLoad(), overwriteLoad()] });
    await world.create('raw.events', EVENTS, { partitionedBy: 'hour(ts)' });
    await world.land('raw.events', events(0, 50, 0));
    await world.sql('delete from raw.events where id < 10');
    await world.run();
    expect(await appended(world)).toEqual(await inSource(world));
    expect(await overwritten(world)).toEqual(await inSource(world));
    expect(await appended(world)).toHaveLength(40);
  });
});
