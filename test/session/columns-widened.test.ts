// Goal: of a column that became a double, a query that makes other values of it is told from one that passes it on.
// Method: queries over schemas in which a float, a date and an integer were widened.
import { expect, it } from 'vitest';
import type { Schema } from '../../src/iceberg/table-metadata.ts';
import type { ProcessSpec } from '../../src/model/process-spec.ts';
import { computedWith, widenedBetween } from '../../src/session/columns-widened.ts';

const schema = (float: string, date: string, int: string): Schema => ({
  type: 'struct',
  'schema-id': 0,
  fields: [
    { id: 1, name: 'id', type: int, required: false },
    { id: 2, name: 'd', type: float, required: false },
    { id: 3, name: 'day', type: date, required: false },
    {
      id: 4,
      name: 's',
      required: false,
      type: { type: 'struct', fields: [{ id: 5, name: 'inner', type: float, required: false }] },
    },
  ],
});
const WIDENED = widenedBetween(schema('float', 'date', 'int'), schema('double', 'timestamp', 'long'));

const inner = (...ids: readonly number[]): Schema => ({
  type: 'struct',
  'schema-id': 0,
  fields: [
    {
      id: 4,
      name: 's',
      required: false,
      type: {
        type: 'struct',
        // One of them has a value in rows from before it came.
        fields: ids.map((id) => ({
          ...{ id, name: `f${id}`, type: 'int', required: false },
          ...(id === 9 ? { 'initial-default': 5 } : {}),
        })),
      },
    },
  ],
});

const namesIn = (
  sql: string,
  widened = WIDENED,
  onSchemaChange = 'refuse',
  macros: string[] = [],
): string[] => {
  const spec = {
    ...{ processName: 'p', sources: [{ alias: 'e' }], sql, onSchemaChange },
    macros: macros.map((definition) => ({ definition })),
  } as unknown as ProcessSpec;
  return computedWith(spec, widened).map(({ path }) => path.join('.'));
};

it('takes a cast of a date that became a timestamp of nanoseconds for the same', () => {
  const nanos = widenedBetween(schema('float', 'date', 'int'), schema('float', 'timestamp_ns', 'int'));
  expect(namesIn('select day::timestamp as ts, cast(day as date) from e', nanos)).toEqual([]);
  expect(namesIn('select day::varchar as ts from e', nanos)).toEqual(['day']);
});

it('finds floats and dates, and integers as such', () => {
  const found = WIDENED.map(({ path, kind }) => `${path.join('.')} ${kind}`);
  expect(found).toEqual(['id number', 'd type', 'day type', 's.inner type']);
});

it.each([
  'select id, ts from e',
  'select id::varchar, id * 2, hash(id) from e',
  'select d, e.d as x, day, ts from e where id > 1',
  'select e."D"::double as x, cast(e.d as double), day::timestamp, s.inner::double from e',
  'select d::float as x, cast(d as real), day::date, day::timestamp_ns from e',
  'select *, ts as t from e',
  'select * exclude (id) from e',
  'select date_trunc($h, ts) as ts, d, sum(d), avg(e.d), max(d) as m, count(s.inner) from e group by all',
  'select id from e where d is not null order by d',
  'select x from (select sum(d) as x, ts from e group by ts)',
  'select s, s.inner from e',
  'select d as x, day as t from e group by id, x order by x desc, t',
  'select d as x, max(e.day) as date, id::date from e group by all',
  'select s.*, id from e',
  'select s as t, typeof(ts), bit_count(id::int) from e where t.other > 1',
])('passes on: %s', (sql) => expect(namesIn(sql)).toEqual([]));

it.each([
  ['select d::varchar from e', ['d']],
  ['select cast(d as varchar) from e', ['d']],
  ['select id from e where d = 0.1', ['d']],
  ['select d * 2 as x from e', ['d']],
  ['select concat(id, d, id) from e', ['d']],
  ['select coalesce(d, 0) from e', ['d']],
  ['select x::varchar from (select d as x from e)', ['d']],
  ['with a as (select * from e) select id from a', ['d', 'day', 's.inner']],
  ['select to_json(e) from e', ['d', 'day', 's.inner']],
  ['select columns(*)::varchar from e', ['d', 'day', 's.inner']],
  ['select day::varchar, s.inner + 1 from e', ['day', 's.inner']],
  ['select to_json(s) from e', ['s.inner']],
  ['select a.id from e a join f using (d)', ['d']],
  ['select d as x, x::varchar as t from e', ['d']],
  ['select day as x, hash(id, x) as t from e', ['day']],
  ['select d as amount from e where amount > 0.1', ['d']],
  ['select max(d) as m, m::varchar as t from e', ['d']],
  ['with a as (select s.* from e) select inner::varchar from a', ['d', 'day', 's.inner']],
  ["select s['inner']::varchar from e", ['s.inner']],
  ['select s.to_json() from e', ['s.inner']],
  ['select typeof(e.id) from e', ['id']],
  ['select bit_count(id) from e', ['id']],
])('computes with them: %s', (sql, names) => expect(namesIn(sql)).toEqual(names));

it.each([
  ["select s.f5, s['f5'], count(s) from e", []],
  ['select s, id from e', []],
  ['select unnest(e.s) from e', []],
  ['select * from e', []],
  ['select to_json(s) from e', ['s']],
  ['select s::varchar from e', ['s']],
  ['select hash(e.s) from e', ['s']],
  ['select count(*) from e group by s', ['s']],
])('reads a struct with fields that came as a whole, or not: %s', (sql, names) => {
  expect(namesIn(sql, widenedBetween(inner(5), inner(5, 6)))).toEqual(names);
});

it('takes fields that went for others where the target keeps them', () => {
  const went = widenedBetween(inner(5, 6), inner(5));
  for (const sql of ['select s from e', 'select * from e']) {
    expect(namesIn(sql, went)).toEqual([]);
    expect(namesIn(sql, went, 'append')).toEqual(['s']);
    expect(namesIn(sql, widenedBetween(inner(5), inner(5, 6)), 'append')).toEqual([]);
    expect(namesIn(sql, widenedBetween(inner(5), inner(5, 6, 9)), 'append')).toEqual(['s']);
  }
});

const integer = (id: number, name: string): Schema['fields'][number] => ({
  ...{ id, name, type: 'int', required: false },
});
/** Of them `b`s came into a struct of a struct, of a list and of a map. */
const deep = (...came: readonly string[]): Schema => {
  const struct = (id: number) => ({
    type: 'struct' as const,
    fields: [integer(id, 'a'), ...came.map((name, index) => integer(id + 1 + index, name))],
  });
  const fields = [
    { id: 1, name: 's', type: { type: 'struct', fields: [integer(2, 'f'), inside(struct(10))] } },
    {
      id: 3,
      name: 'l',
      type: { type: 'list', 'element-id': 4, element: struct(20), 'element-required': false },
    },
    {
      id: 5,
      name: 'm',
      type: {
        ...{ type: 'map', 'key-id': 6, key: 'string', 'value-id': 7, 'value-required': false },
        value: struct(30),
      },
    },
  ].map((field) => ({ ...field, required: false }));
  return { type: 'struct', 'schema-id': 0, fields } as unknown as Schema;
};
const inside = (type: unknown): object => ({ id: 8, name: 'inner', type, required: false });
const DEEP = widenedBetween(deep(), deep('b'));

it.each([
  ['select s.f, s.inner.a, inner::varchar from e', []],
  ["select s['inner'].a, s['inner']['a']::varchar, s['f']::varchar from e", []],
  ["select l[1].a::varchar, l[1]['a']::varchar, m['k'].a::varchar, m['k']['a']::varchar from e", []],
  ["select s.inner, s['inner'], l[1], m['k'], s.inner as x from e", []],
  ['select s.*, unnest(l), unnest(l) as x from e order by x', []],
  ['select id from e where l[1] is not null and s.inner is null', []],
  ['select to_json(s.inner) from e', ['s']],
  ["select s['inner']::varchar from e", ['s']],
  ['select l[1]::varchar from e', ['l']],
  ["select to_json(m['k']) from e", ['m']],
  ['select m.k::varchar from e', ['m']],
  ['select s.to_json(), s.inner.hash() from e', ['s']],
  ['select to_json(unnest(l)) from e', ['l']],
  ['select unnest(l) as x, x::varchar from e', ['l']],
  ['with a as (select unnest(l) as x from e) select x::varchar from a', ['l']],
  ['with a as (select s.* from e) select inner::varchar from a', ['s']],
  ['with a as (select s.inner from e) select inner::varchar from a', ['s']],
  ['with a as (select s.inner from e) select inner.a from a', []],
  ['select s as t, to_json(t) as j from e', ['s']],
  ['select s as t, t.inner::varchar as j from e', ['s']],
  ['select s as t, t.f::varchar as j from e', []],
])('reads what is inside of structs, lists and maps as a whole, or not: %s', (sql, names) => {
  const others = new Set(['s', 'l', 'm'].filter((name) => !new RegExp(`\\b${name}\\b`).test(sql)));
  const named = DEEP.filter(({ path }) => !others.has(path[0] ?? ''));
  expect(namesIn(sql, named)).toEqual(names);
});

it.each([
  ['with a as (select ts, s from e) select s.f5 from a', []],
  ['with a as (select ts, e.s from e), b as (select s, ts from a) select b.s.f5 from b', []],
  ['select s.f5 from (select ts, s from e where id > (select max(id) from e)) as x', []],
  ['with a as (select ts, s from e) select s, sum(id) over (partition by ts) from a', []],
  ['with a as (select * from e) select s.f5 from a', []],
  ['with a as (select ts, s from e) select to_json(s), s.f5 from a', ['s']],
  ['with a as (select ts, s from e) select to_json(a) from a', ['s']],
  ['with a as (select ts, s from e) select to_json(z), s.f5 from a as z', ['s']],
  ['with a as (select * from e) select to_json(a), s.f5 from a', ['s']],
  ['select to_json(x) from (select ts, s from e) x', ['s']],
  ['with a(ts, p) as (select ts, s from e) select p::varchar from a', ['s']],
  ['select p::varchar from (select ts, s from e) as x(ts, p)', ['s']],
  ['with a as (select ts, s from e) select p::varchar from a x(ts, p)', ['s']],
  ['with a as (select ts, null as p from f union all select ts, s from e) select p::varchar from a', ['s']],
  ['select to_json((select s from e limit 1)) as x', ['s']],
  ['select to_json((select s from e limit 1)) as x, (select 1) as y', ['s']],
  ['with a as (select s from e) select to_json((select * from a limit 1)) as x', ['s']],
  ['with a as (select concat(id, s, id) as x from e) select x from a', ['s']],
  ['with a as (select [id, s] as x from e) select x from a', ['s']],
])('reads a struct through other queries: %s', (sql, names) => {
  expect(namesIn(sql, widenedBetween(inner(5), inner(5, 6)))).toEqual(names);
});

it.each([
  ['select get_id(s) from e', 'get_id(s) as s.f5', []],
  ['select get_id(1, e.s) from e', 'get_id(n, p) as p.f5 + n', []],
  ['select get_id() from e', 'get_id() as s.f5', []],
  ['select get_id(s) from e', 'get_id(s) as to_json(s)', ['s']],
  ['select get_id(1, s) from e', 'get_id(n, p) as to_json(p)', ['s']],
  ['select get_id(s, 1) from e', 'get_id(n, p) as (p.f5, n)', ['s']],
  ['select get_id(to_json(s)) from e', 'get_id(p) as p.f5', ['s']],
  ['select get_id(s) from e', 'get_id(p) as p.f5, (p, q) as hash(p, q)', ['s']],
  ['select id, s.f5 from e', 'get_id() as s::varchar', ['s']],
])('reads a struct through a macro: %s, %s', (sql, macro, names) => {
  expect(namesIn(sql, widenedBetween(inner(5), inner(5, 6)), 'refuse', [macro])).toEqual(names);
});

it('reads what is inside of a parameter as a whole', () => {
  const [s] = DEEP.filter(({ path }) => path[0] === 's');
  if (s === undefined) throw new Error('none');
  expect(namesIn('select f(s) from e', [s], 'refuse', ['f(p) as to_json(p.inner)'])).toEqual(['s']);
  expect(namesIn('select f(s) from e', [s], 'refuse', ['f(p) as p.inner.a'])).toEqual([]);
});
