// Goal: a retire that was interrupted at any of its commits is ended by the same command, in whatever catalog.
// Method: a process whose retire dies before and after each commit, embedded and in front of foreign catalogs.
import { describe, expect, it, onTestFinished } from 'vitest';
import { PsybergError } from '../../src/index.ts';
import { type ForeignManners, startForeignServer } from '../support/foreign-server.ts';
import { hourAt, type ProcessFile, processFile, type World, worldForTest } from '../support/world.ts';

const load = (name: string): ProcessFile =>
  processFile(
    {
      process_name: name,
      pattern: 'stateful',
      sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
      target: { table: `facts.${name}`, event_time: 'ts', partition_by: ['hour(ts)'] },
    },
    'select id, ts from e',
  );
const STATE = ['high_water_mark_table', 'psyberg_session_f', 'psyberg_signal'] as const;
const leftOf = async (world: World, name: string): Promise<unknown> => ({
  rows: await Promise.all(
    STATE.map(
      async (table) => (await world.rows(`from psyberg.${table} where process_name = '${name}'`)).length,
    ),
  ),
  tag: (await world.metadata('raw.events')).refs?.[`psyberg_${name}`] !== undefined,
});

async function published(manners?: ForeignManners): Promise<World> {
  const foreign = manners === undefined ? undefined : await startForeignServer(manners);
  if (foreign !== undefined) onTestFinished(() => foreign.close());
  const world = await worldForTest({
    processes: [load('gone'), load('stays')],
    ...(foreign === undefined ? {} : { catalog: { uri: foreign.uri, warehouse: 'w' } }),
  });
  await world.create('raw.events', 'id bigint, ts timestamptz');
  await world.land('raw.events', `select i as id, timestamptz '${hourAt(1)}' as ts from range(10) t(i)`);
  await world.run();
  return world;
}

/** Retires, and dies at that commit; false where there was none left to die at. */
async function diesAt(world: World, commit: number, after: boolean): Promise<boolean> {
  const { client } = world.psyberg.internals;
  const kept = { commitTable: client.commitTable, commitTransaction: client.commitTransaction };
  let commits = 0;
  const dying =
    <Given extends readonly unknown[], Made>(make: (...given: Given) => Promise<Made>) =>
    async (...given: Given): Promise<Made> => {
      commits += 1;
      if (commits === commit && !after) throw new Error('killed');
      const made = await make(...given);
      // As if its process was gone: what was committed is the table's, and nothing may be deleted.
      if (commits === commit) throw new PsybergError('commit-state-unknown', 'killed', { retryable: false });
      return made;
    };
  client.commitTable = dying(kept.commitTable);
  client.commitTransaction = dying(kept.commitTransaction);
  const died = await world.psyberg.retire('gone').then(
    () => false,
    ({ message }: Error) => message === 'killed',
  );
  Object.assign(client, kept);
  return died || commits >= commit;
}

describe('a retire that is interrupted', () => {
  it.each([
    ['embedded', undefined],
    ['a foreign catalog', {}],
    ['a foreign catalog that commits one table at a time', { oneTableAtATime: true }],
  ] as const)('is ended by the same command: %s', { timeout: 300_000 }, async (_name, manners) => {
    let isThere = true;
    for (let commit = 1; isThere; commit += 1)
      for (const after of [false, true]) {
        const world = await published(manners);
        const others = await leftOf(world, 'stays');
        isThere = await diesAt(world, commit, after);
        await world.psyberg.retire('gone');
        expect(await leftOf(world, 'gone'), `${commit} ${after}`).toEqual({ rows: [0, 0, 0], tag: false });
        expect(await leftOf(world, 'stays')).toEqual(others);
        expect((await world.psyberg.retire('gone')).notes[0]).toContain('nothing to end');
        const [refused, idle] = await world.run();
        expect([refused?.error?.code, idle?.status]).toEqual(['target-not-empty', 'nothing-new']);
        await world.close();
      }
  });
});
