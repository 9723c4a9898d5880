// Goal: an overwrite replaces the rows of its hours and no other row, however the target is laid out. Method:
// one process, several layouts, rows compared with a recompute.
import { describe, expect, it } from 'vitest';
import { countryEvents, countryProcess, EVENT_COLUMNS } from '../support/country-events.ts';
import { restateColumn } from '../support/manifest-bounds.ts';
import { hourAt, hourNumbers, msAt, processFile, worldForTest } from '../support/world.ts';

/** Queries that return nothing once an id is large, whichever hours are computed. */
const MEANT = { accept: ['hours-not-alone'] };

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
      const world = await worldForTest({ processes: [countryProcess({ partition_by: partitionBy })] });
      await world.create('raw.events', EVENT_COLUMNS);
      await world.land(
        'raw.events',
        [0, 1, 2, 3, 25].map((hour) => countryEvents(hour * 100, 30, hour)).join(' union all '),
      );
      await world.publish('event_load');
      await world.land('raw.events', countryEvents(1000, 6, 2));
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
      await world.land('raw.events', countryEvents(2000, 6, 0));
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
    const world = await worldForTest({ processes: [countryProcess({})] });
    await world.create('raw.events', EVENT_COLUMNS);
    await world.land('raw.events', countryEvents(0, 10, 0));
    await world.publish('event_load');
    await world.sql(
      `insert into facts.events select -1, null, 'xx' union all select -2, timestamptz '${hourAt(1)}', 'yy'`,
    );
    await world.sql("insert into facts.events select -3, null, 'xx'");
    await world.land('raw.events', `${countryEvents(100, 5, 0)} union all ${countryEvents(200, 5, 1)}`);
    await world.publish('event_load');
    expect(await world.rows('select id from facts.events where ts is null')).toEqual(['["-1"]', '["-3"]']);
    expect(await world.rows('from facts.events where ts is not null')).toEqual(
      await world.rows('from raw.events'),
    );
  });

  it('keeps rows without an event time in a file that does not say how many it has', async () => {
    const world = await worldForTest({ processes: [countryProcess({})] });
    await world.create('raw.events', EVENT_COLUMNS);
    await world.land('raw.events', countryEvents(0, 10, 0));
    await world.publish('event_load');
    await world.sql(
      `insert into facts.events select -1, null, 'xx' union all select -2, timestamptz '${hourAt(1)}', 'yy'`,
    );
    const bound = `iceberg_bytes(${msAt(1) * 1000}, 8)`;
    await restateColumn(world, 'facts.events', 'ts', { lower: bound, upper: bound });
    await world.land('raw.events', countryEvents(200, 5, 1));
    await world.publish('event_load');
    expect(await world.rows('select id from facts.events where ts is null')).toEqual(['["-1"]']);
    expect(await world.rows('from facts.events where ts is not null')).toEqual(
      await world.rows('from raw.events'),
    );
  });

  it('empties the hours for which the query returns nothing', async () => {
    const world = await worldForTest({
      processes: [
        countryProcess(
          { partition_by: ['hour(ts)'] },
          "select * from e where id not in (select id from e where country = 'fr' and id > 1000) and (select max(id) from e) < 5000",
          MEANT,
        ),
      ],
    });
    await world.create('raw.events', EVENT_COLUMNS);
    await world.land('raw.events', `${countryEvents(0, 9, 0)} union all ${countryEvents(100, 9, 1)}`);
    await world.publish('event_load');
    await world.land('raw.events', countryEvents(6000, 3, 1));
    expect(await world.publish('event_load')).toMatchObject({ rows_written: '0', rows_read: '12' });
    expect(await world.rows('from facts.events')).toEqual(
      await world.rows(`from raw.events where ts < timestamptz '${hourAt(1)}'`),
    );
    // And it goes on from there.
    await world.land('raw.events', countryEvents(200, 4, 2));
    expect(await world.publish('event_load')).toMatchObject({ rows_written: '4' });
    expect(await world.rows('select count(*) from facts.events')).toEqual(['["13"]']);
  });

  it('empties the whole target', async () => {
    const world = await worldForTest({
      processes: [countryProcess({}, 'select * from e where (select max(id) from e) < 5000', MEANT)],
    });
    await world.create('raw.events', EVENT_COLUMNS);
    await world.land('raw.events', countryEvents(0, 9, 0));
    await world.publish('event_load');
    await world.land('raw.events', countryEvents(6000, 1, 0));
    await world.publish('event_load');
    expect(await world.rows('from facts.events')).toEqual([]);
    expect((await world.history('facts.events')).at(-1)?.summary).toMatchObject({
      'total-records': '0',
      'total-data-files': '0',
    });
    await world.land('raw.events', countryEvents(10, 1, 1));
    await world.publish('event_load');
    expect(await world.rows('select id from facts.events')).toEqual(['["10"]']);
  });

  it('goes over files that another writer appended to the target, and over a changed partitioning', async () => {
    const world = await worldForTest({ processes: [countryProcess({ partition_by: ['hour(ts)'] })] });
    await world.create('raw.events', EVENT_COLUMNS);
    await world.land('raw.events', `${countryEvents(0, 9, 0)} union all ${countryEvents(100, 9, 1)}`);
    await world.publish('event_load');
    await world.commit('facts.events', [
      { action: 'add-spec', spec: { fields: [{ name: 'country', transform: 'identity', 'source-id': 3 }] } },
      { action: 'set-default-spec', 'spec-id': -1 },
    ]);
    await world.land('raw.events', `${countryEvents(200, 9, 1)} union all ${countryEvents(300, 9, 2)}`);
    await world.publish('event_load');
    await world.land('raw.events', `${countryEvents(400, 9, 1)} union all ${countryEvents(500, 9, 2)}`);
    await world.publish('event_load');
    expect(await world.rows('from facts.events')).toEqual(await world.rows('from raw.events'));
  });

  it('keep what their branch says of how long it keeps snapshots, through sessions and maintenance', async () => {
    const world = await worldForTest({ processes: [countryProcess({ partition_by: ['hour(ts)'] })] });
    await world.create('raw.events', EVENT_COLUMNS);
    const land = async (first: number, hour: number): Promise<void> => {
      await world.land('raw.events', countryEvents(first, 9, hour));
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
        await world.sql(`insert into facts.events ${countryEvents(hour * 100, 9, 2)}`);
      // DuckDB 1.5.5 has taken them away.
      await limit('facts.events');
      const before = (await world.history('facts.events')).length;
      await world.psyberg.maintain(['facts.events'], { only: [task] });
      expect(await world.history('facts.events'), task).toHaveLength(before + 1);
      expect((await world.metadata('facts.events')).refs?.['main'], task).toMatchObject(limits);
    }
  });

  it('takes a target column that was added meanwhile', async () => {
    const world = await worldForTest({ processes: [countryProcess({})] });
    await world.create('raw.events', EVENT_COLUMNS);
    await world.land('raw.events', `${countryEvents(0, 9, 0)} union all ${countryEvents(100, 9, 1)}`);
    await world.publish('event_load');
    await world.sql('alter table facts.events add column doubled bigint');
    world.writeProcess(countryProcess({}, 'select id, ts, country, id * 2 as doubled from e'));
    await world.reopen();
    await world.land('raw.events', countryEvents(200, 3, 1));
    await world.publish('event_load');
    expect(await world.rows('from facts.events')).toEqual(
      await world.rows(
        `select *, case when ts >= timestamptz '${hourAt(1)}' then id * 2 end from raw.events`,
      ),
    );
  });

  it('refuses a query whose columns the target lacks, before anything is written', async () => {
    const world = await worldForTest({ processes: [countryProcess({})] });
    await world.create('raw.events', EVENT_COLUMNS);
    await world.land('raw.events', countryEvents(0, 9, 0));
    await world.publish('event_load');
    world.writeProcess(countryProcess({}, 'select id, ts, country, 1 as extra from e'));
    await world.reopen();
    await world.land('raw.events', countryEvents(100, 1, 0));
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
      await world.create('raw.events', EVENT_COLUMNS);
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
          hours.map((hour, index) => `(${countryEvents(id + index * 10, 10, hour)})`).join(' union all '),
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
      processes: [countryProcess({}, 'select id, ts - interval 3 hour as ts, country from e')],
    });
    await world.create('raw.events', EVENT_COLUMNS);
    await world.land('raw.events', countryEvents(0, 10, 5));
    expect((await world.run())[0]).toMatchObject({
      status: 'refused',
      error: { code: 'rows-outside-hours', context: { rows: '10' } },
    });
  });

  it('never holds a row without an hour, nor one between separate hours', async () => {
    const sql =
      'select id, case when id < 2 then null when id < 4 then ts + interval 1 hour else ts end as ts, country from e';
    const world = await worldForTest({ processes: [countryProcess({}, sql, { hours: 'touched' })] });
    await world.create('raw.events', EVENT_COLUMNS, { partitionedBy: 'hour(ts)' });
    await world.land('raw.events', `${countryEvents(0, 10, 5)} union all ${countryEvents(100, 10, 8)}`);
    expect((await world.run())[0]).toMatchObject({
      status: 'refused',
      error: { code: 'rows-outside-hours', context: { rows: '4' } },
    });
  });
});
