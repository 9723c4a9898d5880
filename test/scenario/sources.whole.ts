// Goal: whatever happens to a source's history, no row is lost or doubled in silence. Method: the operations
// of other engines made as commits, then a session.
import { describe, expect, it } from 'vitest';
import { ancestors, mainSnapshot } from '../../src/iceberg/history.ts';
import {
  appended,
  appendLoad,
  events,
  eventWorld,
  inSource,
  overwriteLoad,
  overwritten,
  runOne,
  snapshotIds,
} from '../support/event-tables.ts';
import { hourAt, hourNumbers, tableId, type World, worldForTest } from '../support/world.ts';

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

describe('another table of the same name', () => {
  it('refuses: the watermark is of the old one', async () => {
    const world = await eventWorld();
    await world.psyberg.internals.client.dropTable(tableId('raw.events'));
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', events(0, 5, 0));
    for (const record of await world.run())
      expect(record).toMatchObject({
        status: 'refused',
        error: { code: 'source-replaced', kind: 'refused' },
      });
  });
});

describe('a rollback of the source', () => {
  it('takes the undone rows out of a stateful target, and is reported as rewound', async () => {
    const world = await eventWorld();
    await world.land('raw.events', events(20, 5, 2));
    await world.publish('overwrite_load');
    await world.publish('append_load');
    await world.rollback('raw.events', (await world.history('raw.events'))[1]?.['snapshot-id'] as bigint);
    await world.land('raw.events', events(30, 5, 0));
    const plan = await world.plan('overwrite_load');
    expect(plan.sources[0]).toMatchObject({
      detected_by: 'rewound',
      changes: [{ reason: 'rolled back', removed_rows: '5' }, { added_rows: '5' }],
    });
    expect(hourNumbers(plan.hours)).toEqual([0, 1, 2]);
    await world.publish('overwrite_load');
    expect(await overwritten(world)).toEqual(await inSource(world));
    expect((await runOne(world, 'overwrite_load'))?.status).toBe('nothing-new');
    expect(await runOne(world, 'append_load')).toMatchObject({
      status: 'refused',
      error: { code: 'source-changed' },
    });
  });

  it('with nothing new is found too', async () => {
    const world = await eventWorld();
    await world.rollback('raw.events', (await world.history('raw.events'))[0]?.['snapshot-id'] as bigint);
    expect((await world.plan('overwrite_load')).sources[0]?.detected_by).toBe('rewound');
    await world.publish('overwrite_load');
    expect(await overwritten(world)).toEqual(await inSource(world));
  });

  it('whose undone snapshot was expired refuses, also when as many rows are there as before', async () => {
    const world = await eventWorld();
    // Five rows for five others: the count alone does not give it away.
    await world.changeFiles('raw.events', {
      operation: 'overwrite',
      remove: (files) => files.slice(0, 1),
      insert: events(100, 5, 0),
    });
    await world.publish('overwrite_load');
    const history = await world.history('raw.events');
    await world.rollback('raw.events', history[1]?.['snapshot-id'] as bigint);
    await world.expire('raw.events', [history[2]?.['snapshot-id'] as bigint]);
    expect(await runOne(world, 'overwrite_load')).toMatchObject({
      status: 'refused',
      error: { code: 'history-expired' },
    });
    await world.land('raw.events', events(200, 5, 3));
    expect(await runOne(world, 'overwrite_load')).toMatchObject({
      status: 'refused',
      error: { code: 'history-expired' },
    });
  });
});

describe('expired snapshots between watermark and head', () => {
  /** All but the last `keep` snapshots of main go. */
  const expireAllBut = async (world: World, keep: number) => {
    const history = await world.history('raw.events');
    await world.expire(
      'raw.events',
      history.slice(0, history.length - keep).map((snapshot) => snapshot['snapshot-id']),
    );
  };

  it('are made up for by the live files', async () => {
    const world = await eventWorld();
    for (const hour of [2, 0, 3]) await world.land('raw.events', events(20 + hour * 10, 5, hour));
    await expireAllBut(world, 1);
    const plan = await world.plan('append_load');
    expect(plan.sources[0]).toMatchObject({ detected_by: 'live-files', rows: '15', files: 3 });
    expect(await world.publish('append_load')).toMatchObject({ rows_read: '15' });
    expect(hourNumbers((await world.plan('overwrite_load')).hours)).toEqual([0, 1, 2, 3]);
    await world.publish('overwrite_load');
    expect(await appended(world)).toEqual(await inSource(world));
    expect(await overwritten(world)).toEqual(await inSource(world));
    expect((await world.run()).map((record) => record.status)).toEqual(['nothing-new', 'nothing-new']);
  });

  it('cost nothing when only the watermark itself is gone', async () => {
    const world = await eventWorld();
    await world.land('raw.events', events(20, 5, 2));
    await world.land('raw.events', events(30, 5, 2));
    await expireAllBut(world, 2);
    expect((await world.plan('append_load')).sources[0]).toMatchObject({
      detected_by: 'snapshots',
      rows: '10',
    });
    await world.run();
    expect(await appended(world)).toEqual(await inSource(world));
  });

  it('refuse when rows were removed since', async () => {
    const world = await eventWorld();
    await world.changeFiles('raw.events', { operation: 'delete', remove: (files) => files.slice(0, 1) });
    await world.land('raw.events', events(20, 5, 2));
    await world.land('raw.events', events(30, 5, 2));
    await expireAllBut(world, 1);
    for (const record of await world.run())
      expect(record).toMatchObject({
        status: 'refused',
        error: { code: 'history-expired', kind: 'refused' },
      });
  });

  it('refuse when the watermark was rolled back, and as many other rows are there', async () => {
    const world = await worldForTest({ processes: [overwriteLoad({ protect: false })] });
    await world.create('raw.events', 'id bigint, ts timestamptz', { partitionedBy: 'hour(ts)' });
    await world.land('raw.events', events(0, 10, 0));
    const [first] = await snapshotIds(world);
    await world.changeFiles('raw.events', {
      operation: 'overwrite',
      remove: (files) => files,
      insert: events(100, 10, 0),
    });
    await world.publish('overwrite_load');
    await world.rollback('raw.events', first as bigint);
    await world.land('raw.events', events(200, 5, 3));
    const { snapshots = [], ...metadata } = await world.metadata('raw.events');
    const ids = snapshots.map((snapshot) => snapshot['snapshot-id']);
    await world.expire(
      'raw.events',
      ids.filter((id) => id !== metadata['current-snapshot-id']),
    );
    const record = await runOne(world, 'overwrite_load');
    expect(record).toMatchObject({
      status: 'refused',
      error: { code: 'history-expired', message: expect.stringContaining('rolled back') },
    });
  });

  it('refuse when single rows were deleted since', async () => {
    const world = await eventWorld();
    await world.sql('delete from raw.events where id = 3');
    await world.land('raw.events', events(20, 5, 2));
    await world.land('raw.events', events(30, 5, 2));
    await expireAllBut(world, 1);
    for (const record of await world.run())
      expect(record).toMatchObject({ status: 'refused', error: { code: 'history-expired' } });
  });
});

describe('the clock of a source', () => {
  it('may go backwards: a commit with an older time is found', async () => {
    const world = await eventWorld();
    await world.land('raw.events', events(20, 5, 2));
    const metadata = await world.metadata('raw.events');
    const head = mainSnapshot(metadata);
    expect([...ancestors(metadata, head)]).toHaveLength(3);
    // The same commit again, as a writer with a clock an hour behind would have made it.
    if (head === undefined) throw new Error('no head');
    const parent = head['parent-snapshot-id'] as bigint;
    await world.rollback('raw.events', parent);
    await world.expire('raw.events', [head['snapshot-id']]);
    await world.commit('raw.events', [
      {
        action: 'add-snapshot',
        snapshot: {
          ...head,
          'sequence-number': (head['sequence-number'] as bigint) + 1n,
          'timestamp-ms':
            Math.max(...(await world.history('raw.events')).map((each) => each['timestamp-ms'])) - 50_000,
        },
      },
      { action: 'set-snapshot-ref', 'ref-name': 'main', type: 'branch', 'snapshot-id': head['snapshot-id'] },
    ]);
    await world.publish('append_load');
    await world.publish('overwrite_load');
    expect(await appended(world)).toHaveLength(15);
    expect(await overwritten(world)).toHaveLength(15);
  });
});

describe('a source that is damaged', () => {
  it('gives one clear error and moves nothing', async () => {
    const { rmSync } = await import('node:fs');
    const world = await eventWorld();
    await world.land('raw.events', events(20, 5, 2));
    const before = await world.rows('select src_table, snapshot_id from psyberg.high_water_mark_table');
    rmSync((await world.history('raw.events')).at(-1)?.['manifest-list'] as string);
    for (const record of await world.run())
      expect(record).toMatchObject({
        status: 'refused',
        error: { code: 'source-unreadable', context: { table: 'raw.events' } },
      });
    expect(await world.rows('select src_table, snapshot_id from psyberg.high_water_mark_table')).toEqual(
      before,
    );
  });
});

describe('the partitions of a source', () => {
  it('are told apart by all digits of a 64-bit integer and of a decimal', async () => {
    const world = await worldForTest({ processes: [appendLoad()] });
    await world.create('raw.events', 'id bigint, ts timestamptz, price decimal(38, 20)', {
      partitionedBy: 'id, price',
    });
    const values = [
      ['9007199254740992', '0.12345678901234567890'],
      ['9007199254740993', '0.12345678901234567890'],
      ['9007199254740993', '0.12345678901234567891'],
    ];
    await world.land(
      'raw.events',
      `select * from (values ${values.map(([id, price]) => `(${id}, timestamptz '${hourAt(0)}', ${price})`).join(', ')})`,
    );
    expect((await world.plan('append_load')).sources[0]?.processing_uris).toEqual(
      values.map(([id, price]) => ({ id, price })),
    );
    await world.publish('append_load');
    expect(await appended(world)).toEqual(await inSource(world));
  });
});

describe('a source that dropped the column by which its old files are partitioned', () => {
  /** Three rows of hour 0 in the old partitioning, three of hour 2 in none. */
  async function droppedWorld(between: (world: World) => Promise<unknown>): Promise<World> {
    const world = await worldForTest({ processes: [appendLoad(), overwriteLoad()] });
    await world.create('raw.events', `${EVENTS}, region varchar`, { partitionedBy: 'region' });
    await world.land('raw.events', events(0, 3, 0).replace(' from ', ", 'eu' as region from "));
    await between(world);
    await world.commit('raw.events', [
      { action: 'add-spec', spec: { 'spec-id': -1, fields: [] } },
      { action: 'set-default-spec', 'spec-id': -1 },
    ]);
    await world.sql('alter table raw.events drop column region');
    await world.land('raw.events', events(20, 3, 2));
    return world;
  }
  const refused = {
    status: 'refused',
    error: {
      code: 'partition-column-dropped',
      kind: 'refused',
      context: { table: 'raw.events', column: 'region' },
    },
  };

  it('is refused where they would be read, and new files load all the same', async () => {
    const world = await droppedWorld((it) => it.run());
    expect(await runOne(world, 'overwrite_load')).toMatchObject(refused);
    expect(await world.publish('append_load')).toMatchObject({ rows_read: '3' });
    expect(await world.rows('select id from facts.appended')).toHaveLength(6);
    expect(await world.rows('select id from facts.overwritten')).toHaveLength(3);
    expect(await world.leftovers()).toEqual([]);
    // A comparison of rows would read them as well.
    await world.changeFiles('raw.events', {
      operation: 'overwrite',
      remove: (files) => files,
      insert: `select id, ts, 'eu' as region from (${events(0, 6, 0)})`,
    });
    expect((await runOne(world, 'append_load')).status).toBe('refused');
  });

  it('is refused by a first session, too', async () => {
    const world = await droppedWorld(async () => undefined);
    for (const record of await world.run()) expect(record).toMatchObject(refused);
  });

  it('is read once they are gone, though a manifest still says so', async () => {
    const world = await droppedWorld((it) =>
      it.changeFiles('raw.events', { operation: 'delete', remove: (files) => files }),
    );
    await world.publish('overwrite_load');
    await world.publish('append_load');
    expect(await world.rows('select id from facts.overwritten')).toHaveLength(3);
    expect(await world.rows('select id from facts.appended')).toHaveLength(3);
  });
});
