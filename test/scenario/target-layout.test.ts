// Goal: a target is written where and how its metadata say, or not at all. Method: targets that somebody made or
// changed before a session: a type that DuckDB cannot write, another folder, columns that are nested.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { currentSchema } from '../../src/iceberg/event-time.ts';
import { hourAt, processFile, type World, worldForTest } from '../support/world.ts';

async function worldOf(columns: string, more: string): Promise<World> {
  const world = await worldForTest({
    processes: [
      processFile(
        {
          process_name: 'a_load',
          pattern: 'stateful',
          sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
          target: { table: 'facts.a', event_time: 'ts' },
        },
        `select id, ts${more} from e`,
      ),
    ],
  });
  await world.create('raw.events', 'id bigint, ts timestamptz');
  await world.create('facts.a', `id bigint, ts timestamptz${columns}`);
  await world.land('raw.events', `select i, timestamptz '${hourAt(0)}' + to_minutes(i) from range(90) t(i)`);
  return world;
}

it('with a column that DuckDB writes otherwise than Iceberg has it is refused before anything is written', async () => {
  const world = await worldOf('', '');
  const schema = currentSchema(await world.metadata('facts.a'));
  await world.commit('facts.a', [
    {
      action: 'add-schema',
      schema: {
        ...schema,
        fields: [...schema.fields, { id: 3, name: 'code', required: false, type: 'fixed[4]' }],
      },
    },
    { action: 'set-current-schema', 'schema-id': -1 },
  ]);
  const before = await world.metadata('facts.a');
  const [record] = await world.run();
  expect(record).toMatchObject({
    status: 'failed',
    error: {
      code: 'target-not-writable',
      message: expect.stringContaining('its column code is of the type fixed[4]'),
      hint: expect.stringContaining('cast code'),
      kind: 'usage',
    },
  });
  expect(await world.metadata('facts.a')).toEqual(before);
  expect(await world.leftovers()).toEqual([]);
});

it('with nested columns keeps every value, also of rows that are carried over', async () => {
  const world = await worldOf(
    ', "l x" struct(a bigint, "b c" varchar)[], m map(varchar, struct(d bigint[]))',
    `, [{'b c': id::varchar, 'a': id}, null] as "l x", map {'k': {'d': [id, null]}} as m`,
  );
  await world.publish('a_load');
  // The file holds the rows of both hours.
  await world.land('raw.events', `select 1000, timestamptz '${hourAt(1)}'`);
  await world.publish('a_load');
  expect(
    await world.rows(
      `select count(*)::integer, count(*) filter ("l x"[1].a = id and "l x"[1]."b c" = id::varchar and m['k'].d = [id, null])::integer from facts.a`,
    ),
  ).toEqual(['[91,91]']);
});

it('goes to the folder that write.data.path names, and leaves nothing there when its audit fails', async () => {
  const world = await worldOf('', '');
  const folder = join(world.warehouse, 'elsewhere');
  await world.commit('facts.a', [{ action: 'set-properties', updates: { 'write.data.path': folder } }]);
  await world.publish('a_load');
  const branches = readdirSync(folder);
  expect(branches).toHaveLength(1);
  expect(existsSync(join(world.warehouse, 'facts', 'a', 'data'))).toBe(false);
  expect(await world.rows('select count(*)::integer from facts.a')).toEqual(['[90]']);
  world.writeProcess(
    processFile(
      {
        process_name: 'a_load',
        pattern: 'stateful',
        sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
        target: { table: 'facts.a', event_time: 'ts' },
        audits: [{ not_null: { columns: ['id'] } }],
      },
      'select nullif(id, 1000) as id, ts from e',
    ),
  );
  await world.reopen();
  await world.land('raw.events', `select 1000, timestamptz '${hourAt(1)}'`);
  expect((await world.run())[0]?.status).toBe('audit-failed');
  expect(readdirSync(folder)).toEqual(branches);
});
