// Goal: a process that is retired leaves nothing but its target, and takes nothing of others along. Method: two processes
// on one source; all that is known of the second is the same before and after the first one ends.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { PsybergError } from '../../src/index.ts';
import { writeMarker } from '../../src/markers/session-marker.ts';
import { appendLoad, events, eventWorld, overwritten, runOne, snapshotIds } from '../support/event-tables.ts';
import { hourAt, processFile, type World, worldForTest } from '../support/world.ts';

const NAME = 'overwrite_load';
const STATE = ['high_water_mark_table', 'psyberg_session_f', 'psyberg_signal'];
const stateRows = async (world: World, name: string): Promise<string[][]> => {
  const found: string[][] = [];
  for (const table of STATE)
    found.push(await world.rows(`select * from psyberg.${table} where process_name = '${name}'`));
  return found;
};
const tags = async (world: World): Promise<string[]> =>
  Object.entries((await world.metadata('raw.events')).refs ?? {}).flatMap(([ref, { type }]) =>
    type === 'tag' ? [ref] : [],
  );
const codeOf = (asked: Promise<unknown>): Promise<string> =>
  asked.then(() => 'done').catch((error: PsybergError) => error.code);

it('ends what is known of one process, and another one can adopt its target', async () => {
  const world = await eventWorld();
  const others = await stateRows(world, 'append_load');
  const before = {
    rows: await overwritten(world),
    history: (await world.history('facts.overwritten')).length,
  };
  const all = await stateRows(world, NAME);

  const dry = await world.psyberg.retire(NAME, { dryRun: true });
  expect(await stateRows(world, NAME)).toEqual(all);
  const session = join(world.warehouse, '.psyberg', 'sessions', `psyberg_${NAME}_20230914050000`);
  writeMarker(session, true);
  expect(await codeOf(world.psyberg.retire(NAME))).toBe('session-running');
  expect(await stateRows(world, NAME)).toEqual(all);
  rmSync(session, { recursive: true });

  // A stepwise session that found nothing to do waits for nothing.
  expect((await world.psyberg.session.init({ processName: NAME })).status).toBe('nothing-new');
  const retired = await world.psyberg.retire(NAME);
  expect(retired).toEqual({ ...dry, dry_run: false });
  expect(retired).toMatchObject({
    targets: [{ table: 'facts.overwritten' }],
    state_rows: STATE.map((table) => ({ table: `psyberg.${table}`, rows: '1' })),
    tags: ['raw.events'],
  });
  expect(await stateRows(world, NAME)).toEqual([[], [], []]);
  expect(await stateRows(world, 'append_load')).toEqual(others);
  expect(await tags(world)).toEqual(['psyberg_append_load']);
  expect(await overwritten(world)).toEqual(before.rows);
  expect((await world.history('facts.overwritten')).length).toBe(before.history);

  // Nothing is left to end, and the process does not go on from what its old snapshots say.
  expect((await world.psyberg.retire(NAME)).notes[0]).toContain('nothing to end');
  expect(await codeOf(world.psyberg.retire('nobody'))).toBe('process-unknown');
  expect((await runOne(world, NAME)).error?.code).toBe('target-not-empty');

  rmSync(join(world.root, 'processes', `${NAME}.sql`));
  const heir = appendLoad();
  const target = { table: 'facts.overwritten', event_time: 'ts' };
  world.writeProcess({
    ...heir,
    header: { ...heir.header, process_name: 'heir', pattern: 'stateful', target },
  });
  await world.reopen();
  expect(await codeOf(world.psyberg.adopt('heir', new Map(), { from: NAME }))).toBe('adopt-from-unknown');
  await world.psyberg.adopt('heir');
  await world.land('raw.events', events(100, 1, 1));
  await world.publish('heir');
  expect((await overwritten(world)).length).toBe(before.rows.length + 1);
  expect((await runOne(world, 'append_load')).status).toBe('published');
});

it('leaves what it had not loaded to the process that adopts its target', async () => {
  const LOAD = processFile(
    {
      process_name: 'load',
      pattern: 'stateful',
      catchup: { hours_per_session: 2 },
      sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
      target: { table: 'facts.loaded', event_time: 'ts' },
    },
    'select id, ts from e',
  );
  const world = await worldForTest({ processes: [LOAD] });
  await world.create('raw.events', 'id bigint, ts timestamptz');
  await world.land(
    'raw.events',
    `select i as id, timestamptz '${hourAt(0)}' + to_hours(i) as ts from range(5) t(i)`,
  );
  await world.publish('load');
  const [place] = await snapshotIds(world);
  await world.land('raw.events', events(10, 1, 0));
  const retired = await world.psyberg.retire('load');
  expect(retired.targets).toMatchObject([{ owed_hours: [hourAt(2), hourAt(3), hourAt(4)] }]);
  expect(retired.notes.join()).toContain('3 hours of 2023-09-14T02..2023-09-14T04');
  // Maintenance carries over what the snapshots below its own say.
  const maintained = await world.psyberg.maintain(['facts.loaded'], {
    olderThanMs: 0,
    orphanGraceMs: 0,
    force: true,
  });
  expect(maintained.tables.map(({ error }) => error)).toEqual([null]);

  await expect(world.psyberg.adopt('load')).rejects.toMatchObject({
    code: 'adoption-skips-rows',
    hint: expect.stringContaining(`"psyberg adopt load --at raw.events=${place}"`),
  });
  const start = { kind: 'snapshot', snapshotId: place as bigint } as const;
  const { plan } = await world.psyberg.adopt('load', new Map([['raw.events', start]]));
  expect(plan.owed_hours).toEqual([hourAt(2), hourAt(3), hourAt(4)]);
  await world.run(['load'], { untilComplete: true });
  expect(await world.rows('from facts.loaded')).toEqual(await world.rows('from raw.events'));
});

it('announces no adopted target that owes earlier hours, where the newest are loaded first', async () => {
  const LOAD = processFile(
    {
      process_name: 'load',
      pattern: 'stateful',
      catchup: { hours_per_session: 1, order: 'newest' },
      sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
      target: { table: 'facts.loaded', event_time: 'ts' },
    },
    'select id, ts from e',
  );
  const world = await worldForTest({ processes: [LOAD] });
  const signals = async () => (await world.psyberg.signals()).map(({ hour }) => hour);
  await world.create('raw.events', 'id bigint, ts timestamptz');
  await world.land('raw.events', `${events(0, 1, 0)} union all ${events(1, 1, 1)}`);
  await world.publish('load');
  const [place] = await snapshotIds(world);
  await world.psyberg.retire('load');
  const start = { kind: 'snapshot', snapshotId: place as bigint } as const;
  await world.psyberg.adopt('load', new Map([['', start]]));
  expect(await signals()).toEqual([]);
  await world.publish('load');
  expect(await signals()).toEqual([hourAt(1)]);
});

it.each(['oldest', 'newest'])(
  'announces no hour that neither it nor a retired process, the %s first, has computed',
  async (order) => {
    const load = (catchup: object) =>
      processFile(
        {
          process_name: 'load',
          pattern: 'stateful',
          catchup,
          sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
          target: { table: 'facts.loaded', event_time: 'ts' },
        },
        'select id, ts from e',
      );
    const world = await worldForTest({ processes: [load({ hours_per_session: 1, order })] });
    const signals = async () => (await world.psyberg.signals()).map(({ hour }) => hour);
    await world.create('raw.events', 'id bigint, ts timestamptz');
    await world.land('raw.events', [0, 1, 2].map((hour) => events(hour, 1, hour)).join(' union all '));
    await world.publish('load');
    const [place] = await snapshotIds(world);
    await world.psyberg.retire('load');
    world.writeProcess(load({ hours_per_session: 1 }));
    await world.reopen();
    const start = { kind: 'snapshot', snapshotId: place as bigint } as const;
    const { plan } = await world.psyberg.adopt('load', new Map([['', start]]));
    expect(plan.owed_hours).toHaveLength(2);
    expect(await signals()).toEqual(order === 'oldest' ? [hourAt(0)] : []);
    await world.publish('load');
    expect(await signals()).toEqual(order === 'oldest' ? [hourAt(1), hourAt(0)] : []);
    await world.publish('load');
    expect((await signals())[0]).toBe(hourAt(2));
    expect(await world.rows('from facts.loaded')).toEqual(await world.rows('from raw.events'));
  },
);
