// Goal: a query that takes rows together which sessions see at different times is noticed; one of which it is sure that an hour
// (of a stateless process: a row) stands alone is not compared. Method: queries through DuckDB's own parser; the processes that
// this repository ships are among them.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { beforeAll, describe, expect, it } from 'vitest';
import type { MacroSpec, Pattern, SourceSpec } from '../../src/model/process-spec.ts';
import { rowsAlone, togetherText } from '../../src/plan/rows-alone.ts';
import { readProcess } from '../../src/project/read-process.ts';
import { specOf } from '../support/session-data.ts';

let parse: (sql: string) => Promise<unknown>;
let query: (sql: string) => Promise<string[]>;
beforeAll(async () => {
  const connection = await (await DuckDBInstance.create()).connect();
  query = async (sql) => (await connection.runAndReadAll(sql)).getRows().map(([value]) => String(value));
  parse = async (sql) => {
    const [tree = ''] = await query(`select json_serialize_sql('${sql.replaceAll("'", "''")}')::varchar`);
    return JSON.parse(tree);
  };
});

const [e, r, w, l] = specOf({ pattern: 'stateful', sources: { e: {}, r: {}, w: {}, l: {} } })
  .sources as unknown as [SourceSpec, SourceSpec, SourceSpec, SourceSpec];
const SOURCES: readonly SourceSpec[] = [
  e,
  r,
  { ...w, window: { beforeHours: 24, afterHours: 0 } },
  { ...l, lookup: { onChange: 'ignore' } },
];

async function judged(
  pattern: Pattern,
  sql: string,
  more: {
    readonly macros?: readonly MacroSpec[];
    readonly grain?: 'day';
    readonly ofDates?: boolean;
    readonly columns?: ReadonlyMap<string, readonly string[]>;
  } = {},
): Promise<string> {
  const { ofDates = false, columns = new Map(), ...rest } = more;
  const target = { ...specOf({ pattern, sources: { e: {} } }).target, eventTime: 'ts' };
  const { told, isKnown } = rowsAlone(
    await parse(sql),
    { pattern, sources: SOURCES, target, ...rest },
    { ofDates, columns },
  );
  return [isKnown ? 'known' : 'not known', ...told.map(togetherText)].join(', ');
}

describe('rows of a stateless process', () => {
  it.each([
    'select id, ts from e',
    'select *, upper(kind) as k from e where x > 3 order by ts',
    'select e.*, l.name from e left join l using (k)',
    'select e.* from l join e using (k)',
    'select e.* from l right join e using (k)',
    'select * from e where k in (select k from l) and not exists (from l where l.a = e.a)',
    'select *, (select max(x) from l where l.k = e.k) as m from e',
    'with x as (select k, count(*) as n from l group by k) select * from e join x using (k)',
    'select ts, unnest(items) as x from e',
    'select ts, (select count(*) from unnest(e.items) as t(x) where x > 3) as n from e',
    'select e.*, x.a from e, lateral (select max(v) as a from unnest(e.items) as t(v)) as x',
    'select * from e union all select * from r',
    'select ts, list_sum([a, b]) as s, list_distinct(tags) as t from e',
    'unpivot e on a, b into name n value v',
    'with unused as (select count(*) from e) select * from e',
    'with recursive t as (select ts, p from e union all select t.ts, l.p from t join l on l.k = t.p) from t',
  ])('stand alone: %s', async (sql) => {
    expect(await judged('stateless', sql)).toBe('known');
  });

  it.each([
    ["select date_trunc('hour', ts) as ts, count(*) from e group by all", 'count(*)'],
    ['select ts, k from e group by ts, k', 'GROUP BY'],
    ['select max(ts) as ts from e', 'max()'],
    ['select * from e qualify row_number() over (partition by id order by ts) = 1', 'row_number() over (…)'],
    ['select distinct id, ts from e', 'DISTINCT'],
    ['select * from e limit 3', 'LIMIT'],
    ['select * from e using sample 3', 'a sample'],
    ['select * from e tablesample 10%', 'a sample'],
    ['select * from e join r using (k)', 'a join of rows of its sources'],
    ['select a.* from e as a join e as b using (k)', 'a join of rows of its sources'],
    ['select * from l left join e using (k)', 'a left join that keeps rows without a partner'],
    ['select e.* from e right join l using (k)', 'a right join that keeps rows without a partner'],
    ['select e.* from e full join l using (k)', 'a full join that keeps rows without a partner'],
    ['select l.* from l semi join e using (k)', 'a semi join that keeps rows without a partner'],
    ['select * from e union select * from r', 'UNION'],
    ['select * from e except all select * from l', 'EXCEPT'],
    ['select * from e where exists (from r where r.k = e.k)', 'a subquery over rows of its sources'],
    ['select (select count(*) from e) as n', 'a subquery over rows of its sources'],
    [
      'select * from e union all select * from l',
      'rows that come of no source, which each session would add',
    ],
    ['select 1 as id', 'rows that come of no source, which each session would add'],
    ["from (pivot e on kind in ('a') using count(*))", 'PIVOT'],
    ["select ts from query_table('e') limit 1", 'LIMIT'],
    ['with recursive t as (select ts, p from e union select ts, p from t) from t', 'a recursive query'],
  ])('are taken together: %s', async (sql, what) => {
    expect(await judged('stateless', sql)).toBe(`not known, ${what}`);
  });

  it('are taken together by a macro, also through another one', async () => {
    const macro = (definition: string): MacroSpec =>
      ({ name: definition.split('(')[0], definition, file: '', place: { line: 1, column: 1 } }) as MacroSpec;
    const macros = [
      macro('revenue(x) as sum(x)'),
      macro('net(x) as 0.81 * revenue(x)'),
      macro('half(x) as x / 2 -- no sum(x)'),
      macro(
        'newest(t) as table select * from query_table(t) qualify row_number() over (partition by id) = 1',
      ),
      macro('few(t) as table select * from query_table(t) where count > 1'),
    ];
    const of = (sql: string) => judged('stateless', sql, { macros });
    expect(await of('select net(x) as s from e')).toBe('not known, net()');
    expect(await of('select half(x) as s, ts from e')).toBe('known');
    expect(await of("from newest('e')")).toBe('not known, the macro newest');
    expect(await of("from few('e')")).toBe('known');
    expect(await of("select * from e join newest('l') using (k)")).toBe('known');
  });
});

describe('hours of a stateful process', () => {
  it.each([
    'select id, ts from e',
    'from e',
    'select * exclude (id) from e',
    "select date_trunc('hour', ts) as ts, kind, count(*) as n from e group by all having n > 1",
    "select date_trunc('hour', ts) as ts, kind, count(*) as n from e group by 1, 2",
    "select date_trunc('minute', ts) as ts, count(distinct id) from e group by date_trunc('minute', ts)",
    "select max(ts) as ts, kind from e group by date_trunc('hour', e.ts), kind",
    "select time_bucket(interval '15 minutes', ts) as ts, count(*) from e group by all",
    'select time_bucket(to_hours(1), ts) as ts, count(*) from e group by all',
    'select to_timestamp(ts / 1000) as ts, k from e',
    "select ts at time zone 'UTC' as ts from e",
    'select ts::timestamp as ts from e',
    "select ts, row_number() over (partition by date_trunc('hour', ts), k order by ts) as n from e",
    "select date_trunc('hour', ts) as h, ts from e qualify row_number() over (partition by h) = 1",
    "with b as (select date_trunc('hour', ts) as h, k from e) select h as ts, count(*) from b group by h",
    "select distinct date_trunc('hour', ts) as ts from e",
    "select distinct on (date_trunc('hour', ts), k) ts, k from e",
    "select e.ts, r.x from e join r on r.k = e.k and date_trunc('hour', r.ts) = date_trunc('hour', e.ts)",
    'select ts, e.x, r.x from e full join r using (ts)',
    "select coalesce(a.h, b.h) as ts, n, m from (select date_trunc('hour', ts) as h, count(*) as n from e group by all) as a full join (select date_trunc('hour', ts) as h, count(*) as m from r group by all) as b on a.h = b.h",
    'select e.ts, w.x from e left join w on w.k = e.k and w.ts <= e.ts and w.ts > e.ts - interval 1 day',
    "select e.ts, w.x from e join w on w.k = e.k and e.ts < w.ts + interval '24 hours' where w.ts <= e.ts",
    "select date_trunc('hour', e.ts) as ts, count(w.x) from e left join w on w.k = e.k and w.ts between e.ts - interval 90 minute and e.ts group by all",
    'select ts from e where exists (from w where w.k = e.k and w.ts <= e.ts and w.ts >= e.ts - to_hours(24))',
    'select a.ts, b.x from w as a join w as b using (ts)',
    'with t(a, ts) as (select k, ts from e) select ts from t',
    'select t.ts from (select k, ts from e) as t(a)',
    'select a.ts, c.x from e as a left join e as b on b.ts = a.ts left join e as c on c.ts = b.ts',
    'select * from e join l using (k)',
    "select * exclude (ts), date_trunc('hour', ts) as ts from e",
    "select e.* exclude (e.ts), date_trunc('hour', ts) as ts from e",
    "select * replace (1 as k), row_number() over (partition by date_trunc('hour', ts)) as n from e",
    'with t as (select * exclude (l.ts) from e join l using (k)) select ts, count(*) from t group by ts',
    'select ts from e where ts >= $psyberg_session_id',
    "select ts, (select count(*) from e as b where b.k = a.k and date_trunc('hour', b.ts) = date_trunc('hour', a.ts)) as n from e as a",
    'select ts from e union all select ts from r',
    'select ts, k from e union select ts, k from r',
    // What two sources have to do with each other is told as join-without-window.
    'select e.ts, r.x from e join r using (k)',
    'select e.ts from e where e.k in (select k from r)',
    "select c.hour as ts, count(*) from l as c join e on date_trunc('hour', e.ts) = c.hour group by 1",
    "pivot (select ts, kind from e) on kind in ('a') using count(*)",
    "select date_trunc('hour', ts) as ts, kind, count(*) from e group by grouping sets ((1), (1, 2))",
  ])('stand alone: %s', async (sql) => {
    expect(await judged('stateful', sql)).toBe('known');
  });

  it.each([
    ['select kind, max(ts) as ts, count(*) from e group by kind', 'max()'],
    ["select date_trunc('day', ts) as ts, count(*) from e group by all", 'count(*)'],
    ['select ts::date as ts, count(*) from e group by all', 'count(*)'],
    ["select time_bucket(interval '7 minutes', ts) as ts, count(*) from e group by all", 'count(*)'],
    [
      "select date_trunc('hour', ts at time zone 'Europe/Berlin') as ts, count(*) from e group by all",
      'count(*)',
    ],
    ['select ts, kind, count(*) from e group by grouping sets ((1), (2))', 'count(*)'],
    ['select ts, lag(x) over (partition by k order by ts) as b from e', 'lag() over (…)'],
    ['select ts, count(*) over () as n from e', 'count() over (…)'],
    ['select distinct on (k) ts, k from e', 'DISTINCT'],
    ['select ts from e order by x limit 5', 'LIMIT'],
    ['select ts, (select avg(x) from e) as a from e', 'a subquery over rows of its sources'],
    ['select a.ts from e as a join e as b on a.k = b.k', 'a join of rows of its sources'],
    [
      'select e.ts from e left join r on r.ts = e.ts qualify row_number() over (partition by r.ts) = 1',
      'row_number() over (…)',
    ],
    ['select k from e union select k from r', 'UNION'],
    ['with t(k, ts) as (select ts, k from e) select max(k) as ts, count(*) from t group by ts', 'max()'],
    ['with t as (select k as ts, * from e) select ts, count(*) from t group by ts', 'count(*)'],
    ['with t as (select * from l join e using (x)) select ts, count(*) from t group by ts', 'count(*)'],
    [
      'with t as (select * rename (ts as t), k as ts from e) select ts, count(*) from t group by ts',
      'count(*)',
    ],
    [
      'with t as (select e.* exclude (e.ts), k as ts from e) select ts, count(*) from t group by ts',
      'count(*)',
    ],
    ['select distinct on (ts) k as ts, e.ts as t from e', 'DISTINCT'],
    ['select * from e positional join l', 'a join of rows of its sources'],
    [
      'select a.ts from e as a left join e as b on a.k = b.k left join e as c on c.ts = a.ts and c.ts = b.ts',
      'a join of rows of its sources',
    ],
    [
      'select ts from e where exists (from e as b where b.ts = e.ts and b.k in (select k from e))',
      'a subquery over rows of its sources',
    ],
    ['select ts, (select count(*) from (from e limit 3) as b where b.ts = e.ts) as n from e', 'LIMIT'],
    // Without the name of a table, a column is that of the innermost query that has one.
    [
      'select ts, (select max(v) from e as b where b.ts = ts) as v from e',
      'a subquery over rows of its sources',
    ],
    ['select ts from e where k in (select k from e where ts = e.ts)', 'a subquery over rows of its sources'],
    [
      'select ts, (select count(*) from e as b where b.ts = a.ts and b.k in (select k from e as c where c.ts = ts)) as n from e as a',
      'a subquery over rows of its sources',
    ],
    // A key of some sets is NULL in the others.
    [
      "select max(m) as ts, sum(n) from (select date_trunc('hour', ts) as h, max(ts) as m, count(*) as n from e group by grouping sets ((1), (ts))) group by h",
      'max()',
    ],
    [
      'select ts, (select count(*) from l where l.k in (select k from e)) as n from e',
      'a subquery over rows of its sources',
    ],
  ])('are taken together: %s', async (sql, what) => {
    expect(await judged('stateful', sql)).toBe(`not known, ${what}`);
  });

  it.each([
    'select ts + interval 1 hour as ts from e',
    "select strptime(strftime(ts, '%Y%m%d%H'), '%Y%m%d%H') as ts from e",
    'select to_timestamp(cast(ts / 1000 as bigint)) as ts from e',
    'select w.ts as ts, lag(x) over (partition by k order by w.ts) as b from w',
    // Windows say how far rows matter, and the SQL does not.
    'select e.ts, w.x from e left join w on w.k = e.k',
    'select e.ts, w.x from e left join w on w.k = e.k and w.ts <= e.ts',
    'select e.ts, w.x from e left join w on w.ts <= e.ts and w.ts > e.ts - interval 25 hour',
    'select e.ts, w.x from e join w on w.ts <= e.ts + interval 1 minute and w.ts > e.ts - interval 1 day',
    'select e.ts, w.x from w left join e on w.ts <= e.ts and w.ts > e.ts - interval 1 day',
    'select ts from e where exists (from w where w.k = e.k)',
    'select a.ts, b.x from w as a join w as b on b.ts < a.ts',
    'select e.ts from e asof join w on e.ts >= w.ts',
    // Equal times of which one is no event time, or that are equal for a day.
    'select e.ts, r.x from e join r on r.other = e.ts',
    "select e.ts, r.x from e join r on date_trunc('day', r.ts) = date_trunc('day', e.ts)",
    'select ts from e where k in (select k from r)',
    'select ts from e where ts < $range_end - interval 10 minute',
    "select ts, x / (select sum(x) from e as b where b.ts >= date_trunc('hour', a.ts) and b.ts < date_trunc('hour', a.ts) + interval 1 hour) as s from e as a",
    // Of two sources told as one with itself: the inner one's own column.
    'select ts from e where exists (select 1 from r where r.ts = ts and r.k = e.k)',
  ])('may stand alone, and nobody knows: %s', async (sql) => {
    expect(await judged('stateful', sql)).toBe('not known');
  });

  it('take a column of a table before one that the SELECT names so', async () => {
    const columns = new Map([
      ['e', ['id', 'ts', 'k', 'hour']],
      ['l', ['since', 'ts']],
    ]);
    const over = (from: string, by = 'hour') =>
      judged(
        'stateful',
        `select ts, date_trunc('hour', ts) as ${by}, count(*) over (partition by ${by}) as n from ${from}`,
        { columns },
      );
    for (const from of ['e', '(select * from e)', '(select hour, ts from e)', '(from e) as s(id, ts, k)'])
      expect(await over(from), from).toBe('not known, count() over (…)');
    for (const from of ['(select id, ts from e)', '(select * exclude (hour) from e)'])
      expect(await over(from), from).toBe('known');
    expect(await over('e', 'hours')).toBe('known');
    const grouped = "select date_trunc('hour', ts) as hour, ts, count(*) as n from e group by hour, ts";
    expect(await judged('stateful', grouped, { columns })).toBe('known');
    const placed = 'select max(since) as ts, count(*) from (select * from l union all select ts, k from e)';
    expect(await judged('stateful', `${placed} group by ts`, { columns })).toBe('not known, max()');
    expect(await judged('stateful', `${placed} group by since`, { columns })).toBe('known');
  });

  it('are days in a process of days, and in a target of dates', async () => {
    const ofDay = "select date_trunc('day', ts) as ts, count(*) from e group by all";
    const ofDate = 'select ts::date as ts, count(*) from e group by all';
    for (const sql of [ofDay, ofDate]) {
      expect(await judged('stateful', sql, { grain: 'day' })).toBe('known');
      expect(await judged('stateful', sql, { ofDates: true })).toBe('known');
    }
  });

  it('are computed one by one in a dimension', async () => {
    expect(await judged('dimension', 'select ts, count(*) over () as n from e limit 3')).toBe('known');
  });

  it('stand alone in the processes that this repository ships', async () => {
    const root = path.join(import.meta.dirname, '../..');
    const folders = ['warehouse/member-lifecycle', 'warehouse/flights', 'templates/project'];
    for (const folder of folders.map((each) => path.join(root, each)))
      for (const name of readdirSync(path.join(folder, 'processes'))) {
        const file = path.join(folder, 'processes', name);
        const { spec } = readProcess({ file, root: folder, problems: [] });
        if (spec === undefined) throw new Error(`${file} cannot be read`);
        expect(rowsAlone(await parse(spec.sql), spec), name).toEqual({ told: [], isKnown: true });
      }
  });
});
