// Goal: nothing is published of a query that takes rows together which sessions see at different times: such a target would hang
// on what came when. Method: queries that make a difference, in the first session and in later ones; those that make none are
// published, and equal to their SQL over whole tables; a header may say that it is meant so.
// More of them are in rows-alone.whole.ts.
import { expect, it } from 'vitest';
import { expectVerified } from '../support/verified.ts';
import { hourAt, worldForTest } from '../support/world.ts';
import {
  EVENTS,
  event,
  expectHoursRefused,
  expectPairRefused,
  expectRowsRefused,
  process,
  RUNNING,
  session,
  worldOf,
} from './some-rows.ts';

it.each([
  ['a running total', RUNNING],
  ['the first rows, which leave out an hour', 'select id, ts from events order by ts limit 2'],
  ['a floating-point number alone', 'select ts, avg(x) over () as x from events'],
  [
    'a running total beside a time of now',
    'select id, ts, sum(id) over (order by ts) as total, now() as loaded_at, loaded_at::date as day from events',
  ],
])('refuses %s in a session of several hours', async (_name, sql) => expectHoursRefused(sql));

it.each([
  [
    'a column that the SELECT gives another one the name of',
    "select id, ts, date_trunc('hour', ts) as x, count(*) over (partition by x) as n from events",
  ],
  [
    'a subquery that compares a column with itself',
    'select id, ts, (select count(*) from events as b where b.ts = ts) as n from events',
  ],
])('refuses rows that meet by %s', async (_name, sql) => {
  const world = await worldOf(process(sql), [0]);
  await world.land('raw.events', event(1, 3));
  expect(await session(world)).toMatchObject({ status: 'refused', error: { code: 'hours-not-alone' } });
});

it.each([
  ['the time of now', 'now() as x'],
  ['chance', 'random() as x'],
])('publishes rows that stand alone but for %s', async (_name, item) => {
  // Through `strftime` nobody follows the event time: an hour is computed once more.
  const counted = `select id, ts, count(*) over (partition by strftime(ts, '%Y-%m-%d %H')) as n, ${item} from events`;
  const world = await worldOf(process(counted), [0, 2, 3, 3]);
  expect((await world.psyberg.plan())[0]).toMatchObject({ compares_rows: true, compares_without: ['x'] });
  expect(await session(world)).toMatchObject({ error: null, status: 'published' });
});

it('refuses what meets in no other hours than those between the first and the last one', async () => {
  const between =
    'select id, ts, count(*) over (partition by case when id in (2, 3) then 0 else id end) as n';
  const world = await worldOf(process(`${between} from events`), [0, 1, 2, 3]);
  expect(await session(world)).toMatchObject({ status: 'refused', error: { code: 'hours-not-alone' } });
});

it('refuses in a session of one hour what hangs on the hours around it', async () => {
  const world = await worldOf(process(RUNNING), [3]);
  expect(await session(world)).toMatchObject({ status: 'published' });
  await world.land('raw.events', event(7, 4));
  expect(await session(world)).toMatchObject({
    status: 'refused',
    error: { code: 'hours-not-alone', context: { hour: hourAt(4) } },
  });
  expect(await world.rows('select id from facts.some')).toEqual(['[1]']);
});

it.each([
  [
    'the hour of a text',
    "select strptime(strftime(ts, '%Y%m%d%H'), '%Y%m%d%H') as ts, sum(x) as x from events group by 1",
  ],
  [
    'a share of its hour',
    "select id, ts, x / (select sum(x) from events as b where b.ts >= date_trunc('hour', a.ts) and b.ts < date_trunc('hour', a.ts) + interval 1 hour) as x from events as a",
  ],
])('publishes %s, of which the SQL does not say enough', async (_name, sql) => {
  const world = await worldOf(process(sql), [0, 2, 3, 3, 5]);
  const [plan] = await world.psyberg.plan();
  expect(plan).toMatchObject({ compares_rows: true });
  expect(await session(world)).toMatchObject({ status: 'published' });
  await world.land('raw.events', event(9, 2));
  expect(await session(world)).toMatchObject({ status: 'published' });
  await expectVerified(world, 'some');
});

it.each([
  ['stateful', [3], 4, 'hours-not-alone'],
  ['stateless', [3, 4], 5, 'rows-not-alone'],
])(
  'refuses to publish no rows where others beside them would give some: %s',
  async (pattern, first, next, code) => {
    // A pair of rows, of which the one has to be there before the other.
    const pairs = 'select a.id, a.ts from events as a join events as b on b.id = a.id - 1';
    const alone = 'select id, ts from events as a where not exists (from events as b where b.id <> a.id)';
    const world = await worldOf(process(pattern === 'stateful' ? pairs : alone, { pattern }), first);
    if (pattern === 'stateful') {
      expect(await session(world)).toMatchObject({ status: 'published' });
      await world.land('raw.events', event(2, next));
    }
    expect(await session(world)).toMatchObject({ status: 'refused', error: { code } });
    expect(await world.leftovers()).toEqual([]);
  },
);

it('compares nothing where the SQL says that an hour stands alone', async () => {
  const counts = "select date_trunc('hour', ts) as ts, count(*) as n from events group by 1";
  const world = await worldOf(process(counts), [0, 2]);
  const [plan] = await world.psyberg.plan();
  expect(plan).not.toHaveProperty('compares_rows');
  expect(plan?.warnings).toEqual([]);
});

it('takes what a window says for what is meant', async () => {
  const source = { ...EVENTS, window: { before: '3h' } };
  const near = `select id, ts, sum(id) over (order by ts range between interval 3 hour preceding and current row) as total
from events`;
  const world = await worldOf(process(near, { sources: [source] }), [0, 2, 4, 5, 9]);
  expect(await session(world)).toMatchObject({ status: 'published' });
  await world.land('raw.events', event(9, 2));
  expect(await session(world)).toMatchObject({ status: 'published' });
  await expectVerified(world, 'some');
});

it.each([
  ['counts of hours', "select date_trunc('hour', ts) as ts, count(*) as n from events group by 1"],
  ['a share of all', 'select ts, x / sum(x) over () as x from events'],
])('refuses a stateless process that gives %s, in its first session', async (_name, sql) =>
  expectRowsRefused(sql),
);

it('publishes a stateless process that groups by a key of its rows', async () => {
  const sources = [EVENTS, { table: 'raw.names', lookup: true }];
  const world = await worldOf(
    process(
      'select e.id, e.ts, count(n.id) as n from events as e left join names as n using (id) group by all',
      {
        pattern: 'stateless',
        sources,
      },
    ),
    [0, 2, 2],
  );
  await world.create('raw.names', 'id int');
  await world.land('raw.names', 'select 1 union all select 1 union all select 3');
  expect(await session(world)).toMatchObject({ status: 'published', rows_written: '3' });
  await world.land('raw.events', event(9, 2));
  expect(await session(world)).toMatchObject({ status: 'published', rows_written: '1' });
  await expectVerified(world, 'some');
});

it.each([
  ['rows-not-alone', 'stateless', 'select ts, count(*) over () as n from events'],
  ['hours-not-alone', 'stateful', RUNNING],
])('publishes where the header accepts %s', async (code, pattern, sql) => {
  const world = await worldOf(process(sql, { pattern, accept: [code] }), [0, 2]);
  const [plan] = await world.psyberg.plan();
  expect(plan?.warnings).toEqual([]);
  expect(await session(world)).toMatchObject({ status: 'published' });
});

it.each([
  [
    'rows that a window reaches, with no word of how far',
    { window: { before: '2h' } },
    'select e.ts, e.id, r.id as asked from events as e join requests as r on r.id < e.id',
  ],
  [
    'rows of two sources of one day',
    {},
    'select e.ts, e.id, r.id as asked from events as e join requests as r on r.asked::date = e.ts::date',
  ],
])('refuses %s', async (_name, more, sql) => expectPairRefused(more, sql));

it('refuses what the last hour of a session is cut by', async () => {
  const sql = 'select ts, id from events where ts < $range_end - interval 10 minute';
  const world = await worldOf(process(sql), []);
  await world.land('raw.events', [event(55, 0), event(56, 1), event(1, 2)].join(' union all '));
  expect(await session(world)).toMatchObject({ status: 'refused', error: { code: 'hours-not-alone' } });
});

it('compares sums alone where a target has nothing else', async () => {
  const target = { table: 'facts.some' };
  const sums = process('select sum(x) as x from events group by id', { pattern: 'stateless', target });
  expect(await session(await worldOf(sums, [0, 2]))).toMatchObject({ status: 'published' });
  const total = process('select sum(x) as x from events', { pattern: 'stateless', target });
  expect(await session(await worldOf(total, [0, 2]))).toMatchObject({
    status: 'refused',
    error: { code: 'rows-not-alone' },
  });
});

it('compares no value that a macro gives another one each time', async () => {
  const hourText = "strptime(strftime(ts, '%Y%m%d%H'), '%Y%m%d%H')";
  const sql = `select ${hourText} as ts, count(*) as n, stamp() as loaded_at from events group by 1`;
  const files = { 'macros/stamp.sql': 'create macro moment() as now();\ncreate macro stamp() as moment();' };
  const world = await worldForTest({ processes: [process(sql)], files });
  await world.create('raw.events', 'id int, ts timestamptz, x double');
  await world.land('raw.events', [event(1, 0), event(2, 1)].join(' union all '));
  expect(await session(world)).toMatchObject({ status: 'published' });
});
