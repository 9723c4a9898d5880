// Goal: equality deletes that DuckDB reads otherwise than Iceberg has them change no target in silence, whoever
// reads the table and whenever the deletes came. Method: delete files as streaming engines leave them, in
// lookups, targets and sources of every age; expected rows are written out.
import { describe, expect, it } from 'vitest';
import type { MaintainRequest } from '../../src/index.ts';
import type { RowDelete } from '../support/row-deletes.ts';
import { expectVerified } from '../support/verified.ts';
import { hourAt, processFile, type World, worldForTest } from '../support/world.ts';

/** Rows id 10 * hour .. 10 * hour + 2, with keys `k<id>`. */
const rowsOf = (...hours: readonly number[]): string =>
  hours
    .map(
      (hour) =>
        `select ${hour * 10} + i as id, timestamptz '${hourAt(hour)}' + to_minutes(i::integer) as ts, 'k' || (${hour * 10} + i) as k from range(3) as t(i)`,
    )
    .join(' union all ');
const EVENTS = 'id bigint, ts timestamptz, k varchar';
const AT_ONCE: MaintainRequest = { olderThanMs: 0, orphanGraceMs: 0, force: true };

const hoursLoad = (sql = 'select id, ts from e', header: object = {}) =>
  processFile(
    {
      process_name: 'hours_load',
      pattern: 'stateful',
      sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
      target: { table: 'facts.hours', event_time: 'ts' },
      hours: 'touched',
      ...header,
    },
    sql,
  );
const deletes = (world: World, table: string, change: Omit<RowDelete & { kind: 'equality' }, 'kind'>) =>
  world.changeFiles(table, { operation: 'delete', deletes: [{ kind: 'equality', ...change }] });
const ofKey = (key: string): Pick<RowDelete & { kind: 'equality' }, 'columns' | 'values'> => ({
  columns: ['k'],
  values: `select '${key}'`,
});
const idsOf = async (world: World, table: string): Promise<unknown[]> =>
  (await world.sql(`select id from ${table} order by id`)).map(({ id }) => Number(id));

async function expectUnreadable(world: World, table: string): Promise<void> {
  const [record] = await world.run(['hours_load']);
  expect(record).toMatchObject({
    status: 'refused',
    published_snapshot_id: null,
    error: {
      code: 'equality-deletes-unreadable',
      hint: expect.stringContaining(`compact ${table} with its own writer`),
      context: { table },
    },
  });
}

describe('deletes by a key that some rows have not', () => {
  it.each(['ignore', 'restate'])('of a lookup are refused (on_change: %s)', async (onChange) => {
    const named = hoursLoad('select e.id, e.ts, l.name from e left join l using (id)', {
      sources: [
        { table: 'raw.events', event_time: 'ts', alias: 'e' },
        { table: 'raw.names', alias: 'l', lookup: true, on_change: onChange },
      ],
    });
    const world = await worldForTest({ processes: [named] });
    await world.create('raw.events', EVENTS);
    await world.create('raw.names', 'id bigint, name varchar, k varchar');
    await world.land('raw.events', rowsOf(0, 1));
    await world.land(
      'raw.names',
      "select i, 'n' || i, case when i <> 10 then 'k' || i end from range(20) as t(i)",
    );
    await world.publish('hours_load');
    await deletes(world, 'raw.names', ofKey('k11'));
    await world.land('raw.events', `select 19, timestamptz '${hourAt(1)}', 'k19'`);
    await expectUnreadable(world, 'raw.names');
    expect(await world.rows('select name from facts.hours where id = 10')).toEqual(['["n10"]']);
  });

  it('of a target are refused before rows are carried over', async () => {
    const world = await worldForTest({ processes: [hoursLoad('select id, ts, k from e')] });
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', `${rowsOf(0, 1)} union all select 9, timestamptz '${hourAt(0)}', null`);
    await world.publish('hours_load');
    await deletes(world, 'facts.hours', ofKey('k2'));
    await world.land('raw.events', `select 19, timestamptz '${hourAt(1)}', 'k19'`);
    await expectUnreadable(world, 'facts.hours');
    expect((await world.metadata('facts.hours')).snapshots?.at(-1)?.summary?.['total-equality-deletes']).toBe(
      '1',
    );
  });

  it('leave a table as it is under maintenance, which would take the other rows off for good', async () => {
    const world = await worldForTest({ processes: [hoursLoad()] });
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', `${rowsOf(0)} union all select 9, timestamptz '${hourAt(0)}', null`);
    await world.land('raw.events', rowsOf(1));
    await deletes(world, 'raw.events', ofKey('k2'));
    const { tables } = await world.psyberg.maintain(['raw.events'], AT_ONCE);
    expect(tables).toMatchObject([
      {
        error: null,
        compacted: null,
        notes: [expect.stringMatching(/^not compacted: .*holds NULLs there.*with its own writer/)],
      },
    ]);
    expect((await world.history('raw.events')).at(-1)?.summary).toMatchObject({
      'total-records': '7',
      'total-equality-deletes': '1',
    });
  });
});

describe('deletes that were read before', () => {
  it.each([
    ['was dropped since', 'alter table raw.events drop column k', 'no longer has'],
    ['was widened since', 'alter table raw.events alter id type bigint', 'widened'],
  ])('whose key %s are refused by the next session that reads their rows', async (_name, change, says) => {
    const world = await worldForTest({ processes: [hoursLoad('select id::bigint as id, ts from e')] });
    await world.create('raw.events', 'id integer, ts timestamptz, k varchar, note varchar');
    await world.land('raw.events', rowsOf(0, 1).replaceAll(' from range', ', null::varchar from range'));
    await deletes(world, 'raw.events', {
      columns: ['id', 'k'],
      values: "select 11::integer, 'k11'",
    });
    await world.publish('hours_load');
    await world.sql(change);
    expect((await world.run(['hours_load']))[0]?.status).toBe('nothing-new');
    await world.land('raw.events', `select 19 as id, timestamptz '${hourAt(1)}' as ts`, 'name');
    await expectUnreadable(world, 'raw.events');
    expect((await world.psyberg.verify(['hours_load']))[0]).toMatchObject({
      status: 'failed',
      error: { code: 'equality-deletes-unreadable', message: expect.stringContaining(says) },
    });
    expect(await idsOf(world, 'facts.hours')).toEqual([0, 1, 2, 10, 12]);
  });
});

describe('deletes of one partition', () => {
  const inHour = (hour: number) => (partition: string) =>
    partition.includes(String(Date.parse(hourAt(hour)) / 3_600_000));
  const loaded = async (partitionedBy: string): Promise<World> => {
    const world = await worldForTest({ processes: [hoursLoad()] });
    await world.create('raw.events', EVENTS, { partitionedBy });
    await world.land('raw.events', rowsOf(0));
    await world.land('raw.events', `select 10, timestamptz '${hourAt(1)}', 'k1'`);
    await world.publish('hours_load');
    return world;
  };

  it('are refused where another partition has a row with their key', async () => {
    const world = await loaded('hour(ts)');
    await deletes(world, 'raw.events', { ...ofKey('k1'), partitions: inHour(0) });
    await expectUnreadable(world, 'raw.events');
    expect(await idsOf(world, 'facts.hours')).toEqual([0, 1, 2, 10]);
    await expect(world.sql('select count(*) from raw.events')).rejects.toMatchObject({
      code: 'equality-deletes-unreadable',
    });
  });

  it('are followed where no other partition has one, and where a delete of its own takes it as well', async () => {
    const world = await loaded('hour(ts)');
    await deletes(world, 'raw.events', { ...ofKey('k2'), partitions: inHour(0) });
    await world.publish('hours_load');
    expect(await idsOf(world, 'facts.hours')).toEqual([0, 1, 10]);
    await deletes(world, 'raw.events', ofKey('k1'));
    await world.publish('hours_load');
    expect(await idsOf(world, 'facts.hours')).toEqual([0]);
    await expectVerified(world, 'hours_load');
  });

  it('are refused where an older row with their key is of another partition spec', async () => {
    const world = await loaded('hour(ts)');
    await world.sql('alter table raw.events set partitioned by (k)');
    await world.land('raw.events', `select 20, timestamptz '${hourAt(2)}', 'k2'`);
    await deletes(world, 'raw.events', { ...ofKey('k2'), partitions: (text) => text.includes('k2') });
    await expectUnreadable(world, 'raw.events');
  });

  it('are followed where their key tells the partition', async () => {
    const world = await loaded('k, hour(ts)');
    await deletes(world, 'raw.events', {
      columns: ['k', 'ts'],
      values: `select 'k1', timestamptz '${hourAt(0)}' + to_minutes(1)`,
      partitions: (partition) => partition.includes('k1') && inHour(0)(partition),
    });
    await world.publish('hours_load');
    expect(await idsOf(world, 'facts.hours')).toEqual([0, 2, 10]);
  });
});

describe('partitions that are NULL', () => {
  it('beside a delete of their spec are refused, before DuckDB compares them', async () => {
    const world = await worldForTest({ processes: [hoursLoad()] });
    await world.create('raw.events', EVENTS, { partitionedBy: 'k' });
    await world.land('raw.events', rowsOf(0));
    await world.land('raw.events', `select 10, timestamptz '${hourAt(1)}', null`);
    await world.publish('hours_load');
    const ofK1 = { columns: ['id'], values: 'select 1::bigint' };
    await deletes(world, 'raw.events', { ...ofK1, partitions: (text) => text.includes('k1') });
    await expectUnreadable(world, 'raw.events');
    await expect(world.sql('select count(*) from raw.events')).rejects.toMatchObject({
      code: 'equality-deletes-unreadable',
      message: expect.stringContaining('cannot compare the partition'),
    });
    expect(await idsOf(world, 'facts.hours')).toEqual([0, 1, 2, 10]);
  });

  it('that are newer than the deletes are read', async () => {
    const world = await worldForTest({ processes: [hoursLoad()] });
    await world.create('raw.events', EVENTS, { partitionedBy: 'k' });
    await world.land('raw.events', rowsOf(0));
    const ofK1 = { columns: ['id'], values: 'select 1::bigint' };
    await deletes(world, 'raw.events', { ...ofK1, partitions: (text) => text.includes('k1') });
    await world.land('raw.events', `select 10, timestamptz '${hourAt(1)}', null`);
    await world.publish('hours_load');
    expect(await idsOf(world, 'facts.hours')).toEqual([0, 2, 10]);
    await expectVerified(world, 'hours_load');
  });

  it('of a field that DuckDB is not told of are read, by a first load and later', async () => {
    const world = await worldForTest({ processes: [hoursLoad()] });
    // Bounds of a double are not shown either, nor does a column hide the names of files.
    const columns = `${EVENTS}, filename double`;
    await world.create('raw.events', columns, { partitionedBy: 'truncate(2, k)' });
    const rows = `${rowsOf(0)} union all select 10, timestamptz '${hourAt(1)}', null`;
    await world.land('raw.events', `select *, 'NaN'::double from (${rows})`);
    await deletes(world, 'raw.events', { columns: ['id'], values: 'select 1::bigint' });
    await world.publish('hours_load');
    expect(await idsOf(world, 'facts.hours')).toEqual([0, 2, 10]);
    await deletes(world, 'raw.events', { columns: ['id'], values: 'select 10::bigint' });
    await world.publish('hours_load');
    expect(await idsOf(world, 'facts.hours')).toEqual([0, 2]);
    await expectVerified(world, 'hours_load');
  });

  it('to DuckDB alone, which is not told of days before 1970, are refused likewise', async () => {
    const world = await worldForTest({ processes: [hoursLoad()] });
    await world.create('raw.events', EVENTS, { partitionedBy: 'day(ts), k' });
    await world.land('raw.events', "select 1, timestamptz '1969-12-31 05:00:00Z', 'k1'");
    await world.publish('hours_load');
    await deletes(world, 'raw.events', { columns: ['id'], values: 'select 1::bigint' });
    await expectUnreadable(world, 'raw.events');
  });
});

describe('keys of which DuckDB makes something else', () => {
  /** Rows 0, 1 and 2 of hour 0, whose keys are given, and a target of them. */
  const loadedKeys = async (type: string, keys: readonly string[], formatVersion = '2'): Promise<World> => {
    const world = await worldForTest({ processes: [hoursLoad()] });
    await world.create('raw.events', `id bigint, ts timestamptz, k ${type}`, { formatVersion });
    const rows = keys.map((key, id) => `select ${id}, timestamptz '${hourAt(0)}', ${key}::${type}`);
    await world.land('raw.events', rows.join(' union all '));
    await world.publish('hours_load');
    return world;
  };

  it.each([
    ['float', "'-0.0'", "'0.0'"],
    ['double', "'0.0'", "'-0.0'"],
  ])('are refused where a zero has another sign: %s', async (type, kept, gone) => {
    const world = await loadedKeys(type, ['1.5', kept, gone]);
    await deletes(world, 'raw.events', { columns: ['k'], values: `select '1.5'::${type}` });
    await world.publish('hours_load');
    await deletes(world, 'raw.events', { columns: ['k'], values: `select ${gone}::${type}` });
    await expectUnreadable(world, 'raw.events');
    expect(await idsOf(world, 'facts.hours')).toEqual([1, 2]);
    await deletes(world, 'raw.events', { columns: ['k'], values: `select ${kept}::${type}` });
    await world.publish('hours_load');
    expect(await idsOf(world, 'facts.hours')).toEqual([]);
  });

  it.each([
    ['varchar', "'a b'", 'k=a+b'],
    ['varchar', "'7'", 'k=7'],
    ['integer', '7', 'other=1/K=7'],
  ])(
    'are refused where a folder says another value, or of another type: %s %s',
    async (type, key, folder) => {
      const world = await loadedKeys(type, [key, key.replace('7', '8')]);
      await deletes(world, 'raw.events', { columns: ['k'], values: `select ${key}::${type}`, folder });
      await expectUnreadable(world, 'raw.events');
      await expect(world.sql('select count(*) from raw.events')).rejects.toMatchObject({
        code: 'equality-deletes-unreadable',
      });
    },
  );

  it('are refused likewise where their column has the name that such files are looked into by', async () => {
    const world = await worldForTest({ processes: [hoursLoad()] });
    await world.create('raw.events', 'id bigint, ts timestamptz, key varchar');
    await world.land('raw.events', `select 1, timestamptz '${hourAt(0)}', 'a b'`);
    await world.publish('hours_load');
    await deletes(world, 'raw.events', { columns: ['key'], values: "select 'a b'", folder: 'key=a+b' });
    await expectUnreadable(world, 'raw.events');
  });

  it.each([
    ['varchar', "'a c'", 'k=a%20c'],
    ['bigint', '7', 'k=7'],
    ['date', "'2023-01-01'", 'k=2023-01-01'],
    ['integer', '7', 'k_bucket=3/ts=2023-01-01'],
  ])('are followed where a folder says the same: %s %s', async (type, key, folder) => {
    const world = await loadedKeys(type, [key, 'null'].slice(0, 1));
    await deletes(world, 'raw.events', { columns: ['k'], values: `select ${key}::${type}`, folder });
    await world.publish('hours_load');
    expect(await idsOf(world, 'facts.hours')).toEqual([]);
  });

  it('are refused where older files have a default for them', async () => {
    const world = await loadedKeys('integer', ['1', '2'], '3');
    const { schemas } = await world.metadata('raw.events');
    const fields = schemas.at(-1)?.fields ?? [];
    const n = { id: 4, name: 'n', type: 'int', required: true, 'initial-default': 5, 'write-default': 5 };
    await world.commit('raw.events', [
      { action: 'add-schema', schema: { type: 'struct', 'schema-id': -1, fields: [...fields, n] } },
      { action: 'set-current-schema', 'schema-id': -1 },
    ] as never);
    await deletes(world, 'raw.events', { columns: ['n'], values: 'select 5::integer' });
    await expectUnreadable(world, 'raw.events');
    expect(await idsOf(world, 'facts.hours')).toEqual([0, 1]);
  });

  it('are followed where a decimal was widened before they were written, and refused where it was since', async () => {
    const world = await loadedKeys('decimal(9, 2)', ['1.5', '2.5', '3.5']);
    await world.sql('alter table raw.events alter k type decimal(18, 2)');
    const ofKey = (key: string) => ({ columns: ['k'], values: `select ${key}::decimal(18, 2)` });
    await deletes(world, 'raw.events', ofKey('1.5'));
    await world.publish('hours_load');
    expect(await idsOf(world, 'facts.hours')).toEqual([1, 2]);
    await world.sql('alter table raw.events alter k type decimal(20, 2)');
    await world.land('raw.events', `select 9, timestamptz '${hourAt(0)}', 9.5`);
    await expectUnreadable(world, 'raw.events');
  });
});
