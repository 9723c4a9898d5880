// Goal: no NULL is published into a column that the target requires, however its files are written. Method:
// targets of several layouts that somebody made, and rows with a NULL among them.
import { describe, expect, it } from 'vitest';
import { currentSchema } from '../../src/iceberg/event-time.ts';
import type { NestedField } from '../../src/iceberg/table-metadata.ts';
import { hourAt, processFile, type World, worldForTest } from '../support/world.ts';

const at = (hour: number): string => `timestamptz '${hourAt(hour)}'`;
const load = (name: string, pattern: string, sql: string, target: object = {}) =>
  processFile(
    {
      process_name: name,
      pattern,
      sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
      target: { table: `facts.${name}`, event_time: 'ts', ...target },
    },
    sql,
  );

/** Another schema for a table, as an engine with more DDL than DuckDB gives it. */
async function alter(world: World, table: string, change: (fields: readonly NestedField[]) => NestedField[]) {
  const { 'schema-id': _id, ...schema } = currentSchema(await world.metadata(table));
  await world.commit(table, [
    { action: 'add-schema', schema: { ...schema, fields: change(schema.fields) } },
    { action: 'set-current-schema', 'schema-id': -1 },
  ]);
}

const FLAT = 'id bigint, k varchar not null, ts timestamptz';

describe('a NULL in a required column', () => {
  it('is refused with a row, by every pattern, layout and way of writing', async () => {
    const names = ['stateless', 'stateful', 'dimension'].flatMap((pattern) =>
      ['flat', 'parted', 'nested'].map((layout) => ({ pattern, layout, name: `${layout}_${pattern}` })),
    );
    const world = await worldForTest({
      processes: names.map(({ pattern, layout, name }) =>
        load(name, pattern, `select id, k, ts${layout === 'nested' ? ', [id] as l' : ''} from e`),
      ),
    });
    await world.create('raw.events', 'id bigint, k varchar, ts timestamptz');
    await world.land('raw.events', `values (1, 'a', ${at(1)}), (2, null, ${at(1)})`);
    for (const { layout, name } of names)
      await world.create(
        `facts.${name}`,
        layout === 'nested' ? `${FLAT}, l bigint[]` : FLAT,
        layout === 'parted' ? { partitionedBy: 'hour(ts)' } : {},
      );
    for (const record of await world.run()) {
      expect(record).toMatchObject({
        status: 'refused',
        error: { code: 'null-in-required-column', context: { column: 'k', rows: '1' } },
      });
      expect(record.error?.message).toMatch(
        new RegExp(`^${record.process_name}: 1 row holds NULL in k, .* for example {"id":2,"k":null,`),
      );
      expect(record.error?.hint).toContain(
        `psyberg sql 'alter table ${record.target} alter column k drop not null'`,
      );
      expect(await world.history(record.target), record.process_name).toEqual([]);
    }
    expect(await world.leftovers()).toEqual([]);
    // And the hint is the way on.
    await world.sql('alter table facts.parted_stateful alter column k drop not null');
    await world.publish('parted_stateful');
    expect(await world.rows('from facts.parted_stateful')).toEqual(await world.rows('from raw.events'));
  });

  it('is refused where it is the event time of a stateless target, which may be NULL only where it is optional', async () => {
    const world = await worldForTest({
      processes: [load('strict', 'stateless', 'from e'), load('loose', 'stateless', 'from e')],
    });
    await world.create('raw.events', 'id bigint, ts timestamptz');
    await world.create('facts.strict', 'id bigint, ts timestamptz not null', { partitionedBy: 'hour(ts)' });
    await world.land('raw.events', `values (1, ${at(1)}), (2, null)`);
    const [loose, strict] = await world.run();
    expect(strict).toMatchObject({
      status: 'refused',
      error: { code: 'null-in-required-column', context: { column: 'ts', rows: '1' } },
    });
    expect(loose).toMatchObject({ status: 'published', rows_written: '2' });
  });

  it('is refused inside structs, lists and maps', async () => {
    const values: Readonly<Record<string, string>> = {
      s: "{'b': case when id = 2 then null else id end}",
      l: '[case when id = 2 then null else id end]',
      m: "map {'a': case when id = 2 then null else id end}",
    };
    const names = Object.keys(values);
    const world = await worldForTest({
      processes: names.map((name) => load(name, 'stateless', `select *, ${values[name]} as v from e`)),
    });
    await world.create('raw.events', 'id bigint, ts timestamptz');
    await world.land('raw.events', `values (1, ${at(1)}), (2, ${at(1)}), (3, ${at(2)})`);
    await world.sql('create schema facts');
    for (const name of names) {
      await world.sql(
        `create table facts.${name} as select id, ts, ${values[name]} as v from raw.events with no data`,
      );
      await alter(world, `facts.${name}`, (fields) =>
        fields.map((field) => (field.name === 'v' ? { ...field, type: requiredInside(field.type) } : field)),
      );
    }
    const paths: Readonly<Record<string, string>> = { s: 'v.b', l: 'v.element', m: 'v.value' };
    for (const record of await world.run()) {
      expect(record, record.process_name).toMatchObject({
        status: 'refused',
        error: {
          code: 'null-in-required-column',
          context: { column: paths[record.process_name], rows: '1' },
        },
      });
      expect(record.error?.message).toContain('"id":2');
      expect(await world.history(record.target)).toEqual([]);
    }
    expect(await world.leftovers()).toEqual([]);
  });

  it.each(['', ', [id] as l'])('is refused in rows that are carried over (%s)', async (more) => {
    const world = await worldForTest({
      processes: [load('event_load', 'stateful', `select id, k, ts${more} from e`)],
    });
    await world.create('raw.events', 'id bigint, k varchar, ts timestamptz');
    await world.land('raw.events', `values (1, null, ${at(1)}), (2, 'b', ${at(2)})`);
    await world.publish('event_load');
    await alter(world, 'facts.event_load', (fields) =>
      fields.map((field) => (field.name === 'k' ? { ...field, required: true } : field)),
    );
    await world.land('raw.events', `values (3, 'c', ${at(2)})`);
    const [record] = await world.run();
    expect(record).toMatchObject({ status: 'refused', error: { code: 'null-in-required-column' } });
    expect(record?.error?.hint).toContain("psyberg sql 'delete from facts.event_load where k is null'");
    await world.sql('delete from facts.event_load where k is null');
    await world.publish('event_load');
    expect(await world.rows('select id from facts.event_load')).toEqual(['["2"]', '["3"]']);
  });
});

function requiredInside(type: NestedField['type']): NestedField['type'] {
  if (typeof type === 'string') return type;
  if (type.type === 'struct')
    return { ...type, fields: type.fields.map((field) => ({ ...field, required: true })) };
  return type.type === 'list' ? { ...type, 'element-required': true } : { ...type, 'value-required': true };
}
