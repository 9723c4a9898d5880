// Goal: the rows of a state table are those of its live files, of one process or of all, also of files of an
// earlier release; a table that somebody has changed by hand is read by its name. Method: state changes in a
// world, and the relation beside what the catalog's table says.
import { expect, it } from 'vitest';
import { stateRelation } from '../../src/state/state-relation.ts';
import { SIGNAL, type SignalTableRow } from '../../src/state/tables/signal.ts';
import { commitStateChange, ensureStateTable } from '../../src/state/write-state.ts';
import { statement } from '../../src/statements/index.ts';
import { type World, worldForTest } from '../support/world.ts';

const TABLE = { namespace: ['psyberg'], name: 'psyberg_signal' };

const row = (processName: string, session: string, hour: number): SignalTableRow => ({
  process_name: processName,
  signal_name: `facts.of_${processName}`,
  vtts_utc_dateint: '20230914',
  vtts_utc_hour: String(hour),
  kind: 'complete',
  psyberg_session_id: session,
  created_at: '2023-09-14T00:00:00Z',
  hours: null,
});

async function written(): Promise<World> {
  const world = await worldForTest({ processes: [] });
  const { client, engine } = world.psyberg.internals;
  const ports = { engine: await engine(), catalog: client };
  for (const [processName, session, hour] of [
    ['a', '1', 3],
    ['b', '2', 5],
    ['a', '3', 4],
  ] as const)
    await commitStateChange(ports, await ensureStateTable(client, TABLE, SIGNAL), {
      table: TABLE,
      definition: SIGNAL,
      processName,
      psybergSessionId: session,
      rows: [row(processName, session, hour)],
      replacesSession: false,
    });
  return world;
}

async function relationOf(world: World, processName?: string) {
  const { client, engine } = world.psyberg.internals;
  const metadata = (await client.loadTable(TABLE))?.metadata;
  if (metadata === undefined) throw new Error('there is no table of signals');
  return stateRelation(await engine(), { table: TABLE, metadata }, SIGNAL, processName);
}
async function hourOf(world: World, signalName: string, processName?: string): Promise<unknown> {
  const found = await relationOf(world, processName);
  if (found === undefined) return 'no file';
  const engine = await world.psyberg.internals.engine();
  const [answer] = await engine.query(statement('session/signalled_hour', { signal_table: found.relation }), {
    signal_name: signalName,
    ...found.parameters,
  });
  return answer?.hour === null || answer?.hour === undefined ? undefined : answer.hour % 24;
}

it('is of live files, of one process or of all', async () => {
  const world = await written();
  expect((await relationOf(world))?.parameters.state_files).toHaveLength(3);
  expect((await relationOf(world, 'a'))?.parameters.state_files).toHaveLength(2);
  expect(await hourOf(world, 'facts.of_a')).toBe(4);
  expect(await hourOf(world, 'FACTS.of_b')).toBe(5);
  expect(await hourOf(world, 'facts.of_b', 'a')).toBeUndefined();
  expect(await hourOf(world, 'facts.of_a', 'nobody')).toBe('no file');
});

it('is the table itself where rows were deleted by hand', async () => {
  const world = await written();
  await world.sql('delete from psyberg.psyberg_signal where vtts_utc_hour = 4');
  expect((await relationOf(world))?.parameters).toEqual({});
  expect(await hourOf(world, 'facts.of_a')).toBe(3);
});

it('is the table itself where a column is another one than it was', async () => {
  const world = await written();
  await world.sql('alter table psyberg.psyberg_signal drop column kind');
  await world.sql('alter table psyberg.psyberg_signal add column kind varchar');
  expect((await relationOf(world))?.parameters).toEqual({});
  // The new column is empty: nothing is announced as complete.
  expect(await hourOf(world, 'facts.of_a')).toBeUndefined();
});
