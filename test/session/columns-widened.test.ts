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

const namesIn = (sql: string, widened = WIDENED, onSchemaChange = 'refuse'): string[] => {
  const spec = { processName: 'p', sources: [{ alias: 'e' }], sql, onSchemaChange } as unknown as ProcessSpec;
  return computedWith(spec, widened).map(({ path }) => path.join('.'));
};

it('takes a cast of a date that became a timestamp of nanoseconds for the same', () => {
  const nanos = widenedBetween(schema('float', 'date', 'int'), schema('float', 'timestamp_ns', 'int'));
  expect(namesIn('select day::timestamp as ts, cast(day as date) from e', nanos)).toEqual([]);
  expect(namesIn('select day::varchar as ts from e', nanos)).toEqual(['day']);
});

it('finds floats and dates, and no integers', () => {
  expect(WIDENED.map(({ path }) => path.join('.'))).toEqual(['d', 'day', 's.inner']);
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
