// Goal: whatever way a query has to read something that is not among its sources, it is found. Method: queries through
// DuckDB's own parser; what they name is a list.
import { DuckDBInstance } from '@duckdb/node-api';
import { beforeAll, describe, expect, it } from 'vitest';
import { hiddenRead, strangeReads } from '../../src/workload/duckdb/tables-read.ts';

let parse: (sql: string) => Promise<unknown>;
let tableNames: (sql: string) => readonly string[];
beforeAll(async () => {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run(
    'create schema ref; create table ref.plans (a integer); create table plain (a integer)',
  );
  await connection.run('create temp macro newest(n) as (select max(a) + n from ref.plans)');
  await connection.run('create temp macro all_plans() as table from plain');
  tableNames = (sql) => connection.getTableNames(sql, true);
  parse = async (sql) => {
    const text = sql.replaceAll("'", "''");
    const [[tree] = []] = (
      await connection.runAndReadAll(`select json_serialize_sql('${text}')::varchar`)
    ).getRows();
    return JSON.parse(String(tree));
  };
});

const found = async (sql: string): Promise<string[]> =>
  strangeReads(await parse(sql), new Set(['orders', 'countries'])).map(({ kind, name }) => `${kind} ${name}`);

describe('a query of declared sources', () => {
  it.each([
    'select * from orders o join countries c using (country)',
    'from ORDERS semi join "Countries" using (country)',
    'with own as (from orders), more as (from own) select * from more, own',
    'with orders as (select * from orders) from orders',
    'with recursive days as (select 1 as day union all select day + 1 from days where day < 3) from days',
    'select (select max(region) from countries c where c.country = o.country) from orders o',
    'select * from orders, unnest([1, 2]) as t(n), range(3), generate_series(1, 2) as s(n)',
    'select unnest(range(3)), orders.* from orders',
    'from (pivot orders on country in (1, 2) using count(*))',
    'from (values (1)) as t(a) cross join lateral (select * from orders where id = a)',
    'from orders tablesample 10%',
    'from (describe orders)',
    'select * from orders as "an order", countries as c where exists (from orders as again)',
    'select * from orders where exists (with inner_one as (from countries) from inner_one)',
  ])('%s', async (sql) => {
    expect(await found(sql)).toEqual([]);
    const given = new Set(['orders', 'countries']);
    expect(hiddenRead(tableNames(sql), await parse(sql), given)).toBeUndefined();
  });
});

describe('a query that reads more than it names', () => {
  it.each([
    ['select newest(1) from orders', 'ref.plans'],
    ['select * from orders as o, all_plans()', 'plain'],
    ["select * from orders join query_table('ref.plans') on true", 'ref.plans'],
  ])('%s', async (sql, name) => {
    const read = hiddenRead(tableNames(sql), await parse(sql), new Set(['orders']));
    expect(read).toMatchObject({ kind: 'table', name });
  });
});

describe('a query that reads more', () => {
  it.each([
    ['select * from orders join lake.ref.plans using (id)', 'table lake.ref.plans'],
    ['from ref.plans', 'table ref.plans'],
    ['from raw.orders', 'table raw.orders'],
    ['from plans', 'table plans'],
    ["from 'plans.csv'", 'file plans.csv'],
    ['from "data/*.parquet"', 'file data/*.parquet'],
    ["select * from orders join read_parquet('x') using (id)", 'function read_parquet'],
    ["from query_table('lake.ref.plans')", 'function query_table'],
    ["from query('from lake.ref.plans')", 'function query'],
    ['from duckdb_tables()', 'function duckdb_tables'],
    ['from information_schema.tables', 'table information_schema.tables'],
    ['from (show tables)', 'table tables'],
    ['select (select max(a) from ref.plans) from orders', 'table ref.plans'],
    ['select * from orders where id in (select id from ref.plans)', 'table ref.plans'],
    ['from orders, lateral (from ref.plans)', 'table ref.plans'],
    ['from orders union all by name from ref.plans', 'table ref.plans'],
    // A CTE is known to what comes after it, and inside of the query that it belongs to.
    ['with a as (from b), b as (from orders) from a', 'table b'],
    ['select * from (with own as (from orders) from own) as x join own on true', 'table own'],
    ['with own as (from own) from own', 'table own'],
    ['from (pivot ref.plans on a in (1) using count(*))', 'table ref.plans'],
    ['from ref.plans at (version => 1)', 'table ref.plans'],
  ])('%s', async (sql, read) => {
    expect(await found(sql)).toEqual([read]);
  });

  it('says where, in bytes', async () => {
    const sql = "select 'ä' as a, * from orders\njoin ref.plans using (id)";
    const [read] = strangeReads(await parse(sql), new Set(['orders']));
    expect(read?.offset).toBe(Buffer.from(sql).indexOf('ref.plans'));
  });
});
