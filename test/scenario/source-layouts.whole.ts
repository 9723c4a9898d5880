// Goal: a source is read rightly or refused, however it is partitioned and whatever of it is damaged. Method:
// partitions of values that are easily confused, columns that were dropped, files that are gone.
import { describe, expect, it } from 'vitest';
import {
  appended,
  appendLoad,
  events,
  eventWorld,
  inSource,
  overwriteLoad,
  runOne,
} from '../support/event-tables.ts';
import { hourAt, type World, worldForTest } from '../support/world.ts';

const EVENTS = 'id bigint, ts timestamptz';

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

  it.each(['region', 'bucket(4, region)', 'truncate(1, region)'])(
    'is read where they are partitioned by another one, too (%s)',
    async (field) => {
      const world = await worldForTest({ processes: [appendLoad(), overwriteLoad()] });
      await world.create('raw.events', `${EVENTS}, region varchar`, { partitionedBy: `${field}, hour(ts)` });
      await world.land('raw.events', events(0, 3, 0).replace(' from ', ", 'eu' as region from "));
      await world.run();
      await world.sql('alter table raw.events set partitioned by (hour(ts))');
      await world.sql('alter table raw.events drop column region');
      await world.land('raw.events', events(10, 3, 0));
      await world.publish('overwrite_load');
      await world.publish('append_load');
      const rows = await world.rows('select id, ts from raw.events');
      expect(rows).toHaveLength(6);
      expect(await world.rows('select id, ts from facts.overwritten')).toEqual(rows);
      expect(await world.rows('select id, ts from facts.appended')).toEqual(rows);
    },
  );

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
