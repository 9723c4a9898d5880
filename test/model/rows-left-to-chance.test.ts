// Goal: what chooses among rows that are alike whatever they hold is told where it stands; what the rows decide is not.
// Method: queries through DuckDB's own parser.
import { describe, expect, it } from 'vitest';
import { leftToChance } from '../../src/model/rows-left-to-chance.ts';
import { parsedQuery } from '../support/parsed-query.ts';

const told = async (sql: string): Promise<string[]> =>
  leftToChance(await parsedQuery(sql)).map(({ called, by }) => `${by} ${called}`);

describe('rows left to chance', () => {
  it.each([
    ['select id from e limit 5', 'limit LIMIT'],
    ['from e limit 5 offset 2', 'limit LIMIT'],
    ['select id from e offset 2', 'limit LIMIT'],
    ['select id from e limit 10%', 'limit LIMIT'],
    ['select id from e limit $n', 'limit LIMIT'],
    ['select distinct h from e limit 5', 'limit LIMIT'],
    ['select h, count(*) as n from e group by h limit 5', 'limit LIMIT'],
    ['select id from e union all select id from f limit 5', 'limit LIMIT'],
    ['select id, (select name from f where f.id = e.id limit 1) as name from e', 'limit LIMIT'],
    ['with x as (select id from e order by id) select h from x group by h limit 5', 'limit LIMIT'],
    ['select id from (select id from e order by id) join f using (id) limit 5', 'limit LIMIT'],
    ['select id, row_number() over (partition by id order by id) as n from e', 'tied row_number()'],
    ['select id, row_number() over (order by 1) as n from e', 'tied row_number()'],
    ['select id, lag(x) over (partition by id, h order by h, id) as n from e', 'tied lag()'],
    ['select distinct on (id) id, x from e order by id', 'tied DISTINCT ON'],
    ['select distinct on (id, h) id, h, x from e order by 2, 1', 'tied DISTINCT ON'],
    ['select h, first(x order by h) as x from e group by h', 'tied first()'],
    ["select h, string_agg(x, ',' order by h) as x from e group by 1", 'tied string_agg()'],
    ['select h, max_by(x, h) as x from e group by h', 'tied max_by()'],
    ['select h, arg_min(x, 1) as x from e group by h', 'tied arg_min()'],
    ['select h, mode(x) as x from e group by h', 'mode mode()'],
    ['select * from (select h, mode(x) as x from e group by h) where h > 3', 'mode mode()'],
  ])('%s', async (sql, found) => {
    expect(await told(sql)).toEqual([found]);
  });

  it.each([
    'select id from e order by id limit 5',
    'select h, count(*) as n from e group by h order by n desc limit 5',
    'select id from e order by 1 limit 5',
    'select id, ts from e order by all limit 5',
    'select id from e limit 0',
    'select id from e limit 100%',
    'select id from e offset 0',
    'select max(ts) as ts from e limit 1',
    'select 1 as one limit 1',
    'select range from range(10) limit 3',
    'select id from e where exists (select 1 from f where f.id = e.id limit 1)',
    'select id from e where not exists (from f limit 1)',
    'select id from (select id, ts from e order by ts, id) limit 5',
    'with x as (select id, ts from e order by ts, id) select id from x where id > 3 limit 5',
    'select id, row_number() over (partition by h order by ts) as n from e',
    'select id, row_number() over (partition by h order by h, ts) as n from e',
    'select id, rank() over (order by 1) as n, sum(x) over (partition by h order by h) as s from e',
    'select id, row_number() over (partition by e.h order by f.h) as n from e join f using (id)',
    'select distinct on (id) id, x from e order by id, ts',
    'select distinct on (id) id, x from e order by ts',
    'select h, first(x order by ts) as x, list(h order by h) as l from e group by h',
    'select h, max_by(x, ts) as x, arg_min(h, h) as m, max_by(7, h) as c from e group by h',
    'select max_by(x, h) as x from e',
    'select h, mode(x order by x) as x from e group by h',
    'select mode, "limit" from e',
  ])('none in %s', async (sql) => {
    expect(await told(sql)).toEqual([]);
  });
});
