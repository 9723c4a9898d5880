// Goal: whether a query does with loaded rows what it did when a source's columns had other names is told from what DuckDB
// makes of the query, and not from its words. Method: queries of two sources over one column that another took the name
// of, one that was only renamed, and one that came since.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sameReading } from '../../src/binding/same-reading.ts';
import { type Binder, openBinder } from '../../src/engine/index.ts';
import type { ProcessSpec } from '../../src/model/process-spec.ts';
import type { NamedColumn } from '../../src/model/source-names.ts';

let binder: Binder;
beforeAll(async () => {
  binder = await openBinder();
  await binder.define(['create temporary macro noted(rows) as table select note from query_table(rows)']);
});
afterAll(() => binder.close());

const column = (name: string, type: string, before?: string, after?: string): NamedColumn => ({
  ...{ column: name, type, before, after },
  ...(before === undefined ? {} : { placeBefore: Number(name.slice(1)) }),
});
const same = (name: string, type: string, as: string): NamedColumn => column(name, type, as, as);
const EVENTS = [
  same('f0', 'INTEGER', 'id'),
  same('f1', 'TIMESTAMPTZ', 'ts'),
  same('f2', 'STRUCT(a INTEGER)', 's'),
];
const OTHERS = [same('f0', 'INTEGER', 'id'), same('f1', 'VARCHAR', 'note'), same('f2', 'TIMESTAMPTZ', 'ts')];
const REPLACED = [
  ...EVENTS,
  column('f4', 'VARCHAR', undefined, 'note'),
  column('f3', 'VARCHAR', 'note', undefined),
];
const RENAMED = [...EVENTS, column('f3', 'VARCHAR', 'remark', 'note')];
const ADDED = [...EVENTS, column('f3', 'VARCHAR', undefined, 'note')];

const isSame = (
  sql: string,
  events: readonly NamedColumn[],
  more: Partial<ProcessSpec> = {},
  target: readonly string[] = [],
) =>
  sameReading(binder, {
    spec: { sql, pattern: 'stateful', onSchemaChange: 'refuse', ...more } as ProcessSpec,
    sources: [
      { alias: 'events', columns: events },
      { alias: 'others', columns: OTHERS },
    ],
    target: target.map((name) => ({ name, type: 'VARCHAR' })),
  });

describe('of a column whose name another took', () => {
  it.each([
    'select id, note from events',
    'select e.id, o.id from events e join others o using (note)',
    'select o.id from events natural join others o',
    'select * from events',
    'select count(columns(*)) from events',
    "select id from events where note like 'a%'",
    'select id from events order by note limit 3',
    'select id, row_number() over (order by note) as place from events',
    'select hash(e) as h from events e',
    'select id from others where exists (from events where note = others.note and id = others.id)',
    'select * from noted(events)',
    'select other.note from (from events) as other',
    'select max(note) as note, 1 as id from events',
    'select id from events union select length(note) from events',
    'select e.id from events e left join others o on e.note = o.note',
    'select id from events qualify row_number() over (partition by note order by ts desc) = 1',
    'select id, ts from events where id = 1 union all select id, ts from events where note is null',
    'with t as (from events) select a.id, b.note from t as a join t as b using (id)',
    "with t as materialized (from events) select id from t where note > 'a'",
  ])('%s reads it', async (sql) => expect(await isSame(sql, REPLACED)).toBe(false));

  it.each([
    'select id, ts from events',
    'select e.id, o.note from events e join others o using (id)',
    'select id, note from others',
    'select id, (select max(note) from others o where o.id = e.id) as note from events e',
    "select id, 'note' as note from events -- note",
    'select * exclude (note) from events',
    'select count(*) as n, $first_hour as h from events',
    "select e.id, o.note from events e left join others o on e.id = o.id and o.note > 'a' order by o.note limit 3",
    'select id from events, generate_series(1, 3)',
    'select id from events qualify row_number() over (partition by s order by ts desc) = 1',
    'with recursive t as (select 1 as note union all select note + 1 from t where note < 3) select id, t.note from t, events',
    'select id, list_transform([id], note -> note + 1) as l from events',
    'select id, s.a, lag(id) over (partition by id order by ts range between interval 1 hour preceding and current row) as l from events',
    'select id, ts from events where id = 1 union all select id, ts from events where id > 3',
    'select id, unnest([id, 2]) as x from (select id from events union select id from events)',
    'with t as (from events) select a.id, b.ts from t as a join t as b using (id)',
    'with t as materialized (from events) select id, ts from t',
    'with t as (from events) select id, (select count(*) from t as b where b.ts = a.ts) as n from t as a',
    'select date_trunc($unit, ts) as h, count(*) filter (where id > 3) as n, uuid() as u from events group by all',
  ])('%s does not', async (sql) =>
    expect(
      await isSame(sql, REPLACED, {
        variables: { unit: { type: 'VARCHAR' } },
      } as unknown as Partial<ProcessSpec>),
    ).toBe(true),
  );

  it('the hour before of a dimension has its own', async () =>
    expect(
      await isSame(
        'select id, (select max(note) from previous) as note from events',
        REPLACED,
        { pattern: 'dimension' },
        ['id', 'note'],
      ),
    ).toBe(true));
});

describe('of a column that was only renamed, or came', () => {
  it.each([RENAMED, ADDED])('whole rows are others', async (...events) => {
    for (const sql of [
      'select to_json(events) as row from events',
      'select e as row from events e',
      'select struct_pack(*columns(*)) as r from events',
    ])
      expect(await isSame(sql, events)).toBe(false);
  });

  it.each([RENAMED, ADDED])(
    'what is in rows without their names is the same, and so are single columns',
    async (...events) => {
      for (const sql of [
        'select * from events',
        'select *, id + 1 as more from events',
        'select id, to_json(s) as s from events',
        'select e.s as row from events e',
        'select id, ts from events where id = 1 union all select id, ts from events',
        'with t as (from events) select a.id, b.ts from t as a join t as b using (id)',
        'with t as (select * from events where id > 0) select id from t union all select id from t',
      ])
        expect(await isSame(sql, events)).toBe(true);
    },
  );

  it('a name that it took from what the query called so', async () =>
    expect(
      await isSame('select id + 1 as note, note * 2 as twice from events', [
        ...EVENTS,
        column('f3', 'INTEGER', undefined, 'note'),
      ]),
    ).toBe(false));

  it('a target goes on without one that it has, where its columns may differ', async () => {
    const append = { onSchemaChange: 'append' } as const;
    expect(await isSame('select * from events', RENAMED, append, ['id', 'remark'])).toBe(false);
    expect(await isSame('select * from events', RENAMED, append, ['id', 'note'])).toBe(true);
    expect(await isSame('select * from events', ADDED, append, ['id'])).toBe(true);
    const filled = ADDED.map((each) => (each.after === 'note' ? { ...each, fillsOldRows: true } : each));
    expect(await isSame('select * from events', filled, append, ['id'])).toBe(false);
  });
});

it('what cannot be planned, or bound by the names of then, is not known', async () => {
  expect(await isSame('pivot events on id using count(*)', REPLACED)).toBeUndefined();
  expect(await isSame('select id, note from events', ADDED)).toBeUndefined();
});
