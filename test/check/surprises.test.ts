// Goal: SQL that is allowed and would surprise is told, with its place. Method: small projects, each with one such
// thing; what only looks like one is left alone.
import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, it } from 'vitest';
import { NON_DETERMINISTIC } from '../../src/plan/non-deterministic.ts';
import { foundIn, REQUESTS } from './project.ts';

describe('what would surprise', () => {
  it.each([
    ['select event_ts, now() as at, random() as r from e', ['8:18 now()', '8:31 random()']],
    [
      'select event_ts, current_date as d from e where event_ts < current_timestamp',
      ['8:18 current_date', '8:60 current_timestamp'],
    ],
    ['with x as (select event_ts, uuid() as u from e) select u, event_ts from x', ['8:29 uuid()']],
    [
      'select event_ts, age(event_ts)::varchar as a from e using sample 10 percent',
      ['8:1 a sample', '8:18 age() of one argument'],
    ],
  ])('%s', async (sql, found) => {
    const problems = await foundIn(sql);
    expect(
      problems
        .filter((each) => !each.includes('hours-not-alone'))
        .map((each) =>
          each.replace(/^processes\/a\.sql:(\S+) warning non-deterministic (.*?) gives .*$/, '$1 $2'),
        ),
    ).toEqual(found);
  });
  it.each([
    "select event_ts, date '2023-01-01' as d, age(event_ts, event_ts) as a, md5(kind) as h from e",
    'select current_date, event_ts from (select kind as current_date, event_ts from e)',
  ])('is none: %s', async (sql) => {
    const found = await foundIn(sql);
    expect(found.filter((each) => each.includes('age'))).toEqual([]);
  });
  it.each([
    ['select event_ts, list(kind) as l, first(kind) as f from e group by 1', ['8:18 list()', '8:35 first()']],
    ["select event_ts, string_agg(kind, ',') as s from e group by 1", ['8:18 string_agg()']],
    ['select event_ts, row_number() over (partition by event_ts) as n from e', ['8:18 row_number()']],
    ['select event_ts, list(kind order by kind) as l, len(list(kind)) as n from e group by 1', []],
    ['select event_ts, any_value(kind) as k from e group by 1', []],
    [
      'select event_ts, mode(kind) as k, max_by(kind, event_ts) as m from e group by 1',
      ['8:18 mode()', '8:35 max_by()'],
    ],
    [
      'select event_ts, row_number() over (partition by event_ts order by event_ts) as n from e',
      ['8:18 row_number()'],
    ],
  ])('rows in no order: %s', async (sql, found) => {
    const told = (await foundIn(sql)).filter((each) => each.includes('rows-in-no-order'));
    expect(
      told.map((each) =>
        each.replace(/^processes\/a\.sql:(\S+) warning rows-in-no-order (\S+) .*$/, '$1 $2'),
      ),
    ).toEqual(found);
    expect(await foundIn(sql, { more: 'accept: [rows-in-no-order]\n' })).toEqual([]);
  });
  it.each([
    ['select event_ts, (select kind from e limit 1) as k from e', ['8:44']],
    ['select event_ts, kind from e order by event_ts, kind limit 5', []],
  ])('some rows in no order: %s', async (sql, found) => {
    const told = (await foundIn(sql)).filter((each) => each.includes('LIMIT takes some of the rows'));
    expect(
      told.map((each) => each.replace(/^processes\/a\.sql:(\S+) warning rows-in-no-order .*$/, '$1')),
    ).toEqual(found);
  });
  it.each([
    [
      'select event_ts, rand() as r, now() as `at`, unix_timestamp() as u from e',
      ['9:18 rand()', '9:31 now()', '9:46 unix_timestamp()'],
    ],
    [
      "select event_ts, current_date as d, 'ü' as x, UUID() as u from e",
      ['9:18 current_date', '9:47 uuid()'],
    ],
    ['select event_ts from e tablesample (10 percent)', ['9:24 a sample']],
    [
      'select event_ts, unix_timestamp(event_ts) as u, e.now as n, `rand` from e tablesample (5 rows) -- rand()',
      [],
    ],
    ['select event_ts from e tablesample (10 percent) repeatable (1)', []],
  ])('on Spark: %s', async (sql, found) => {
    const problems = await foundIn(sql, { more: 'engine: spark\n' });
    expect(
      problems
        .filter((each) => each.includes('non-deterministic'))
        .map((each) =>
          each.replace(/^processes\/a\.sql:(\S+) warning non-deterministic (.*?) gives .*$/, '$1 $2'),
        ),
    ).toEqual(found);
  });
  it('knows every function of DuckDB that is not consistent', async () => {
    const connection = await (await DuckDBInstance.create()).connect();
    const reader = await connection.runAndReadAll(
      "select distinct function_name from duckdb_functions() where stability <> 'CONSISTENT'",
    );
    const names = reader.getRows().map(([name]) => String(name));
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => !NON_DETERMINISTIC.has(name))).toEqual([]);
  });

  it.each([
    ['select * from e', '8:8'],
    ['from e', '8:1'],
    ['select x.* from e as x', '8:8'],
    ['with x as (\n  select *, 1 as n from e)\nselect * from x', '9:10'],
    ['select event_ts from e union all by name (select * from e)', '8:50'],
  ])('all columns of a source: %s', async (sql, place) => {
    expect(await foundIn(sql)).toContainEqual(
      expect.stringMatching(
        new RegExp(`^processes/a\\.sql:${place} warning select-star \\* takes all columns of e`),
      ),
    );
  });
  it.each([
    ['select count(*) as n, event_ts from e group by all', ''],
    ['with x as (select event_ts, kind from e) select * from x', ''],
    ['select * from e', 'on_schema_change: append\n'],
  ])('are not taken by %s', async (sql, more) => {
    expect(await foundIn(sql, { more })).toEqual([]);
  });

  it('a join that nothing ties, behind a CTE', async () => {
    expect(
      await foundIn(
        'with r2 as (select account_id, max(request_ts) as last from r group by 1)\nselect event_id, event_ts, last from e\nleft join r2 using (account_id)',
        {
          sources: [
            '{ table: raw.events, event_time: event_ts, alias: e }',
            '{ table: raw.requests, event_time: request_ts, alias: r }',
          ],
        },
        { 'tables/raw/requests.sql': REQUESTS },
      ),
    ).toEqual([
      expect.stringMatching(/^processes\/a\.sql:9:32 warning hours-not-alone a_load .*\(max\(\)\)/),
      expect.stringMatching(/^processes\/a\.sql:11:11 warning join-without-window a_load joins e and r /),
    ]);
  });

  it('hours of the session as a value', async () => {
    expect(await foundIn('select $range_start::timestamptz as event_ts, count(*) as n from e')).toEqual([
      expect.stringMatching(/^processes\/a\.sql:8:1 warning hours-of-session a_load returns \$range_start, /),
      expect.stringMatching(/^processes\/a\.sql:8:47 warning hours-not-alone a_load .*\(count\(\*\)\)/),
    ]);
  });

  it('rows that a stateless process takes together, and what its header accepts', async () => {
    const sql = 'select event_ts, count(*) as n from e group by 1';
    expect(await foundIn(sql, { pattern: 'stateless' })).toEqual([
      expect.stringMatching(/^processes\/a\.sql:8:18 warning rows-not-alone a_load is stateless and /),
    ]);
    const more = 'accept: [rows-not-alone]\n';
    expect(await foundIn(sql, { pattern: 'stateless', more })).toEqual([]);
    const joined = 'select a.event_ts from e as a join e as b using (kind)';
    expect(await foundIn(joined)).toEqual([expect.stringContaining('warning hours-not-alone')]);
    expect(await foundIn(joined, { more: 'accept: [hours-not-alone]\n' })).toEqual([]);
    expect(await foundIn(joined, { more: 'accept: [hours]\n' })).toEqual([
      expect.stringContaining('process-file-invalid'),
    ]);
  });

  it('of dates nothing, where the target is one of dates', async () => {
    expect(await foundIn('select event_ts::date as event_ts, count(*) as n from e group by 1')).toEqual([]);
  });

  it('tables that are no sources, and sources that nobody reads', async () => {
    const found = await foundIn(
      "select e.event_id, e.event_ts from e join lake.raw.countries as c on c.id = e.event_id join read_csv('x.csv') as f on f.id = c.id",
      {
        sources: [
          '{ table: raw.events, event_time: event_ts, alias: e }',
          '{ table: raw.requests, event_time: request_ts, alias: r }',
        ],
      },
      { 'tables/raw/requests.sql': REQUESTS },
    );
    expect(found.map((each) => each.split(/: it would| holds|, and a/)[0])).toEqual([
      'processes/a.sql:6:14 warning source-unused the query does not read r: raw.requests',
      'processes/a.sql:9:43 error table-not-declared a_load reads lake.raw.countries, which is none of its sources',
      'processes/a.sql:9:93 error table-not-declared a_load reads what read_csv() reads',
    ]);
  });

  it('macros that read beside what they are given, and tables that are named to them', async () => {
    const macros = {
      'macros/m.sql':
        "create macro newest(rows, n) as table select * from query_table(rows) where event_id >= n;\ncreate macro hidden() as table from read_csv('x.csv');\n",
    };
    const found = await foundIn("select event_id, event_ts from newest('e', 2)", {}, macros);
    expect(found).toEqual(['macros/m.sql:2:14 error macro-invalid the macro hidden reads a file']);
    expect((await foundIn("select event_id, event_ts from newest('ee', 2)", {}, macros)).slice(1)).toEqual([
      expect.stringMatching(/^processes\/a\.sql:5:14 warning source-unused/),
      'processes/a.sql:8:39 error macro-table-undeclared a macro is to read ee, which is no table of this query',
    ]);
  });

  it('columns of types that no target has', async () => {
    expect(await foundIn('select event_ts, interval 1 day as i from e')).toEqual([
      'processes/a.sql:8:27 error column-type-unsupported the query returns i of type INTERVAL, which Iceberg does not have',
    ]);
  });
});
