// Goal: what a source's VTTS may say: no future, no nonsense, and a query that only reads. Method: processes
// whose provider says the odd thing.
import { describe, expect, it } from 'vitest';
import type { PsybergError } from '../../src/index.ts';
import { events, overwriteLoad, overwritten, runOne } from '../support/event-tables.ts';
import { hourAt, hourNumbers, msAt, processFile, type World, worldForTest } from '../support/world.ts';

async function worldWith(vtts: object): Promise<World> {
  const world = await worldForTest({ processes: [overwriteLoad({ vtts })] });
  await world.create('raw.events', 'id bigint, ts timestamptz');
  return world;
}
const refusalOf = (world: World): Promise<PsybergError> =>
  world.plan('overwrite_load').then(
    () => {
      throw new Error('expected a refusal');
    },
    (error: PsybergError) => error,
  );

describe('a VTTS beyond now', () => {
  it('loads no row that was set aside, and adds no hours: stateful', async () => {
    const world = await worldWith({ sql: "select timestamp '2100-01-01'" });
    world.nowMs = msAt(6.5);
    await world.land(
      'raw.events',
      `${events(0, 3, 0)} union all ${events(10, 1, 5)} union all ${events(20, 1, 50_000)}`,
    );
    const plan = await world.plan('overwrite_load');
    expect(plan.range).toEqual({ first_hour: hourAt(0), last_hour: hourAt(5) });
    expect(plan.sources[0]?.vtts_hour).toBe(hourAt(7));
    expect(hourNumbers((await world.publish('overwrite_load')).owed_hours)).toEqual([50_000]);
    expect(await overwritten(world)).toEqual(await world.rows('select id, ts from raw.events where id < 20'));
    // What is announced as complete goes no further either.
    expect(await world.rows('select vtts_utc_dateint, vtts_utc_hour from psyberg.psyberg_signal')).toEqual([
      '[20230914,5]',
    ]);
  });

  it('computes no hour that has not come: dimension', async () => {
    const source = {
      table: 'raw.events',
      event_time: 'ts',
      alias: 'e',
      vtts: { sql: "select timestamp '2023-12-14'" },
    };
    const dimension = processFile(
      {
        process_name: 'd_load',
        pattern: 'dimension',
        sources: [source],
        target: { table: 'dims.d', event_time: 'h' },
      },
      'select $first_hour::timestamptz as h, coalesce((select max(total) from previous), 0) + (select count(*) from e) as total',
    );
    const world = await worldForTest({ processes: [dimension] });
    world.nowMs = msAt(6.5);
    await world.create('raw.events', 'id bigint, ts timestamptz');
    await world.land('raw.events', events(0, 3, 0));
    expect((await world.plan('d_load')).range).toEqual({ first_hour: hourAt(0), last_hour: hourAt(7) });
  });
});

describe('a snapshot property', () => {
  const cases: readonly string[] = [
    'soon',
    '',
    '-1',
    '1694667600',
    '1694667600000000',
    '99999999999999999999',
    '+020000-01-01T00:00:00Z',
  ];
  it.each(cases)('that is no time is refused with table, property and value: %s', async (value) => {
    const world = await worldWith({ property: 'k' });
    await world.land('raw.events', events(0, 1, 0));
    await world.changeFiles('raw.events', {
      operation: 'append',
      insert: events(10, 1, 1),
      summary: { k: value },
    });
    const error = await refusalOf(world);
    expect(error).toMatchObject({
      code: 'vtts-invalid',
      kind: 'usage',
      context: { table: 'raw.events', process_name: 'overwrite_load', property: 'k', found: value },
    });
    expect(error.message).toContain(
      `the snapshot property 'k' of raw.events, from which overwrite_load learns how far it is complete, is '${value}'`,
    );
  });
});

describe('a query', () => {
  it('names tables as psyberg sql does, and under the name of the catalog', async () => {
    for (const table of ['raw.completeness', 'lake.raw.completeness']) {
      const world = await worldWith({ sql: `select max(valid_to) from ${table}` });
      await world.create('raw.completeness', 'valid_to timestamp');
      await world.land('raw.completeness', "select timestamp '2023-09-14 03:00:00'");
      await world.land('raw.events', events(0, 3, 0));
      expect((await world.plan('overwrite_load')).sources[0]?.vtts_hour).toBe(hourAt(2));
    }
  });

  it.each([
    ["select date '2023-09-14'", hourAt(-1)],
    ["select timestamptz '2023-09-14 05:30:00+05:30'", hourAt(-1)],
    ['select null', null],
    ['select null::timestamp where false', null],
    ["from (values (timestamp '2023-09-14 05:00:00'))", hourAt(4)],
  ])('gives a timestamp, a date, or nothing yet: %s', async (sql, expected) => {
    const world = await worldWith({ sql });
    await world.land('raw.events', events(0, 3, 0));
    expect((await world.plan('overwrite_load')).sources[0]?.vtts_hour).toBe(expected);
  });

  it.each([
    ['selec', 'cannot be parsed: syntax error at or near "selec"'],
    ['select max(v) from raw.nothing', 'failed: Catalog Error: Table with name nothing does not exist!'],
    ['select 5', 'returned a value of type INTEGER: 5, expected a timestamp or a date'],
    ["select '2023-09-14'", 'returned a value of type VARCHAR: 2023-09-14, expected a timestamp or a date'],
    ["select timestamp '2023-09-14 05:00:00', 1", 'returned 1 rows of 2 columns, expected one timestamp'],
    [
      "select unnest([timestamp '2023-09-14 05:00:00', timestamp '2023-09-14 06:00:00'])",
      'returned 2 rows of 1 columns, expected one timestamp',
    ],
    ["select 'infinity'::timestamp", 'returned infinity, expected a timestamp of the years 1 to 9999'],
    ["select timestamp '20000-01-01'", 'expected a timestamp of the years 1 to 9999'],
    ['delete from raw.events', 'is not a single SELECT, and a plan must write nothing'],
    [
      "select timestamp '2023-09-14'; delete from raw.events",
      'is not a single SELECT, and a plan must write nothing',
    ],
  ])('that gives none is refused with table and process, and does nothing: %s', async (sql, what) => {
    const world = await worldWith({ sql });
    await world.land('raw.events', events(0, 3, 0));
    const error = await refusalOf(world);
    expect(error).toMatchObject({
      code: 'vtts-invalid',
      kind: 'usage',
      context: { table: 'raw.events', process_name: 'overwrite_load' },
      hint: expect.stringContaining('psyberg sql'),
    });
    expect(error.message).toMatch(
      /^processes\/overwrite_load\.sql:\d+:\d+ the vtts query of raw\.events in overwrite_load /,
    );
    expect(error.message).toContain(what);
    expect(await runOne(world, 'overwrite_load')).toMatchObject({
      status: 'failed',
      error: { code: 'vtts-invalid', kind: 'usage' },
    });
    expect(await world.rows('select count(*) from raw.events')).toEqual(['["3"]']);
  });
});

describe('bounds, when the newest rows go', () => {
  const joined = async (options: { readonly formatVersion?: string } = {}): Promise<World> => {
    const sources = ['a', 'b'].map((alias) => ({ table: `raw.${alias}`, event_time: 'ts', alias }));
    const process = processFile(
      {
        process_name: 'joined_load',
        pattern: 'stateful',
        sources,
        target: { table: 'facts.joined', event_time: 'ts' },
      },
      "select id, ts, 'a' as side from a union all select id, ts, 'b' as side from b",
    );
    const world = await worldForTest({ processes: [process] });
    for (const table of ['raw.a', 'raw.b']) await world.create(table, 'id bigint, ts timestamptz', options);
    return world;
  };
  const vtts = async (world: World): Promise<(string | null)[]> =>
    (await world.plan('joined_load')).sources.map((source) => source.vtts_hour);
  const target = (world: World) => world.rows('select id, ts, side from facts.joined');
  const rebuilt = (world: World, below: number) =>
    world.rows(
      `select id, ts, side from (select id, ts, 'a' as side from raw.a union all select id, ts, 'b' as side from raw.b) where ts < timestamptz '${hourAt(below)}'`,
    );

  it('go down with a rollback, and hours that were loaded are kept right', async () => {
    const world = await joined();
    for (const table of ['raw.a', 'raw.b']) await world.land(table, events(0, 3, 0));
    const [first] = await world.history('raw.a');
    await world.land('raw.a', events(10, 3, 7));
    await world.land('raw.b', events(10, 3, 2));
    await world.publish('joined_load');
    await world.land('raw.b', events(20, 3, 6));
    await world.publish('joined_load');
    await world.rollback('raw.a', first?.['snapshot-id'] as bigint);
    await world.land('raw.b', `${events(30, 3, 5)} union all ${events(40, 3, 9)}`);
    expect(await vtts(world)).toEqual([hourAt(0), hourAt(9)]);
    const record = await world.publish('joined_load');
    expect(record).toMatchObject({ held_back_by: 'raw.a', owed_hours: [hourAt(7), hourAt(8), hourAt(9)] });
    expect(await target(world)).toEqual(await rebuilt(world, 7));
    await world.land('raw.a', events(50, 1, 9));
    await world.publish('joined_load');
    expect(await target(world)).toEqual(await rebuilt(world, 10));
  });

  it.each(['2', '3'])(
    'go down when a row with a wrong date is deleted from a file of others (version %s)',
    async (formatVersion) => {
      const world = await joined({ formatVersion });
      await world.land('raw.a', `${events(0, 3, 0)} union all ${events(99, 1, 20)}`);
      await world.land('raw.b', events(0, 3, 0));
      await world.publish('joined_load');
      await world.sql('delete from raw.a where id = 99');
      await world.land('raw.b', events(10, 3, 5));
      expect(await vtts(world)).toEqual([hourAt(0), hourAt(5)]);
      expect((await world.plan('joined_load')).status).toBe('waiting');
      // A row that came and went between two sessions says nothing either.
      await world.land('raw.a', `${events(20, 1, 1)} union all ${events(98, 1, 21)}`);
      await world.sql('delete from raw.a where id = 98');
      expect(await vtts(world)).toEqual([hourAt(1), hourAt(5)]);
      await world.publish('joined_load');
      expect(await target(world)).toEqual(await rebuilt(world, 2));
    },
  );

  it('do not count, on a first load, a row that was deleted before', async () => {
    const world = await joined();
    await world.land('raw.a', `${events(0, 3, 0)} union all ${events(99, 1, 20)}`);
    await world.sql('delete from raw.a where id = 99');
    await world.land('raw.b', events(0, 3, 5));
    expect(await vtts(world)).toEqual([hourAt(0), hourAt(5)]);
  });

  it('do not go up in the hour of a row of the future that was deleted before its time, and nothing is owed for it', async () => {
    const world = await worldForTest({ processes: [overwriteLoad()] });
    world.nowMs = msAt(4.5);
    await world.create('raw.events', 'id bigint, ts timestamptz');
    await world.land(
      'raw.events',
      `${events(0, 2, 0)} union all ${events(20, 2, 9)} union all ${events(30, 2, 11)}`,
    );
    expect(hourNumbers((await world.publish('overwrite_load')).owed_hours)).toEqual([9, 11]);
    await world.sql('delete from raw.events where id in (20, 21, 30)');
    await world.land('raw.events', events(40, 1, 1));
    expect(hourNumbers((await world.publish('overwrite_load')).owed_hours)).toEqual([11]);
    world.nowMs = msAt(9.5);
    expect((await world.plan('overwrite_load')).sources[0]?.vtts_hour).toBe(hourAt(1));
    world.nowMs = msAt(12);
    await world.publish('overwrite_load');
    expect(await overwritten(world)).toEqual(await world.rows('select id, ts from raw.events'));
  });
});
