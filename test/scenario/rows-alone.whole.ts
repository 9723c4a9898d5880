// Goal and method: those of rows-alone.test.ts, of more queries.
import { it } from 'vitest';
import { expectHoursRefused, expectPairRefused, expectRowsRefused } from './some-rows.ts';

it.each([
  ['the row before', 'select id, ts, lag(id) over (order by ts) as b from events'],
  ['a share of all', 'select id, ts, x / (select sum(x) from events) as x from events'],
  ['the first rows', 'select id, ts from events order by ts limit 3'],
  ['the last row', 'select id, ts from events order by ts desc limit 1'],
  ['a day at its first hour', "select date_trunc('day', ts) as ts, count(*) as n from events group by all"],
  ['pairs', 'select a.ts, b.id from events as a join events as b on a.id >= b.id'],
])('refuses %s in a session of several hours', async (_name, sql) => expectHoursRefused(sql));

it.each([
  ['the first of each', 'select ts, id, x from events qualify row_number() over (order by id) = 1'],
  ['rows of no source', "select ts, id from events union all select timestamptz '2023-09-14 00:00:00Z', 0"],
  ['pairs', 'select a.ts, b.id from events as a join events as b on a.id >= b.id'],
  ['counts of kinds that come in turn', 'select id % 2 as kind, max(ts) as ts from events group by all'],
])('refuses a stateless process that gives %s, in its first session', async (_name, sql) =>
  expectRowsRefused(sql),
);

it.each([
  [
    'rows that lie further away than their window',
    { window: { before: '1h' } },
    'select e.ts, e.id, r.id as asked from events as e join requests as r on r.asked <= e.ts and r.asked > e.ts - interval 1 day',
  ],
  [
    'rows of two sources by a time that is no event time',
    {},
    "select e.ts, e.id, r.id as asked from events as e join requests as r on date_trunc('day', r.asked) = date_trunc('day', e.ts)",
  ],
])('refuses %s', async (_name, more, sql) => expectPairRefused(more, sql));
