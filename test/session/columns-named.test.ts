// Goal: of a column whose name another took, a query that may read it is told from one that cannot, whatever the query
// looks like. Method: queries over a table of two schemas, of which a column, or a field of one, is another.
import { describe, expect, it } from 'vitest';
import type { Schema, TableMetadata } from '../../src/iceberg/table-metadata.ts';
import type { ProcessSpec } from '../../src/model/process-spec.ts';
import type { Watermark } from '../../src/model/session.ts';
import { refuseReplacedColumns } from '../../src/session/columns-replaced.ts';
import type { OpenSessionInput } from '../../src/session/session-input.ts';

const source = {
  alias: 'events',
  table: { namespace: ['raw'], name: 'events' },
} as unknown as ProcessSpec['sources'][number];
const schema = (id: number, note: number, field: number): Schema => ({
  type: 'struct',
  'schema-id': id,
  fields: [
    { id: 1, name: 'id', type: 'int', required: false },
    { id: note, name: 'note', type: 'string', required: false },
    {
      id: 3,
      name: 's',
      type: { type: 'struct', fields: [{ id: field, name: 'id', type: 'int', required: false }] },
      required: false,
    },
  ],
});

async function isRefused(sql: string, now: Schema, more: Partial<ProcessSpec> = {}): Promise<boolean> {
  const target = { table: { namespace: ['facts'], name: 'p' } };
  const process = { processName: 'p', sources: [source], target, sql, ...more } as ProcessSpec;
  const metadata = { 'current-schema-id': 1, schemas: [schema(0, 2, 4), now] } as unknown as TableMetadata;
  try {
    await refuseReplacedColumns({ spec: process } as OpenSessionInput, {
      source,
      metadata,
      watermark: { schemaId: 0 } as Watermark,
    });
    return false;
  } catch (error) {
    expect(error).toMatchObject({ code: 'columns-replaced' });
    return true;
  }
}

const note = schema(1, 7, 4);
const field = schema(1, 2, 8);

describe('a column is read', () => {
  it.each([
    'select e."NOTE" from events e',
    'select id from events join others using (note)',
    'select id from events natural join others',
    'select distinct * from events',
    'select distinct on (id) * from events',
    'select e.* exclude (id) from events e',
    'select columns(*) from events',
    "select columns('no.*') from events",
    'select columns(c -> c like $v) from events',
    'select id,#2 from events',
    'from events',
    'with a as (select 1) from events',
    "select 1, 'a' union all by name from events",
    'table events',
    'select to_json(events) as row from events',
    'select unnest(e) from sources.events as e',
    'select max(o) from events, sources.events o',
    'select * from (summarize events)',
  ])('by %s', async (sql) => expect(await isRefused(sql, note)).toBe(true));

  it.each([
    'select `note` from events',
    'select hash(*) from events',
    'select to_json(struct(*)) from events',
  ])('on Spark by %s', async (sql) =>
    expect(await isRefused(sql, note, { engine: 'spark' } as Partial<ProcessSpec>)).toBe(true),
  );

  it('by what a macro begins with', async () => {
    const macros = [{ name: 'f', definition: 'f(x) as note || x' }] as unknown as ProcessSpec['macros'];
    expect(await isRefused('select f(id) from events', note, macros === undefined ? {} : { macros })).toBe(
      true,
    );
  });

  it.each(["select s['id'] from events", 'select s.id from events', 'select to_json(s) from events'])(
    'with its fields by %s',
    async (sql) => expect(await isRefused(sql, field)).toBe(true),
  );
});

describe('on Spark, where a column came', () => {
  const { fields, ...rest } = schema(1, 2, 4);
  const added = { ...rest, fields: [...fields, { id: 9, name: 'more', type: 'int', required: false }] };
  const onSpark = { engine: 'spark' } as Partial<ProcessSpec>;

  it.each([
    'select to_json(struct(*)) from events',
    'select struct(e.*) as r from events e',
    'select hash(events) from events',
  ])('%s makes values of whole rows', async (sql) => expect(await isRefused(sql, added, onSpark)).toBe(true));

  it.each([
    'select *, count(*) over () as n from events',
    'select id from events where id in (select * from ids)',
  ])('%s does not', async (sql) => expect(await isRefused(sql, added, onSpark)).toBe(false));
});

describe('a column is not read', () => {
  it.each([
    'select id, count(*) as n from events group by 1',
    'select id * 2 as note, sum(id * (3)) from events',
    'select 3 * id, -1 * -id from events',
    'select extract(day from ts), id from events where id is distinct from 3',
    'select id from events e left join events as o on e.id = o.id where o.id > 1',
    'with events as (select id from sources.events) select id from events',
    'select e.id from sources.events as e, events f where e.id = f.id',
  ])('by %s', async (sql) => expect(await isRefused(sql, note)).toBe(false));

  it('where a field of a column nobody names has the name of another', async () =>
    expect(await isRefused('select id from events', field)).toBe(false));
});
