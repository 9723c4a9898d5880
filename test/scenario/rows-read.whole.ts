// Goal: no session publishes that read other rows than the manifests promise, and what DuckDB would skip is read.
// Method: real tables whose manifests are restated in place, times before 1970, values that no bound tells of.
import { describe, expect, it } from 'vitest';
import { restateColumn } from '../support/manifest-bounds.ts';
import { hourAt, msAt, processFile, type World, worldForTest } from '../support/world.ts';

const micros = (hour: number): string => `iceberg_bytes(${msAt(hour) * 1000}, 8)`;
const at = (hour: number): string => `timestamptz '${hourAt(hour)}'`;
const stateful = (query = 'select id, ts from e', source: object = {}) =>
  processFile(
    {
      process_name: 'f_load',
      pattern: 'stateful',
      sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e', ...source }],
      target: { table: 'facts.f', event_time: 'ts' },
    },
    query,
  );
const stateless = processFile(
  {
    process_name: 'f_load',
    pattern: 'stateless',
    sources: [{ table: 'raw.events', alias: 'e' }],
    target: { table: 'facts.f' },
  },
  'select id, ts from e',
);
/** The last row of an earlier hour, or of this one. */
const dimension = (target: object = {}) =>
  processFile(
    {
      process_name: 'd_load',
      pattern: 'dimension',
      sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
      target: { table: 'facts.d', event_time: 'h', ...target },
    },
    'select id, $first_hour as h from (select id from previous union select id from e)',
  );
const land = (world: World, ...rows: readonly (readonly [number, string])[]) =>
  world.land('raw.events', `select * from (values ${rows.map(([id, ts]) => `(${id}, ${ts})`).join(', ')})`);

/** Runs a process, which is to be refused twice over, and to publish nothing. */
async function expectRefused(world: World, name: string, message: RegExp): Promise<void> {
  for (let time = 0; time < 2; time += 1) {
    const [record] = await world.run([name]);
    expect(record).toMatchObject({ status: 'refused', error: { code: 'rows-not-read' } });
    expect(record?.error?.message).toMatch(message);
    expect(record?.error?.kind).toBe('refused');
    expect(record?.error?.context?.['file']).toMatch(/\.parquet$/);
  }
  expect(await world.leftovers()).toEqual([]);
}

describe('a session that read other rows than the manifests promise', () => {
  it('is refused: bounds of another time zone leave a row out', async () => {
    const world = await worldForTest({ processes: [stateful()] });
    await world.create('raw.events', 'id bigint, ts timestamptz');
    await land(world, [5, at(5)], [7, at(7)]);
    await restateColumn(world, 'raw.events', 'ts', { lower: micros(3), upper: micros(5), nulls: '0' });
    await expectRefused(
      world,
      'f_load',
      /read 1 of the 2 rows of the data file .*: 1 of its rows have a ts outside of the hours 2023-09-14T03:00:00Z\.\.2023-09-14T05:00:00Z/,
    );
    expect((await world.plan('f_load')).sources[0]?.watermark).toBeNull();
  });

  it('is refused: a file of which nothing is in the hours that its bounds state', async () => {
    const world = await worldForTest({ processes: [stateful()] });
    await world.create('raw.events', 'id bigint, ts timestamptz');
    await land(world, [5, at(5)]);
    await restateColumn(world, 'raw.events', 'ts', { lower: micros(3), upper: micros(3), nulls: '0' });
    await expectRefused(world, 'f_load', /read 0 of the 1 rows/);
  });

  it.each([
    ['stateful', stateful()],
    ['stateless', stateless],
  ])('is refused: a file of fewer rows than its manifest counts (%s)', async (_pattern, process) => {
    const world = await worldForTest({ processes: [process] });
    await world.create('raw.events', 'id bigint, ts timestamptz');
    await land(world, [5, at(5)]);
    await restateColumn(world, 'raw.events', 'ts', {
      lower: micros(5),
      upper: micros(5),
      nulls: '0',
      rows: '3',
    });
    await expectRefused(world, 'f_load', /read 1 of the 3 rows .*its manifest counts 3 rows, and it holds 1/);
  });

  it('is refused: a lookup of fewer rows than its manifest counts', async () => {
    const process = processFile(
      {
        process_name: 'f_load',
        pattern: 'stateful',
        sources: [
          { table: 'raw.events', event_time: 'ts', alias: 'e' },
          { table: 'ref.known', lookup: true },
        ],
        target: { table: 'facts.f', event_time: 'ts' },
      },
      'select id, ts from e join known using (id)',
    );
    const world = await worldForTest({ processes: [process] });
    await world.create('raw.events', 'id bigint, ts timestamptz');
    await world.create('ref.known', 'id bigint, since timestamptz');
    await land(world, [5, at(5)]);
    await world.land('ref.known', `select 5, ${at(1)}`);
    await restateColumn(world, 'ref.known', 'since', {
      lower: micros(1),
      upper: micros(1),
      nulls: '0',
      rows: '3',
    });
    await expectRefused(
      world,
      'f_load',
      /read 1 of the 3 rows .* of ref\.known .*its manifest counts 3 rows/,
    );
  });

  it('is refused in a dimension, whose hours are read one by one: the file would be skipped in one of them', async () => {
    const world = await worldForTest({ processes: [dimension()] });
    await world.create('raw.events', 'id bigint, ts timestamptz');
    await land(world, [1, at(5)], [2, at(8)]);
    await land(world, [3, at(7)]);
    await restateColumn(world, 'raw.events', 'ts', { lower: micros(6), upper: micros(6), nulls: '0' });
    await expectRefused(world, 'd_load', /read 1 of the 1 rows .*outside of the hours 2023-09-14T06:00:00Z/);
  });

  it('is refused where the target says more of its files than they hold, before rows are taken off', async () => {
    const world = await worldForTest({ processes: [stateful()] });
    await world.create('raw.events', 'id bigint, ts timestamptz');
    await land(world, [5, at(5)], [7, at(7)]);
    await world.publish('f_load');
    await restateColumn(world, 'facts.f', 'ts', {
      lower: micros(5),
      upper: micros(7),
      nulls: '0',
      rows: '9',
    });
    await land(world, [8, at(5)]);
    await expectRefused(world, 'f_load', /read 2 of the 9 rows that it has to keep of the data file/);
    expect(await world.rows('select id from facts.f')).toEqual(['["5"]', '["7"]']);
  });

  it('publishes what row-level deletes have left, and a straddling file of other hours', async () => {
    const world = await worldForTest({ processes: [stateful(), dimension()] });
    await world.create('raw.events', 'id bigint, ts timestamptz, filename varchar');
    await world.land('raw.events', `select i, ${at(0)} + to_hours(i), 'name' from range(10) t(i)`);
    await world.sql('delete from raw.events where id in (3, 9)');
    await world.publish('f_load');
    await world.publish('d_load');
    await world.land('raw.events', `select 11, ${at(5)}, 'name'`);
    expect(await world.publish('f_load')).toMatchObject({ rows_read: '2' });
    expect(await world.rows('select id from facts.f')).toHaveLength(9);
  });
});

describe('bounds in another unit', () => {
  it.each([
    ['milliseconds', 1_000],
    ['seconds', 1_000_000],
    ['nanoseconds', 0.001],
  ])(
    '%s in a column of microseconds: the file is read, for its hours and for its rows',
    async (_name, divisor) => {
      const world = await worldForTest({ processes: [stateful()] });
      await world.create('raw.events', 'id bigint, ts timestamptz');
      await land(world, [5, at(5)], [7, at(7)]);
      const bound = (hour: number): string => `iceberg_bytes(${(msAt(hour) * 1000) / divisor}, 8)`;
      await restateColumn(world, 'raw.events', 'ts', { lower: bound(5), upper: bound(7), nulls: '0' });
      expect((await world.plan('f_load')).sources[0]).toMatchObject({
        bounds_from: 'scan',
        first_hour: hourAt(5),
        last_hour: hourAt(7),
      });
      expect(await world.publish('f_load')).toMatchObject({ rows_read: '2', rows_written: '2' });
    },
  );
});

describe('what DuckDB would skip', () => {
  it.each(['day', 'month'])(
    'times before 1970 by %s: read, also as previous of a dimension',
    async (transform) => {
      const world = await worldForTest({
        processes: [stateful(), dimension({ partition_by: [`${transform}(h)`] })],
      });
      await world.create('raw.events', 'id bigint, ts timestamptz', { partitionedBy: `${transform}(ts)` });
      await land(world, [1, "timestamptz '1969-11-15 12:00:00Z'"], [2, "timestamptz '1969-11-15 13:30:00Z'"]);
      expect(await world.publish('f_load')).toMatchObject({ rows_read: '2' });
      await world.publish('d_load');
      // A merge of manifests leaves out what they were summarised by.
      await land(world, [3, "timestamptz '1969-11-15 13:40:00Z'"]);
      expect(await world.publish('f_load')).toMatchObject({ rows_read: '2' });
      await world.publish('d_load');
      expect(
        await world.rows("select id from facts.d where hour(h) = 13 and h::varchar like '1969%'"),
      ).toHaveLength(3);
      expect(await world.rows('select id from facts.f')).toHaveLength(3);
    },
  );

  it.each([
    ['', false],
    [' (of a table with a name mapping)', true],
  ])(
    'NaN, which no bound tells of; floats in a column that became a double; uuids and -0.0 by their bounds%s',
    async (_name, mapped) => {
      const world = await worldForTest({
        processes: [
          stateful(`select id, ts from e where x > 5 and id < 10
          union all select id, ts from e where f > 0.1 and id between 10 and 19
          union all select id, ts from e where u >= 'f0000000-0000-4000-8000-000000000000' and id between 20 and 29
          union all select id, ts from e where x = 0 and id between 30 and 39`),
        ],
      });
      await world.create('raw.events', 'id bigint, ts timestamptz, x double, f float, u uuid');
      const uuid = (first: string): string => `'${first}0000000-0000-4000-8000-000000000001'::uuid`;
      for (const [id, x, f, u] of [
        [1, "'nan'::double", '0', uuid('0')],
        [10, '1', '0.1', uuid('0')],
        [20, '1', '0', uuid('f')],
        [30, '-0.0', '0', uuid('7')],
      ] as const)
        await world.land(
          'raw.events',
          `select ${id}, ${at(5)}, ${x}, ${f}::float, ${u} union all select ${id + 100}, ${at(5)}, 1.5, 0::float, ${u}`,
        );
      await world.sql('alter table raw.events alter column f type double');
      if (mapped)
        await world.commit('raw.events', [
          {
            action: 'set-properties',
            updates: {
              'schema.name-mapping.default': JSON.stringify(
                ['id', 'ts', 'x', 'f', 'u'].map((name, index) => ({ 'field-id': index + 1, names: [name] })),
              ),
            },
          },
        ]);
      await world.publish('f_load');
      expect(await world.rows('select id from facts.f')).toEqual(['["1"]', '["10"]', '["20"]', '["30"]']);
    },
  );

  it('bounds of text that are cut within a character, and bounds of a uuid in the order of signed numbers', async () => {
    const world = await worldForTest({
      processes: [
        stateful("select id, ts from e where k > 'A' and u > '70000000-0000-4000-8000-000000000000'"),
      ],
    });
    await world.create('raw.events', 'id bigint, ts timestamptz, k varchar, u uuid');
    const row = (id: number, first: string): string =>
      `select ${id}, ${at(5)}, 'AAAAAAAAAAAAAAA\u2022 and more', '${first}0000000-0000-4000-8000-000000000001'::uuid`;
    await world.land('raw.events', `${row(1, '7')} union all ${row(2, 'f')}`);
    await restateColumn(world, 'raw.events', 'k', {
      lower: "unhex('414141414141414141414141414141E2')",
      upper: "unhex('414141414141414141414141414142')",
      nulls: '0',
    });
    await restateColumn(world, 'raw.events', 'u', {
      lower: "unhex('f0000000000040008000000000000001')",
      upper: "unhex('70000000000040008000000000000001')",
      nulls: '0',
    });
    await world.publish('f_load');
    expect(await world.rows('select id from facts.f')).toEqual(['["1"]', '["2"]']);
  });

  it.each(['hour', 'day', 'month', 'year'])('times compared with infinity, by %s', async (transform) => {
    const world = await worldForTest({ processes: [stateful("select id, ts from e where ts < 'infinity'")] });
    await world.create('raw.events', 'id bigint, ts timestamptz', { partitionedBy: `${transform}(ts)` });
    await land(world, [5, at(5)], [7, at(7)]);
    await world.publish('f_load');
    expect(await world.rows('select id from facts.f')).toEqual(['["5"]', '["7"]']);
  });
});
