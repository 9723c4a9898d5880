// Goal: a source whose history went back, was cut or belongs to another table loses no row in silence. Method:
// rollbacks, expired snapshots, another table and a clock that goes backwards, then a session.
import { describe, expect, it } from 'vitest';
import { ancestors, mainSnapshot } from '../../src/iceberg/history.ts';
import {
  appended,
  events,
  eventWorld,
  inSource,
  overwriteLoad,
  overwritten,
  runOne,
  snapshotIds,
} from '../support/event-tables.ts';
import { hourNumbers, tableId, type World, worldForTest } from '../support/world.ts';

const EVENTS = 'id bigint, ts timestamptz';

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
