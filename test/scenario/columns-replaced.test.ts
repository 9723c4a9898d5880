// Goal: a column of a source that another takes the name of changes rows that were loaded, without a snapshot; a session
// notices, whatever the pattern, and only where its query names the column. Method: columns dropped and added again, and
// two that swap their names; then a restate of all hours, or of some.
import { describe, expect, it } from 'vitest';
import { expectVerified } from '../support/verified.ts';
import { hourAt, type ProcessFile, processFile, type World, worldForTest } from '../support/world.ts';

const process = (pattern: string, columns: string, more: object = {}): ProcessFile =>
  processFile(
    {
      process_name: 'p',
      pattern,
      sources: [{ table: 'raw.events', event_time: 'ts' }],
      target: { table: 'facts.p', event_time: 'ts', partition_by: ['hour(ts)'] },
      ...more,
    },
    `select ${columns}, ts from events`,
  );

const event = (hour: number): string =>
  `select ${hour} as id, 'n${hour}' as note, 'o${hour}' as other, timestamptz '${hourAt(hour)}' as ts`;

async function loaded(pattern: string, columns = 'id, note', more: object = {}): Promise<World> {
  const world = await worldForTest({ processes: [process(pattern, columns, more)] });
  await world.create('raw.events', 'id int, note varchar, other varchar, ts timestamptz, s struct(a int)');
  for (const hour of [2, 4]) await world.land('raw.events', event(hour), 'name');
  await world.publish('p');
  return world;
}

const alter = async (world: World, changes: readonly string[]): Promise<void> => {
  for (const change of changes) await world.sql(`alter table raw.events ${change}`);
};
const AGAIN = ['drop column note', 'add column note varchar'];
const SWAPPED = ['rename column note to t', 'rename column other to note', 'rename column t to other'];

for (const pattern of ['stateless', 'stateful', 'dimension'])
  it(`is refused by a ${pattern} process until all hours are computed again`, async () => {
    const world = await loaded(pattern);
    await alter(world, pattern === 'stateful' ? SWAPPED : AGAIN);
    await world.land('raw.events', event(6), 'name');
    const refused = {
      status: 'refused',
      error: { code: 'columns-replaced', context: { columns: ['note'] } },
    };
    expect((await world.run())[0]).toMatchObject(refused);
    // Some hours are not all.
    await world.psyberg.restate('p', { hours: '2023-09-14T04' });
    expect((await world.run())[0]).toMatchObject(refused);
    expect((await world.psyberg.restate('p', { all: true }))[0]).toMatchObject({ status: 'published' });
    await expectVerified(world, 'p');
    expect((await world.run())[0]).toMatchObject({ status: 'published' });
    await expectVerified(world, 'p');
  });

for (const how of ['swapped', 'dropped'] as const)
  it(`of an event time that was ${how} leads on`, async () => {
    const world = await worldForTest({ processes: [process('stateless', 'id')] });
    await world.create('raw.events', 'id int, ts timestamptz, b timestamptz');
    const rows = (first: number, at: string, other: string): string =>
      `select i::int as id, timestamptz '${hourAt(first)}' as ${at}, timestamptz '${hourAt(first + 9)}' as ${other} from range(${first}, ${first + 2}) t(i)`;
    await world.land('raw.events', rows(1, 'ts', 'b'), 'name');
    await world.publish('p');
    await alter(world, how === 'dropped' ? ['drop column ts'] : ['rename column ts to t']);
    await alter(world, ['rename column b to ts', ...(how === 'dropped' ? [] : ['rename column t to b'])]);
    expect((await world.run())[0]).toMatchObject({ error: { code: 'columns-replaced' } });
    const [restated] = await world.psyberg.restate('p', { all: true });
    if (how === 'dropped') {
      // Whether the source let rows go nobody can tell.
      expect(restated?.error?.hint).toContain('drop facts.p and run again');
      await world.sql('drop table facts.p');
    } else expect(restated).toMatchObject({ status: 'published' });
    await world.run();
    await expectVerified(world, 'p');
  });

it('is settled by a restate of all hours where no row is left', async () => {
  const world = await loaded('stateful');
  await world.changeFiles('raw.events', { operation: 'delete', remove: (files) => files });
  await world.publish('p');
  await alter(world, AGAIN);
  await world.land('raw.events', event(6), 'name');
  expect((await world.run())[0]).toMatchObject({ error: { code: 'columns-replaced' } });
  expect((await world.psyberg.restate('p', { all: true }))[0]).toMatchObject({ status: 'published' });
  expect((await world.run())[0]).toMatchObject({ status: 'published' });
  await expectVerified(world, 'p');
  expect((await world.psyberg.restate('p', { all: true }))[0]).toMatchObject({ status: 'published' });
});

it('is nothing to a query that does not name it, nor are columns that only came, went or grew', async () => {
  const world = await loaded('stateful', 'count(*) over (partition by ts) as n, id::bigint as id');
  await alter(world, [...AGAIN, 'drop column other', 'alter column id type bigint', 'add column more int']);
  await world.land('raw.events', `select 6 as id, timestamptz '${hourAt(6)}' as ts`, 'name');
  expect((await world.run())[0]).toMatchObject({ status: 'published' });
  await alter(world, ['rename column s to more_of_it']);
  expect((await world.run())[0]).toMatchObject({ status: 'nothing-new' });
});

it('is nothing to a query that gives another column that name', async () => {
  const world = await loaded('stateless', 'other as note, other as "NOTE_2"');
  await alter(world, AGAIN);
  await world.land('raw.events', event(6), 'name');
  expect((await world.run())[0]).toMatchObject({ status: 'published' });
  await expectVerified(world, 'p');
});

it('is noticed by a query with a star', async () => {
  const world = await loaded('stateful', '* exclude (ts, s)');
  await alter(world, AGAIN);
  expect((await world.run())[0]).toMatchObject({ error: { code: 'columns-replaced' } });
});

it('is a float that became a double, to a query that makes other values of it', async () => {
  const sources = [{ table: 'raw.numbers', event_time: 'ts' }];
  const world = await worldForTest({ processes: [process('stateless', '', { sources })] });
  const asked = (column: string) =>
    world.writeProcess(
      processFile(process('stateless', '', { sources }).header, `select id, ${column} as d, ts from numbers`),
    );
  asked('d::varchar');
  await world.reopen();
  await world.create('raw.numbers', 'id int, d real, ts timestamptz');
  await world.land('raw.numbers', `select 1, 0.1, timestamptz '${hourAt(2)}'`);
  await world.publish('p');
  await world.sql('alter table raw.numbers alter d type double');
  await world.land('raw.numbers', `select 2, 0.1::real, timestamptz '${hourAt(4)}'`);
  expect((await world.run())[0]).toMatchObject({
    status: 'refused',
    error: { code: 'columns-replaced', context: { columns: ['d'] } },
  });
  expect((await world.psyberg.restate('p', { all: true }))[0]).toMatchObject({ status: 'published' });
  expect((await world.run())[0]).toMatchObject({ status: 'published' });
  await expectVerified(world, 'p');
  expect(await world.rows('select id, d from facts.p')).toEqual(
    await world.rows('select id, d::varchar from raw.numbers'),
  );
});

describe('whole rows', () => {
  it('are others with a column that came', async () => {
    const world = await loaded('stateful', 'id, to_json(events)::varchar as row');
    await alter(world, ['add column more int']);
    expect((await world.run())[0]).toMatchObject({
      error: { code: 'columns-replaced', context: { columns: ['more'] } },
    });
    expect((await world.psyberg.restate('p', { all: true }))[0]).toMatchObject({ status: 'published' });
    await world.land('raw.events', event(6), 'name');
    expect((await world.run())[0]).toMatchObject({ status: 'published' });
    await expectVerified(world, 'p');
  });

  const append = { on_schema_change: 'append' };

  it('of a target that takes new columns are others with one that was renamed, and not with one that came', async () => {
    const world = await loaded('stateful', '* exclude (ts, s)', append);
    await alter(world, ['add column more int']);
    await world.land('raw.events', event(6), 'name');
    expect((await world.run())[0]).toMatchObject({ status: 'published' });
    await expectVerified(world, 'p');
    await alter(world, ['rename column note to remark']);
    expect((await world.run())[0]).toMatchObject({
      error: { code: 'columns-replaced', context: { columns: ['remark', 'note'] } },
    });
    expect((await world.psyberg.restate('p', { all: true }))[0]).toMatchObject({ status: 'published' });
    await expectVerified(world, 'p');
    expect(await world.rows('select remark, note from facts.p')).toEqual(
      await world.rows('select remark, null as note from raw.events'),
    );
  });

  it('of a struct are others with a field that came, and its fields are not', async () => {
    const world = await loaded('stateful', 'id, to_json(s)::varchar as row');
    world.writeProcess(
      processFile(
        {
          ...process('stateful', '').header,
          process_name: 'q',
          target: { table: 'facts.q', event_time: 'ts' },
        },
        'with e as (select * from events) select id, s.a, ts from e',
      ),
    );
    await world.reopen();
    await world.land('raw.events', `select 5 as id, {'a': 1} as s, timestamptz '${hourAt(5)}' as ts`, 'name');
    for (const name of ['p', 'q']) await world.publish(name);
    await alter(world, ['add column s.b int']);
    expect((await world.run(['p']))[0]).toMatchObject({
      error: { code: 'columns-replaced', context: { columns: ['s'] } },
    });
    expect((await world.psyberg.restate('p', { all: true }))[0]).toMatchObject({ status: 'published' });
    await world.land('raw.events', event(6), 'name');
    for (const name of ['p', 'q']) {
      await world.publish(name);
      await expectVerified(world, name);
    }
  });

  it('go on where the target is renamed as well', async () => {
    const world = await loaded('stateful', '* exclude (ts, s)');
    await alter(world, ['rename column note to remark']);
    await world.land('raw.events', event(6).replace('note', 'remark'), 'name');
    expect((await world.run())[0]).toMatchObject({ error: { code: 'target-schema-mismatch' } });
    await world.sql('alter table facts.p rename column note to remark');
    expect((await world.run())[0]).toMatchObject({ status: 'published' });
    await expectVerified(world, 'p');
  });
});

describe('of two sources', () => {
  const more = {
    sources: [
      { table: 'raw.events', event_time: 'ts' },
      { table: 'raw.others', event_time: 'ts' },
    ],
  };
  const SQL =
    'e.id, o.note, e.ts from events e left join others o on o.id = e.id and date_trunc($hour, o.ts) = e.ts';

  it('only the one counts that is read', async () => {
    const sql = SQL.replace('$hour', "'hour'");
    const world = await worldForTest({
      processes: [processFile({ ...process('stateful', '').header, ...more }, `select ${sql}`)],
    });
    for (const table of ['raw.events', 'raw.others']) {
      await world.create(table, 'id int, note varchar, ts timestamptz');
      await world.land(table, `select 2 as id, 'n' as note, timestamptz '${hourAt(2)}' as ts`);
    }
    await world.publish('p');
    await alter(world, AGAIN);
    await world.land('raw.events', `select 2 as id, timestamptz '${hourAt(2)}' as ts`, 'name');
    expect((await world.run())[0]).toMatchObject({ status: 'published' });
    await expectVerified(world, 'p');
    for (const change of AGAIN) await world.sql(`alter table raw.others ${change}`);
    expect((await world.run())[0]).toMatchObject({
      error: { code: 'columns-replaced', context: { table: 'raw.others', columns: ['note'] } },
    });
  });
});

describe('of a lookup', () => {
  const withLookup = async (onChange: string): Promise<World> => {
    const sources = [
      { table: 'raw.events', event_time: 'ts' },
      { table: 'ref.names', lookup: true, on_change: onChange },
    ];
    const world = await worldForTest({
      processes: [
        processFile(
          { ...process('stateful', '').header, sources },
          'select e.id, n.name, e.ts from events e left join names n using (id)',
        ),
      ],
    });
    await world.create('raw.events', 'id int, ts timestamptz');
    await world.create('ref.names', 'id int, name varchar');
    await world.land('ref.names', "select 1 as id, 'one' as name");
    await world.land('raw.events', `select 1 as id, timestamptz '${hourAt(2)}' as ts`);
    await world.publish('p');
    for (const change of ['drop column name', 'add column name varchar'])
      await world.sql(`alter table ref.names ${change}`);
    return world;
  };

  it('whose changes are followed it is refused', async () => {
    const world = await withLookup('restate');
    expect((await world.run())[0]).toMatchObject({
      error: { code: 'columns-replaced', context: { table: 'ref.names', columns: ['name'] } },
    });
    expect((await world.psyberg.restate('p', { all: true }))[0]).toMatchObject({ status: 'published' });
    expect(await world.sql('select name from facts.p')).toEqual([{ name: null }]);
    expect((await world.run())[0]).toMatchObject({ status: 'nothing-new' });
    await expectVerified(world, 'p');
  });

  it('whose changes are ignored it is ignored, and hours hold what the lookup was', async () => {
    const world = await withLookup('ignore');
    expect((await world.run())[0]).toMatchObject({ status: 'nothing-new' });
    await expectVerified(world, 'p');
    await world.land('raw.events', `select 1 as id, timestamptz '${hourAt(4)}' as ts`);
    expect((await world.run())[0]).toMatchObject({ status: 'published' });
    expect(await world.sql('select name from facts.p order by ts')).toEqual([
      { name: 'one' },
      { name: null },
    ]);
    await expectVerified(world, 'p');
  });
});

describe('of rows that lie in no hour', () => {
  const load = process('stateless', "id, coalesce(note, 'none') as note");
  const without = (id: number): string => `select ${id} as id, 'n${id}' as note, null::timestamptz as ts`;
  const below = processFile(
    {
      process_name: 'below',
      pattern: 'stateless',
      sources: [{ table: 'facts.p', event_time: 'ts' }],
      target: { table: 'facts.below', event_time: 'ts' },
    },
    'select * from p',
  );
  const settled = async (world: World, names: readonly string[]): Promise<void> => {
    for (const name of names) {
      expect((await world.run([name]))[0]).toMatchObject({ status: 'nothing-new' });
      await expectVerified(world, name);
    }
  };

  it('all are computed again, too, beside those of hours, and below', async () => {
    const world = await worldForTest({ processes: [load, below] });
    await world.create('raw.events', 'id int, note varchar, other varchar, ts timestamptz');
    for (const rows of [event(2), `${event(3)} union all by name ${without(7)}`, without(8)]) {
      await world.land('raw.events', rows, 'name');
      await world.publish('p');
    }
    await world.publish('below');
    await alter(world, SWAPPED);
    expect((await world.run(['p']))[0]).toMatchObject({ error: { code: 'columns-replaced' } });
    const [planned] = await world.psyberg.planRestate('p', { all: true });
    expect(planned?.reads).toMatchObject({ rows: '4', files: 3 });
    const restated = await world.psyberg.restate('p', { all: true, downstream: true });
    expect(restated).toMatchObject([{ status: 'published' }, { status: 'published' }]);
    expect(await world.rows('select id, note from facts.below')).toEqual(
      await world.rows("select id, coalesce(note, 'none') from raw.events"),
    );
    await settled(world, ['p', 'below']);
  });

  it('a target of nothing else is settled, and what is below it', async () => {
    const world = await worldForTest({ processes: [load, below] });
    await world.create('raw.events', 'id int, note varchar, ts timestamptz');
    await world.land('raw.events', without(1), 'name');
    await world.publish('p');
    await world.publish('below');
    await alter(world, AGAIN);
    expect((await world.run())[0]).toMatchObject({ error: { code: 'columns-replaced' } });
    const restated = await world.psyberg.restate('p', { all: true, downstream: true });
    expect(restated).toMatchObject([{ status: 'published' }, { status: 'published' }]);
    for (const table of ['facts.p', 'facts.below'])
      expect(await world.rows(`select note from ${table}`)).toEqual(['["none"]']);
    await settled(world, ['p', 'below']);
  });

  it('below a target that was adopted with hours that its source has not, nothing is lost', async () => {
    const inOneFile = process('stateless', 'id, note', { target: { table: 'facts.p', event_time: 'ts' } });
    const world = await worldForTest({ processes: [inOneFile, below] });
    await world.create('raw.events', 'id int, note varchar, other varchar, ts timestamptz');
    await world.land('raw.events', `${event(5)} union all by name ${without(7)}`, 'name');
    await world.publish('p');
    await world.sql(`
      create table facts.below with ('format-version' = '2') as from facts.p;
      insert into facts.below by name select 2::int as id, 'old' as note, timestamptz '${hourAt(2)}' as ts`);
    await world.psyberg.adopt('below');
    const before = await world.rows('from facts.below');
    world.writeProcess({ ...inOneFile, sql: 'select id, upper(note) as note, ts from events' });
    await world.reopen();
    const restated = await world.psyberg.restate('p', { hours: '2023-09-14T05', downstream: true });
    expect(restated).toMatchObject([{ status: 'published' }, { error: { code: 'restate-hours-gone' } }]);
    expect(await world.rows('from facts.below')).toEqual(before);
  });

  it('rows that another SQL gives an hour, or takes it from, are there once', async () => {
    const world = await worldForTest({ processes: [load] });
    await world.create('raw.events', 'id int, note varchar, other varchar, ts timestamptz');
    await world.land('raw.events', `${event(2)} union all by name ${without(7)}`, 'name');
    await world.publish('p');
    const moved =
      "select id, note, case when id = 7 then timestamptz '2023-09-14 04:00:00Z' end as ts from events";
    world.writeProcess({ ...load, sql: moved });
    await world.reopen();
    expect((await world.psyberg.restate('p', { all: true }))[0]).toMatchObject({ status: 'published' });
    expect(await world.rows('select id, hour(ts) from facts.p')).toEqual(['[2,null]', '[7,"4"]']);
    await settled(world, ['p']);
    expect(await world.psyberg.status([])).toMatchObject([{ sql_changed: null }]);
  });
});
