// Goal: an overwrite replaces the rows of its hours and no other row, however the target is laid out. Method:
// one process, several layouts, rows compared with a recompute.
import { describe, expect, it } from 'vitest';
import { restateColumn } from '../support/manifest-bounds.ts';
import { hourAt, hourNumbers, msAt, processFile, worldForTest } from '../support/world.ts';

const EVENTS = 'id bigint, ts timestamptz, country varchar';
const events = (first: number, count: number, hour: number): string =>
  `select i as id, timestamptz '${hourAt(hour)}' + to_seconds(i % 3600) as ts, ['de','fr','it'][1 + i % 3] as country from range(${first}, ${first + count}) t(i)`;
const eventProcess = (target: object, sql = 'select id, ts, country from e', header: object = {}) =>
  processFile(
    {
      process_name: 'event_load',
      pattern: 'stateful',
      sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
      target: { table: 'facts.events', event_time: 'ts', ...target },
      ...header,
    },
    sql,
  );

const LAYOUTS: readonly (readonly [string, readonly string[], boolean])[] = [
  ['no partitions', [], true],
  ['hours', ['hour(ts)'], false],
  ['days', ['day(ts)'], true],
  ['months', ['month(ts)'], true],
  ['an identity', ['country'], true],
  ['buckets', ['bucket(4, id)'], true],
  ['hours and buckets', ['hour(ts)', 'bucket(2, id)'], false],
];

describe('an overwrite', () => {
  it.each(LAYOUTS)(
    'of a target by %s replaces its hours, and carries the other rows of straddling files over',
    async (_name, partitionBy, straddles) => {
      const world = await worldForTest({ processes: [eventProcess({ partition_by: partitionBy })] });
      await world.create('raw.events', EVENTS);
      await world.land(
        'raw.events',
        [0, 1, 2, 3, 25].map((hour) => events(hour * 100, 30, hour)).join(' union all '),
      );
      await world.publish('event_load');
      await world.land('raw.events', events(1000, 6, 2));
      expect(hourNumbers((await world.plan('event_load')).hours)).toEqual([2]);
      expect(await world.publish('event_load')).toMatchObject({ rows_written: '36', rows_read: '36' });
      expect(await world.rows('from facts.events')).toEqual(await world.rows('from raw.events'));
      const head = (await world.history('facts.events')).at(-1);
      // The files that straddle hold other hours too: more rows go and come than the session stages.
      expect(Number(head?.summary?.['added-records']) > 36).toBe(straddles);
      expect(head?.summary).toMatchObject({
        'total-records': '156',
        'total-delete-files': '0',
        operation: 'overwrite',
      });
      await world.land('raw.events', events(2000, 6, 0));
      await world.publish('event_load');
      expect(await world.rows('from facts.events')).toEqual(await world.rows('from raw.events'));
      expect(
        await world.rows(
          `select count(*) from facts.events where ts >= timestamptz '${hourAt(2)}' and ts < timestamptz '${hourAt(3)}'`,
        ),
      ).toEqual(['["36"]']);
    },
  );

  it('keeps rows without an event time that the target holds', async () => {
    const world = await worldForTest({ processes: [eventProcess({})] });
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', events(0, 10, 0));
    await world.publish('event_load');
    await world.sql(
      `insert into facts.events select -1, null, 'xx' union all select -2, timestamptz '${hourAt(1)}', 'yy'`,
    );
    await world.sql("insert into facts.events select -3, null, 'xx'");
    await world.land('raw.events', `${events(100, 5, 0)} union all ${events(200, 5, 1)}`);
    await world.publish('event_load');
    expect(await world.rows('select id from facts.events where ts is null')).toEqual(['["-1"]', '["-3"]']);
    expect(await world.rows('from facts.events where ts is not null')).toEqual(
      await world.rows('from raw.events'),
    );
  });

  it('keeps rows without an event time in a file that does not say how many it has', async () => {
    const world = await worldForTest({ processes: [eventProcess({})] });
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', events(0, 10, 0));
    await world.publish('event_load');
    await world.sql(
      `insert into facts.events select -1, null, 'xx' union all select -2, timestamptz '${hourAt(1)}', 'yy'`,
    );
    const bound = `iceberg_bytes(${msAt(1) * 1000}, 8)`;
    await restateColumn(world, 'facts.events', 'ts', { lower: bound, upper: bound });
    await world.land('raw.events', events(200, 5, 1));
    await world.publish('event_load');
    expect(await world.rows('select id from facts.events where ts is null')).toEqual(['["-1"]']);
    expect(await world.rows('from facts.events where ts is not null')).toEqual(
      await world.rows('from raw.events'),
    );
  });

  it('empties the hours for which the query returns nothing', async () => {
    const world = await worldForTest({
      processes: [
        eventProcess(
          { partition_by: ['hour(ts)'] },
          "select * from e where id not in (select id from e where country = 'fr' and id > 1000) and (select max(id) from e) < 5000",
        ),
      ],
    });
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', `${events(0, 9, 0)} union all ${events(100, 9, 1)}`);
    await world.publish('event_load');
    await world.land('raw.events', events(6000, 3, 1));
    expect(await world.publish('event_load')).toMatchObject({ rows_written: '0', rows_read: '12' });
    expect(await world.rows('from facts.events')).toEqual(
      await world.rows(`from raw.events where ts < timestamptz '${hourAt(1)}'`),
    );
    // And it goes on from there.
    await world.land('raw.events', events(200, 4, 2));
    expect(await world.publish('event_load')).toMatchObject({ rows_written: '4' });
    expect(await world.rows('select count(*) from facts.events')).toEqual(['["13"]']);
  });

  it('empties the whole target', async () => {
    const world = await worldForTest({
      processes: [eventProcess({}, 'select * from e where (select max(id) from e) < 5000')],
    });
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', events(0, 9, 0));
    await world.publish('event_load');
    await world.land('raw.events', events(6000, 1, 0));
    await world.publish('event_load');
    expect(await world.rows('from facts.events')).toEqual([]);
    expect((await world.history('facts.events')).at(-1)?.summary).toMatchObject({
      'total-records': '0',
      'total-data-files': '0',
    });
    await world.land('raw.events', events(10, 1, 1));
    await world.publish('event_load');
    expect(await world.rows('select id from facts.events')).toEqual(['["10"]']);
  });

  it('goes over files that another writer appended to the target, and over a changed partitioning', async () => {
    const world = await worldForTest({ processes: [eventProcess({ partition_by: ['hour(ts)'] })] });
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', `${events(0, 9, 0)} union all ${events(100, 9, 1)}`);
    await world.publish('event_load');
    await world.commit('facts.events', [
      { action: 'add-spec', spec: { fields: [{ name: 'country', transform: 'identity', 'source-id': 3 }] } },
      { action: 'set-default-spec', 'spec-id': -1 },
    ]);
    await world.land('raw.events', `${events(200, 9, 1)} union all ${events(300, 9, 2)}`);
    await world.publish('event_load');
    await world.land('raw.events', `${events(400, 9, 1)} union all ${events(500, 9, 2)}`);
    await world.publish('event_load');
    expect(await world.rows('from facts.events')).toEqual(await world.rows('from raw.events'));
  });

  it('keep what their branch says of how long it keeps snapshots, through sessions and maintenance', async () => {
    const world = await worldForTest({ processes: [eventProcess({ partition_by: ['hour(ts)'] })] });
    await world.create('raw.events', EVENTS);
    const land = async (first: number, hour: number): Promise<void> => {
      await world.land('raw.events', events(first, 9, hour));
      await world.publish('event_load');
    };
    await land(0, 0);
    const limits = { 'min-snapshots-to-keep': 7, 'max-snapshot-age-ms': 86_400_000 };
    const tables = ['facts.events', 'psyberg.high_water_mark_table', 'psyberg.psyberg_session_f'];
    const limit = async (table: string): Promise<void> => {
      const id = (await world.metadata(table)).refs?.['main']?.['snapshot-id'] as bigint;
      await world.commit(table, [
        { action: 'set-snapshot-ref', 'ref-name': 'main', type: 'branch', 'snapshot-id': id, ...limits },
      ]);
    };
    for (const table of tables) await limit(table);
    await land(100, 0);
    await land(200, 1);
    for (const table of tables)
      expect((await world.metadata(table)).refs?.['main'], table).toMatchObject(limits);
    for (const task of ['compact', 'manifests'] as const) {
      for (const hour of [2, 3, 4, 5, 6])
        await world.sql(`insert into facts.events ${events(hour * 100, 9, 2)}`);
      // DuckDB 1.5.5 has taken them away.
      await limit('facts.events');
      const before = (await world.history('facts.events')).length;
      await world.psyberg.maintain(['facts.events'], { only: [task] });
      expect(await world.history('facts.events'), task).toHaveLength(before + 1);
      expect((await world.metadata('facts.events')).refs?.['main'], task).toMatchObject(limits);
    }
  });

  it('takes a target column that was added meanwhile', async () => {
    const world = await worldForTest({ processes: [eventProcess({})] });
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', `${events(0, 9, 0)} union all ${events(100, 9, 1)}`);
    await world.publish('event_load');
    await world.sql('alter table facts.events add column doubled bigint');
    world.writeProcess(eventProcess({}, 'select id, ts, country, id * 2 as doubled from e'));
    await world.reopen();
    await world.land('raw.events', events(200, 3, 1));
    await world.publish('event_load');
    expect(await world.rows('from facts.events')).toEqual(
      await world.rows(
        `select *, case when ts >= timestamptz '${hourAt(1)}' then id * 2 end from raw.events`,
      ),
    );
  });

  it('refuses a query whose columns the target lacks, before anything is written', async () => {
    const world = await worldForTest({ processes: [eventProcess({})] });
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', events(0, 9, 0));
    await world.publish('event_load');
    world.writeProcess(eventProcess({}, 'select id, ts, country, 1 as extra from e'));
    await world.reopen();
    await world.land('raw.events', events(100, 1, 0));
    const before = (await world.metadata('facts.events'))['current-snapshot-id'];
    expect((await world.run())[0]).toMatchObject({
      status: 'failed',
      error: { code: 'target-schema-mismatch', kind: 'usage' },
    });
    expect((await world.metadata('facts.events'))['current-snapshot-id']).toBe(before);
    expect(await world.leftovers()).toEqual([]);
  });
});

describe('a target by another column than the source', () => {
  const byDay = (target: object) =>
    processFile(
      {
        process_name: 'day_load',
        pattern: 'stateful',
        sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
        target: { table: 'facts.days', ...target },
      },
      'select ts::date as d, count(*) as n from e group by 1',
    );

  it.each([{}, { hours: 'touched' }])(
    'recomputes whole days when it is a date, as far as they are complete: %o',
    async (extra) => {
      const process = byDay({ event_time: 'd' });
      const world = await worldForTest({
        processes: [{ ...process, header: { ...process.header, ...extra } }],
      });
      await world.create('raw.events', EVENTS);
      // Hour 5 first, then later hours of the same and of the next day, then late rows of the first day
      // alone.
      for (const [id, hours] of [
        [0, [5]],
        [100, [6, 30]],
        [200, [2]],
        [300, [29, 31]],
      ] as const) {
        await world.land(
          'raw.events',
          hours.map((hour, index) => `(${events(id + index * 10, 10, hour)})`).join(' union all '),
        );
        await world.publish('day_load');
        expect(await world.rows('select d, n from facts.days')).toEqual(
          await world.rows('select ts::date as d, count(*) as n from raw.events group by 1'),
        );
      }
      expect(await world.leftovers()).toEqual([]);
    },
  );

  it('never holds an hour twice when the query moves rows out of the hours of the session', async () => {
    const world = await worldForTest({
      processes: [eventProcess({}, 'select id, ts - interval 3 hour as ts, country from e')],
    });
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', events(0, 10, 5));
    expect((await world.run())[0]).toMatchObject({
      status: 'refused',
      error: { code: 'rows-outside-hours', context: { rows: '10' } },
    });
  });

  it('never holds a row without an hour, nor one between separate hours', async () => {
    const sql =
      'select id, case when id < 2 then null when id < 4 then ts + interval 1 hour else ts end as ts, country from e';
    const world = await worldForTest({ processes: [eventProcess({}, sql, { hours: 'touched' })] });
    await world.create('raw.events', EVENTS, { partitionedBy: 'hour(ts)' });
    await world.land('raw.events', `${events(0, 10, 5)} union all ${events(100, 10, 8)}`);
    expect((await world.run())[0]).toMatchObject({
      status: 'refused',
      error: { code: 'rows-outside-hours', context: { rows: '4' } },
    });
  });
});

describe('a first run', () => {
  it.each(['stateless', 'stateful'] as const)(
    'that has nothing to insert publishes an empty target (%s), and goes on from there',
    async (pattern) => {
      const world = await worldForTest({
        processes: [
          eventProcess({ partition_by: ['hour(ts)'] }, 'select * from e where id >= 100', { pattern }),
        ],
      });
      await world.create('raw.events', EVENTS);
      await world.land('raw.events', events(0, 9, 0));
      expect(await world.publish('event_load')).toMatchObject({ rows_written: '0', rows_read: '9' });
      expect(await world.rows('from facts.events')).toEqual([]);
      expect((await world.run())[0]?.status).toBe('nothing-new');
      await world.land('raw.events', events(100, 9, 1));
      await world.publish('event_load');
      expect(await world.rows('from facts.events')).toEqual(
        await world.rows('from raw.events where id >= 100'),
      );
    },
  );

  it('with an empty source makes nothing, and no target', async () => {
    const world = await worldForTest({ processes: [eventProcess({})] });
    await world.create('raw.events', EVENTS);
    expect((await world.run())[0]).toMatchObject({ status: 'nothing-new', error: null });
    expect(await world.psyberg.internals.client.tableExists({ namespace: ['facts'], name: 'events' })).toBe(
      false,
    );
  });

  it('that fails leaves no target behind', async () => {
    const world = await worldForTest({
      processes: [eventProcess({}, "select id, ts, (country || 'x')::int as country from e")],
    });
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', events(0, 9, 0));
    expect((await world.run())[0]).toMatchObject({ status: 'failed', error: { code: 'process-sql-failed' } });
    expect(await world.psyberg.internals.client.tableExists({ namespace: ['facts'], name: 'events' })).toBe(
      false,
    );
    expect(await world.leftovers()).toEqual([]);
  });

  it('appends to a table that somebody made and filled before, where its header says so', async () => {
    const world = await worldForTest({
      processes: [eventProcess({ existing_rows: 'keep' }, 'select * from e', { pattern: 'stateless' })],
    });
    await world.create('raw.events', EVENTS);
    await world.create('facts.events', EVENTS);
    await world.land('facts.events', events(5000, 2, 0));
    await world.land('raw.events', events(0, 9, 0));
    await world.publish('event_load');
    expect(await world.rows('from facts.events')).toEqual(
      await world.rows('from raw.events union all (' + events(5000, 2, 0) + ')'),
    );
  });
});

describe('an append of no rows', () => {
  it('publishes the watermark, so that the rows are not read again', async () => {
    const world = await worldForTest({
      processes: [eventProcess({}, 'select * from e where id < 100', { pattern: 'stateless' })],
    });
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', events(0, 9, 0));
    await world.publish('event_load');
    await world.land('raw.events', events(200, 9, 0));
    expect(await world.publish('event_load')).toMatchObject({ rows_written: '0', rows_read: '9' });
    expect((await world.run())[0]?.status).toBe('nothing-new');
    expect(await world.rows('from facts.events')).toEqual(await world.rows('from raw.events where id < 100'));
  });
});

describe('the history of a target', () => {
  it('may be expired or rolled back: the watermark is found all the same', async () => {
    const world = await worldForTest({
      processes: [eventProcess({}, 'select * from e', { pattern: 'stateless' })],
    });
    await world.create('raw.events', EVENTS);
    for (const hour of [0, 1]) {
      await world.land('raw.events', events(hour * 100, 9, hour));
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
    await world.land('raw.events', events(200, 9, 2));
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
      processes: [eventProcess({}, 'select * from e', { pattern: 'stateless' })],
    });
    await world.create('raw.events', EVENTS);
    for (const hour of [0, 1, 2]) {
      await world.land('raw.events', events(hour * 100, 9, hour));
      await world.publish('event_load');
    }
    await world.rollback('facts.events', (await world.history('facts.events'))[0]?.['snapshot-id'] as bigint);
    expect(await world.publish('event_load')).toMatchObject({ rows_read: '18' });
    expect(await world.rows('from facts.events')).toEqual(await world.rows('from raw.events'));
  });

  it('dropped and made anew by the first run: rows of the watermark table belong to the old one', async () => {
    const world = await worldForTest({ processes: [eventProcess({})] });
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', events(0, 9, 0));
    await world.publish('event_load');
    await world.psyberg.internals.client.dropTable({ namespace: ['facts'], name: 'events' });
    await world.publish('event_load');
    expect(await world.rows('from facts.events')).toEqual(await world.rows('from raw.events'));
    expect(await world.rows('select count(*) from psyberg.high_water_mark_table')).toEqual(['["1"]']);
  });
});
