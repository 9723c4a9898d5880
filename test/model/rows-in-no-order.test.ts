// Goal: what a query takes of rows in no order is told where it stands, and the columns that have it are known, or nothing is
// left out of a comparison. Method: queries through DuckDB's own parser.
import { describe, expect, it } from 'vitest';
import { columnsInNoOrder, takenInNoOrder } from '../../src/model/rows-in-no-order.ts';
import { parsedQuery } from '../support/parsed-query.ts';

const told = async (sql: string): Promise<string[]> =>
  takenInNoOrder(await parsedQuery(sql)).map(({ called }) => called);

describe('rows in no order', () => {
  it.each([
    ['select list(id) as v from e', ['list()']],
    ["select h, string_agg(s, ',') as v from e group by h", ['string_agg()']],
    ['select list(distinct id) filter (id > 3) as v from e', ['list()']],
    ['select first(a) as a, any_value(b) as b, last(c) as c from e', ['first()', 'any_value()', 'last()']],
    ['select row_number() over (partition by h) as n from e', ['row_number()']],
    ['select list(x) over () as n from e', ['list()']],
    ['select distinct on (h) h, id from e', ['DISTINCT ON']],
    ['with x as (select h, array_agg(id) as v from e group by h) select * from x', ['array_agg()']],
  ])('are taken by %s', async (sql, calls) => {
    expect(await told(sql)).toEqual(calls);
  });

  it.each([
    'select list(id order by id) as v, first(a order by ts) as a from e',
    "select string_agg(s, ',' order by s) as v from e",
    'select list_sort(list(id)) as v, len(list(id)) as n, list_contains(list(id), 3) as b from e',
    'select unnest(list(id)) as v from e group by h',
    'select row_number() over (partition by h order by id) as n from e',
    'select distinct on (h) h, id from e order by h, ts',
    'select distinct h, id from e',
    'select "first", "list" from e',
    'select max_by(a, ts) as a, mode(b) as b, count(*) as n from e',
  ])('are not taken by %s', async (sql) => {
    expect(await told(sql)).toEqual([]);
  });
});

describe('columns in no order', () => {
  it.each([
    ['select h, list(id) as V, first(a) as a from e group by h', { lists: ['v'], others: ['a'] }],
    ['select h, list(id)[1] as v from e group by h', { lists: [], others: ['v'] }],
    [
      'with x as (select h, list(id) as v, count(*) as n from e group by h) select h, v, v as w, upper(v::varchar) as u, n from x',
      { lists: ['v', 'w'], others: ['u'] },
    ],
    ['select * from (select h, list(id) as v from e group by h)', { lists: ['v'], others: [] }],
    // The same name for both is no list.
    [
      'select h, v from (select h, list(id) as v from e group by h) union all select h, first(v) as v from f group by h',
      undefined,
    ],
    ['select h, list(id order by id) as v from e group by h', undefined],
    // Which rows there are hangs on it.
    ['select h, id from e qualify row_number() over (partition by h) = 1', undefined],
    ['select h, v from (select h, first(a) as v from e group by h) where v > 3', undefined],
    ['select h, v from (select h, first(a) as v from e group by h) join f on v = f.a', undefined],
    ['select v, count(*) as n from (select h, first(a) as v from e group by h) group by v', undefined],
    ['select v, count(*) as n from (select h, first(a) as v from e group by h) group by all', undefined],
    ['select distinct v from (select h, first(a) as v from e group by h)', undefined],
    ['select h, v from (select h, first(a) as v from e group by h) order by v limit 3', undefined],
    ['select distinct on (h) h, id from e', undefined],
    // Their names are not those of the target.
    ['select h, list(id) from e group by h', undefined],
    ['select * from (select h, list(id) from e group by h) as x(h, v)', undefined],
    ['with x(h, v) as (select h, list(id) from e group by h) select * from x', undefined],
  ])('of %s', async (sql, columns) => {
    expect(columnsInNoOrder(await parsedQuery(sql))).toEqual(columns);
  });
});
