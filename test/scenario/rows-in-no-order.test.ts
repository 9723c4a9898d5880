// Goal: a right process whose lists come out in another order is not refused, nor told to differ; one whose lists hold other
// values is. Method: rows that are read in an order which hangs on how many are read, in hours that cannot be followed.
import { expect, it } from 'vitest';
import { hourAt, type ProcessFile, processFile, type World, worldForTest } from '../support/world.ts';

/** Its rows are read in another order whenever others are read beside them. */
const READ = "(select * from e order by md5(id || ' ' || (select count(*) from e)))";
const HOUR = "strptime(strftime(ts at time zone 'UTC', '%Y-%m-%d %H'), '%Y-%m-%d %H') as hour";

const listed = (columns: string, from = READ): ProcessFile =>
  processFile(
    {
      process_name: 'listed',
      pattern: 'stateful',
      sources: [{ table: 'raw.e', event_time: 'ts', alias: 'e' }],
      target: { table: 'facts.listed', event_time: 'hour' },
    },
    `select ${HOUR}, ${columns} from ${from} group by hour`,
  );

const rows = (first: number, hour: number): string =>
  `select i as id, timestamptz '${hourAt(hour)}' + to_seconds(i % 3600) as ts, 'n' || i as name from range(${first}, ${first + 40}) t(i)`;

async function worldOf(process: ProcessFile): Promise<World> {
  const world = await worldForTest({ processes: [process] });
  await world.create('raw.e', 'id bigint, ts timestamptz, name varchar');
  for (const hour of [0, 1, 2]) await world.land('raw.e', rows(hour * 100, hour));
  return world;
}

it.each([
  ['a list', 'list(id) as ids', ['ids'], []],
  ['a text', "string_agg(name, ',') as names", ['names'], []],
  ['one of them', 'first(id) as id, count(*) as n', [], ['id']],
  ['something of a list', 'list(id)[1] as id, list(id) as ids', ['ids'], ['id']],
])('%s that comes out in another order is published, and equal', async (_name, columns, lists, others) => {
  const world = await worldOf(listed(columns));
  expect(await world.plan('listed')).toMatchObject({
    compares_rows: true,
    in_no_order: { lists, others },
  });
  await world.publish('listed');
  await world.land('raw.e', rows(1_000, 1));
  await world.land('raw.e', rows(1_100, 3));
  await world.publish('listed');
  const [found] = await world.psyberg.verify(['listed']);
  expect(found).toMatchObject({ status: 'equal', missing: '0', extra: '0' });
  expect(found?.notes.join(' ')).toContain(lists[0] ?? others[0]);
});

it.each([
  ['a list', 'list(id) as ids'],
  ['a text', "string_agg(name, ',') as names"],
])('%s with other values is told by verify', async (_name, columns) => {
  const world = await worldOf(listed(columns));
  await world.publish('listed');
  await world.changeFiles('facts.listed', {
    operation: 'overwrite',
    remove: (files) => files,
    insert: columns.startsWith('list')
      ? 'select hour, list_append(ids[2:], 7::bigint) as ids from facts.listed'
      : "select hour, replace(names, 'n1,', 'n7,') as names from facts.listed",
  });
  const [found] = await world.psyberg.verify(['listed']);
  expect(found).toMatchObject({ status: 'different', notes: [] });
});

it('lists that hold rows of other hours are refused as before', async () => {
  const world = await worldOf(listed('list(ids) as ids', '(select *, list(id) over () as ids from e)'));
  expect((await world.run())[0]).toMatchObject({ status: 'refused', error: { code: 'hours-not-alone' } });
});
