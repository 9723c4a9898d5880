// Goal: a value that is another one each time hides nothing but its own column from the comparison of rows. Method:
// queries of both engines, as DuckDB's parser reads them.
import { expect, it } from 'vitest';
import { columnsByChance, columnsByChanceOnSpark } from '../../src/plan/index.ts';
import { parsedQuery } from '../support/parsed-query.ts';

it.each<[string, string[] | undefined]>([
  ['select id, now() as loaded_at from e', ['loaded_at']],
  ['select id, Current_Timestamp as "At", uuid() as u, random() + id as r from e', ['at', 'u', 'r']],
  ['select id, now() as a, a + to_hours(1) as b, b::date as d from e', ['a', 'b', 'd']],
  ['select ts, count(*) as n, now() as at from e group by all', ['at']],
  ['select ts, row_number() over (order by random()) as n from e', ['n']],
  ['select *, (select max(now()) from e) as at from e', ['at']],
  ['select id, now() as at from e order by id limit 3', ['at']],
  // Nobody knows its name.
  ['select id, now() from e', undefined],
  ['select * replace (now() as at) from e', undefined],
  // Rows are chosen, or put together, by it.
  ['select id, random() as r from e order by id limit 3', undefined],
  ['select count(*) as n, random() as r from e group by all', undefined],
  ['select distinct id, uuid() as u from e', undefined],
  ['select id, now() as at from e where ts < now()', undefined],
  ['select id, now() as at from e where ts < at', undefined],
  ['select id, now() as at from e order by at limit 1', undefined],
  ['with x as (select id, now() as at from e) select id, at from x', undefined],
  ['select id, now() as at from e union all select id, ts from e', undefined],
  ['select now() as at from e', undefined],
  ['select id, now() as at from e using sample 10 percent', undefined],
])('%s', async (sql, columns) => {
  expect(columnsByChance(await parsedQuery(sql), [])).toEqual(columns);
});

it.each<[string, string[] | undefined]>([
  ['select id, rand() as r, now() as at from e', ['r', 'at']],
  ['select id, unix_timestamp() as u, unix_timestamp(ts) as v, current_timestamp as c from e', ['u', 'c']],
  ['select id, rand() as r from e group by id', undefined],
  ['select id, now() as at from e where rand() < 0.5', undefined],
])('on Spark: %s', async (sql, columns) => {
  expect(columnsByChanceOnSpark(await parsedQuery(sql), sql)).toEqual(columns);
});

it('on Spark a text that nobody else reads says nothing', () => {
  expect(columnsByChanceOnSpark(undefined, 'select id, rand() as r from e |> where id > 1')).toBeUndefined();
});
