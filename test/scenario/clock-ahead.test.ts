// Goal: a table that another machine made or changed, whose clock is ahead of this one's, is read and written here
// as it is by now. Method: this program's clock is moved on while it commits, and a session and an INSERT follow.
import { expect, it, onTestFinished, vi } from 'vitest';
import { hourAt, processFile, type World, worldForTest } from '../support/world.ts';

const now = Date.now;

/** Two hours later by the clock of whoever commits. DuckDB's own clock stays. */
async function ahead(work: () => Promise<unknown>): Promise<void> {
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() + 7_200_000);
  onTestFinished(() => clock.mockRestore());
  await work();
  clock.mockRestore();
}

const worldOf = (sql: string): Promise<World> =>
  worldForTest({
    processes: [
      processFile(
        {
          process_name: 'load',
          pattern: 'stateless',
          sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
          target: { table: 'facts.loaded', event_time: 'ts' },
        },
        sql,
      ),
    ],
  });
const row = (id: number): string => `select ${id}::bigint as id, timestamptz '${hourAt(id)}' as ts`;

it('a table that is younger than this clock', async () => {
  const world = await worldOf('select id, ts from e');
  await ahead(async () => {
    await world.create('raw.events', 'id bigint, ts timestamptz');
    await world.land('raw.events', row(1));
  });
  await world.publish('load');
  await world.land('raw.events', row(2));
  await world.publish('load');
  expect(await world.rows('select id from facts.loaded')).toEqual(['["1"]', '["2"]']);
});

it('columns that were renamed later than this clock says', async () => {
  const world = await worldOf('select id, a, ts from e');
  await world.create('raw.events', 'id bigint, a bigint, b bigint, ts timestamptz');
  await world.land('raw.events', `select 1::bigint, 10::bigint, 20::bigint, timestamptz '${hourAt(1)}'`);
  const [schema] = (await world.metadata('raw.events')).schemas;
  if (schema === undefined) throw new Error('no schema');
  const renamed: Readonly<Record<string, string>> = { a: 'c', b: 'a' };
  const fields = schema.fields.map((field) => ({ ...field, name: renamed[field.name] ?? field.name }));
  await ahead(() =>
    world.commit('raw.events', [
      { action: 'add-schema', schema: { ...schema, 'schema-id': 1, fields } },
      { action: 'set-current-schema', 'schema-id': 1 },
    ]),
  );
  await world.publish('load');
  expect(await world.rows('select id, a from facts.loaded')).toEqual(['["1","20"]']);
  expect(await world.rows('select a, c from raw.events')).toEqual(['["20","10"]']);
});
