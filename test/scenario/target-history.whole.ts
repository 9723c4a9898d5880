// Goal: a target's first session, an append of no rows, and sessions after its history was cut or went back end
// in the same rows. Method: one process; rows and watermark compared after each session.
import { describe, expect, it } from 'vitest';
import { countryEvents, countryProcess, EVENT_COLUMNS } from '../support/country-events.ts';
import { worldForTest } from '../support/world.ts';

describe('a first run', () => {
  it.each(['stateless', 'stateful'] as const)(
    'that has nothing to insert publishes an empty target (%s), and goes on from there',
    async (pattern) => {
      const world = await worldForTest({
        processes: [
          countryProcess({ partition_by: ['hour(ts)'] }, 'select * from e where id >= 100', { pattern }),
        ],
      });
      await world.create('raw.events', EVENT_COLUMNS);
      await world.land('raw.events', countryEvents(0, 9, 0));
      expect(await world.publish('event_load')).toMatchObject({ rows_written: '0', rows_read: '9' });
      expect(await world.rows('from facts.events')).toEqual([]);
      expect((await world.run())[0]?.status).toBe('nothing-new');
      await world.land('raw.events', countryEvents(100, 9, 1));
      await world.publish('event_load');
      expect(await world.rows('from facts.events')).toEqual(
        await world.rows('from raw.events where id >= 100'),
      );
    },
  );

  it('with an empty source makes nothing, and no target', async () => {
    const world = await worldForTest({ processes: [countryProcess({})] });
    await world.create('raw.events', EVENT_COLUMNS);
    expect((await world.run())[0]).toMatchObject({ status: 'nothing-new', error: null });
    expect(await world.psyberg.internals.client.tableExists({ namespace: ['facts'], name: 'events' })).toBe(
      false,
    );
  });

  it('that fails leaves no target behind', async () => {
    const world = await worldForTest({
      processes: [countryProcess({}, "select id, ts, (country || 'x')::int as country from e")],
    });
    await world.create('raw.events', EVENT_COLUMNS);
    await world.land('raw.events', countryEvents(0, 9, 0));
    expect((await world.run())[0]).toMatchObject({ status: 'failed', error: { code: 'process-sql-failed' } });
    expect(await world.psyberg.internals.client.tableExists({ namespace: ['facts'], name: 'events' })).toBe(
      false,
    );
    expect(await world.leftovers()).toEqual([]);
  });

  it('appends to a table that somebody made and filled before, where its header says so', async () => {
    const world = await worldForTest({
      processes: [countryProcess({ existing_rows: 'keep' }, 'select * from e', { pattern: 'stateless' })],
    });
    await world.create('raw.events', EVENT_COLUMNS);
    await world.create('facts.events', EVENT_COLUMNS);
    await world.land('facts.events', countryEvents(5000, 2, 0));
    await world.land('raw.events', countryEvents(0, 9, 0));
    await world.publish('event_load');
    expect(await world.rows('from facts.events')).toEqual(
      await world.rows('from raw.events union all (' + countryEvents(5000, 2, 0) + ')'),
    );
  });
});

describe('an append of no rows', () => {
  it('publishes the watermark, so that the rows are not read again', async () => {
    const world = await worldForTest({
      processes: [countryProcess({}, 'select * from e where id < 100', { pattern: 'stateless' })],
    });
    await world.create('raw.events', EVENT_COLUMNS);
    await world.land('raw.events', countryEvents(0, 9, 0));
    await world.publish('event_load');
    await world.land('raw.events', countryEvents(200, 9, 0));
    expect(await world.publish('event_load')).toMatchObject({ rows_written: '0', rows_read: '9' });
    expect((await world.run())[0]?.status).toBe('nothing-new');
    expect(await world.rows('from facts.events')).toEqual(await world.rows('from raw.events where id < 100'));
  });
});

describe('the history of a target', () => {
  it('may be expired or rolled back: the watermark is found all the same', async () => {
    const world = await worldForTest({
      processes: [countryProcess({}, 'select * from e', { pattern: 'stateless' })],
    });
    await world.create('raw.events', EVENT_COLUMNS);
    for (const hour of [0, 1]) {
      await world.land('raw.events', countryEvents(hour * 100, 9, hour));
      await world.publish('event_load');
    }
    // Somebody's compaction becomes the only snapshot: the summary of the session is gone, the watermark
    // table has the second copy.
    await world.changeFiles('facts.events', {
      operation: 'replace',
      remove: (files) => files,
      insert: 'select * from facts.events',
    });
    const history = await world.history('facts.events');
    await world.expire(
      'facts.events',
      history.slice(0, -1).map((snapshot) => snapshot['snapshot-id']),
    );
    expect((await world.run())[0]).toMatchObject({ status: 'nothing-new', error: null });
    await world.land('raw.events', countryEvents(200, 9, 2));
    await world.publish('event_load');
    expect(await world.rows('from facts.events')).toEqual(await world.rows('from raw.events'));
    // Rolled back to a snapshot that no session published: the watermark table knows only the session that
    // was undone.
    const [compacted, last] = (await world.history('facts.events')).map(
      (snapshot) => snapshot['snapshot-id'],
    );
    await world.rollback('facts.events', compacted as bigint);
    expect((await world.run())[0]).toMatchObject({ status: 'refused', error: { code: 'target-rewound' } });
    await world.rollback('facts.events', last as bigint);
    expect((await world.run())[0]).toMatchObject({ status: 'nothing-new', error: null });
  });

  it('rolled back to an earlier session: what the later ones loaded is loaded again', async () => {
    const world = await worldForTest({
      processes: [countryProcess({}, 'select * from e', { pattern: 'stateless' })],
    });
    await world.create('raw.events', EVENT_COLUMNS);
    for (const hour of [0, 1, 2]) {
      await world.land('raw.events', countryEvents(hour * 100, 9, hour));
      await world.publish('event_load');
    }
    await world.rollback('facts.events', (await world.history('facts.events'))[0]?.['snapshot-id'] as bigint);
    expect(await world.publish('event_load')).toMatchObject({ rows_read: '18' });
    expect(await world.rows('from facts.events')).toEqual(await world.rows('from raw.events'));
  });

  it('dropped and made anew by the first run: rows of the watermark table belong to the old one', async () => {
    const world = await worldForTest({ processes: [countryProcess({})] });
    await world.create('raw.events', EVENT_COLUMNS);
    await world.land('raw.events', countryEvents(0, 9, 0));
    await world.publish('event_load');
    await world.psyberg.internals.client.dropTable({ namespace: ['facts'], name: 'events' });
    await world.publish('event_load');
    expect(await world.rows('from facts.events')).toEqual(await world.rows('from raw.events'));
    expect(await world.rows('select count(*) from psyberg.high_water_mark_table')).toEqual(['["1"]']);
  });
});
