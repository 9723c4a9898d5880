// Goal: column lineage is whole, or not told. Method: DuckDB's own parser over queries, and what they come to.
import { afterAll, describe, expect, it } from 'vitest';
import { openParser } from '../../src/engine/open-parser.ts';
import type { TreeNode } from '../../src/model/query-tree.ts';
import { columnOrigins } from '../../src/observe/lineage/column-origins.ts';
import type { Origin } from '../../src/observe/lineage/origins.ts';

const parser = await openParser();
afterAll(() => parser.close());

const TABLES = new Map([
  ['a', ['id', 'ts', 'amount', 'kind']],
  ['b', ['id', 'name', 'Since']],
  ['odd "name"', ["it's", 'x y']],
]);

const texts = (origins: readonly Origin[]): string[] =>
  origins.map(({ source, column, use }) => `${source}.${column} ${use}`);

/** `column: origins`, then what decides the rows. */
async function origins(sql: string): Promise<Record<string, string[]> | undefined> {
  const found = columnOrigins(await parser.parse<TreeNode>(sql), TABLES);
  if (found === undefined) return undefined;
  return {
    ...Object.fromEntries(found.columns.map((column) => [column.name ?? '?', texts(column.origins)])),
    ...(found.rows.length === 0 ? {} : { '*': texts(found.rows) }),
  };
}

describe('column origins', () => {
  it.each<[string, Record<string, string[]>]>([
    ['select id, ts as at from a', { id: ['a.id IDENTITY'], at: ['a.ts IDENTITY'] }],
    ['select x.id::varchar as id, 1 as one from a x', { id: ['a.id TRANSFORMATION'], one: [] }],
    [
      'select kind, sum(amount) as total, count(*) as n from a where ts > $range_start group by all having n > 1',
      {
        kind: ['a.kind IDENTITY'],
        total: ['a.amount AGGREGATION'],
        n: [],
        '*': ['a.ts FILTER', 'a.kind GROUP_BY'],
      },
    ],
    [
      'select a.id, b.name from a left join b on a.id = b.id and b.since < a.ts',
      {
        id: ['a.id IDENTITY'],
        name: ['b.name IDENTITY'],
        '*': ['a.id JOIN', 'b.id JOIN', 'b.Since JOIN', 'a.ts JOIN'],
      },
    ],
    [
      'select * from a join b using (id)',
      {
        id: ['a.id IDENTITY'],
        ts: ['a.ts IDENTITY'],
        amount: ['a.amount IDENTITY'],
        kind: ['a.kind IDENTITY'],
        name: ['b.name IDENTITY'],
        Since: ['b.Since IDENTITY'],
        '*': ['a.id JOIN', 'b.id JOIN'],
      },
    ],
    [
      'select b.* exclude (since) replace (upper(name) as name) rename (id as key) from b',
      { key: ['b.id IDENTITY'], name: ['b.name TRANSFORMATION'] },
    ],
    [
      `with sums(k, s) as (select kind, sum(amount) from a group by kind)
       select k, s / 2 as half from sums order by s desc`,
      {
        k: ['a.kind IDENTITY'],
        half: ['a.amount AGGREGATION'],
        '*': ['a.kind GROUP_BY', 'a.amount SORT'],
      },
    ],
    [
      "select case when kind = 'x' then amount else 0 end as paid, row_number() over (partition by kind order by ts) as n from a qualify n = 1",
      {
        paid: ['a.amount TRANSFORMATION', 'a.kind CONDITIONAL'],
        n: ['a.kind WINDOW', 'a.ts WINDOW'],
        '*': ['a.kind WINDOW', 'a.ts WINDOW'],
      },
    ],
    ['select id from a union all select id from b', { id: ['a.id IDENTITY', 'b.id IDENTITY'] }],
    [
      'select id, (select max(name) from b where b.id = a.id) as name from a',
      { id: ['a.id IDENTITY'], name: ['b.name AGGREGATION', 'b.id FILTER', 'a.id FILTER'] },
    ],
    [
      'select id from a where exists (from b where b.id = a.id)',
      {
        id: ['a.id IDENTITY'],
        '*': ['b.id FILTER', 'a.id FILTER'],
      },
    ],
    [
      'select amount + 1 as more, more * 2 as most from a',
      { more: ['a.amount TRANSFORMATION'], most: ['a.amount TRANSFORMATION'] },
    ],
    [
      'select list_transform([amount], v -> v + id) as l, u.x from a, unnest([kind]) as u(x)',
      {
        l: ['a.amount TRANSFORMATION', 'a.id TRANSFORMATION'],
        x: ['a.kind TRANSFORMATION'],
        '*': ['a.kind JOIN'],
      },
    ],
    [`select o."it's" as c from "odd ""name""" o`, { c: [`odd "name".it's IDENTITY`] }],
    ['select id from a semi join b using (id)', { id: ['a.id IDENTITY'], '*': ['a.id JOIN', 'b.id JOIN'] }],
    [
      'select kind as k, sum(amount) as s from a group by 1',
      { k: ['a.kind IDENTITY'], s: ['a.amount AGGREGATION'], '*': ['a.kind GROUP_BY'] },
    ],
    [
      'select kind, mad(amount) as m from a group by all',
      { kind: ['a.kind IDENTITY'], m: ['a.amount AGGREGATION'], '*': ['a.kind GROUP_BY'] },
    ],
    ['select amount as id from a order by id limit 3', { id: ['a.amount IDENTITY'], '*': ['a.amount SORT'] }],
    [
      'select kind as id, max(ts) as t from a group by id',
      { id: ['a.kind IDENTITY'], t: ['a.ts AGGREGATION'], '*': ['a.id GROUP_BY'] },
    ],
    ['select id from a order by 1, kind', { id: ['a.id IDENTITY'], '*': ['a.id SORT', 'a.kind SORT'] }],
    [
      'select id from a union all select id from b order by id limit 2',
      { id: ['a.id IDENTITY', 'b.id IDENTITY'], '*': ['a.id SORT', 'b.id SORT'] },
    ],
    [
      'select id from a full join b using (id)',
      { id: ['a.id TRANSFORMATION', 'b.id TRANSFORMATION'], '*': ['a.id JOIN', 'b.id JOIN'] },
    ],
    [
      "select kind -> '$.a' as k, list_transform([ts], x -> x) as l from a",
      { k: ['a.kind TRANSFORMATION'], l: ['a.ts TRANSFORMATION'] },
    ],
    [
      'select (select amount from (select 1) o, unnest([b.id]) u(v)) as x from a, b',
      { x: ['a.amount TRANSFORMATION', 'b.id JOIN'] },
    ],
    ['select v.x from a, (values (a.id), (a.ts)) v(x)', { x: ['a.id IDENTITY', 'a.ts IDENTITY'] }],
    ['select id, current_date as today from a', { id: ['a.id IDENTITY'], today: [] }],
    [
      'with t as (select sum(amount) as s from a) select s, count(*) as n from t group by all',
      { s: ['a.amount AGGREGATION'], n: [], '*': ['a.amount GROUP_BY'] },
    ],
  ])('%s', async (sql, expected) => {
    expect(await origins(sql)).toEqual(expected);
  });

  it.each([
    ['a table that is no source', 'select id from elsewhere'],
    ['a column that no source has', 'select nobody from a'],
    ['columns by a pattern', "select columns('i.*') from a"],
    ['a table function', "select * from read_csv('x.csv')"],
    ['a table of a schema, whatever its name', 'select id from elsewhere.a'],
    ['a place of a row', `select ${'#'}1 as x from a`],
    ['columns that get their names later', 'select count(*) from a union all by name select max(id) from a'],
    ['a natural join', 'select * from a natural join b'],
    [
      'a recursive query',
      'with recursive r as (select 1 as n union all select n + 1 from r) select n from r',
    ],
    ['a pivot', 'pivot a on kind using sum(amount)'],
    ['no query', 'drop table a'],
  ])('tells nothing of a query with %s', async (_what, sql) => {
    expect(await origins(sql)).toBeUndefined();
  });
});
