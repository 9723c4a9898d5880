// Goal: what a process that is gone had not loaded is loaded once by whoever adopts its target, or refused. Method:
// chains of processes that are retired, or only removed, and adopt one target after another as the hints say.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { PsybergError } from '../../src/index.ts';
import type { StartSpec } from '../../src/model/start.ts';
import { events, snapshotIds } from '../support/event-tables.ts';
import { hourAt, processFile, type World, worldForTest } from '../support/world.ts';

const fileOf = (name: string, pattern: 'stateful' | 'stateless', header: object = {}) =>
  processFile(
    {
      process_name: name,
      pattern,
      sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
      target: { table: 'facts.loaded', event_time: 'ts' },
      ...header,
    },
    'select id, ts from e',
  );
const TWO_HOURS = { catchup: { hours_per_session: 2 } };

async function worldOf(first: ReturnType<typeof fileOf>, rows: string): Promise<World> {
  const world = await worldForTest({ processes: [first] });
  await world.create('raw.events', 'id bigint, ts timestamptz');
  await world.land('raw.events', rows);
  await world.publish(first.header.process_name);
  return world;
}
/** One row in each of the hours 0 to 4, of which hours 2, 3 and 4 are owed. */
const owing = (): Promise<World> =>
  worldOf(
    fileOf('a_load', 'stateful', TWO_HOURS),
    `select i as id, timestamptz '${hourAt(0)}' + to_hours(i) as ts from range(5) t(i)`,
  );
const OWED = [2, 3, 4].map(hourAt);

/** Another process in place of one, which is retired, or only removed. */
async function replaced(
  world: World,
  before: string,
  after: ReturnType<typeof fileOf>,
  how: 'retired' | 'removed' = 'retired',
): Promise<void> {
  if (how === 'retired') await world.psyberg.retire(before);
  rmSync(join(world.root, 'processes', `${before}.sql`));
  world.writeProcess(after);
  await world.reopen();
}
const at = (snapshotId: bigint | undefined): ReadonlyMap<string, StartSpec> =>
  new Map([['raw.events', { kind: 'snapshot', snapshotId: snapshotId as bigint }]]);
const NOW: ReadonlyMap<string, StartSpec> = new Map([['', { kind: 'now' }]]);
const refusalOf = async (asked: Promise<unknown>): Promise<PsybergError> => {
  const refused = await asked.then(
    () => undefined,
    (error: PsybergError) => error,
  );
  expect(refused?.code).toBe('adoption-skips-rows');
  return refused as PsybergError;
};
async function expectWhole(world: World): Promise<void> {
  expect(await world.rows('select id, ts from facts.loaded')).toEqual(
    await world.rows('select id, ts from raw.events'),
  );
}

it.each(['retired', 'removed'] as const)(
  'refuses a process without hours while one that was %s owes some',
  async (how) => {
    const world = await owing();
    const [place] = await snapshotIds(world);
    await replaced(world, 'a_load', fileOf('c_load', 'stateless'), how);
    for (const places of [new Map<string, StartSpec>(), at(place)]) {
      const { message, hint } = await refusalOf(world.psyberg.adopt('c_load', places));
      expect(message).toContain('owes 3 of its hours');
      // None of the ways that it names may be one that is refused again, or that loses rows.
      expect(hint).not.toContain('adopt c_load --at raw.events=');
      expect(hint).not.toContain('--from');
      expect(hint).toContain('"psyberg adopt c_load --at now" if all of it is in the target');
      if (how === 'retired') expect(hint).toContain(`adopt PROCESS --at raw.events=${place}`);
      else expect(hint).toContain('psyberg retire a_load');
    }
    // The way that the hint names.
    const first = how === 'retired' ? 'b_load' : 'a_load';
    await replaced(world, 'c_load', fileOf(first, 'stateful'), 'removed');
    if (how === 'retired') await world.psyberg.adopt('b_load', at(place));
    await world.run([first], { untilComplete: true });
    await replaced(world, first, fileOf('c_load', 'stateless'));
    await world.psyberg.adopt('c_load');
    await world.land('raw.events', events(10, 1, 4));
    await world.publish('c_load');
    await expectWhole(world);
  },
);

it('lets a process without hours adopt at now, which says that all is there', async () => {
  const world = await owing();
  await replaced(world, 'a_load', fileOf('c_load', 'stateless'));
  const { plan } = await world.psyberg.adopt('c_load', NOW);
  expect(plan.owed_hours).toEqual([]);
});

it.each([
  ['retired', 'stateless'],
  ['removed', 'stateless'],
  ['retired', 'stateful'],
  ['removed', 'stateful'],
] as const)('forgets what one that was %s had left once another has gone on: %s', async (how, pattern) => {
  const world = await worldOf(fileOf('a_load', pattern), events(1, 1, 0));
  const [place] = await snapshotIds(world);
  await world.land('raw.events', events(2, 1, 1));
  await replaced(world, 'a_load', fileOf('b_load', pattern), how);
  await refusalOf(world.psyberg.adopt('b_load'));
  await world.psyberg.adopt('b_load', at(place));
  await world.publish('b_load');
  // Maintenance writes down what earlier snapshots say, above those of the adoption.
  await world.psyberg.maintain(['facts.loaded'], { olderThanMs: 0, orphanGraceMs: 0, force: true });
  await replaced(world, 'b_load', fileOf('c_load', pattern), how);
  expect((await world.psyberg.adopt('c_load')).plan.owed_hours).toEqual([]);
  await world.land('raw.events', events(3, 1, 1));
  await world.publish('c_load');
  await expectWhole(world);
});

it('does not owe again what another process has paid off', async () => {
  const world = await owing();
  const [place] = await snapshotIds(world);
  await replaced(world, 'a_load', fileOf('b_load', 'stateful'));
  expect((await world.psyberg.adopt('b_load', at(place))).plan.owed_hours).toEqual(OWED);
  await world.run(['b_load'], { untilComplete: true });
  await replaced(world, 'b_load', fileOf('c_load', 'stateful'));
  expect((await world.psyberg.adopt('c_load', at(place))).plan.owed_hours).toEqual([]);
  await expectWhole(world);
});

it.each(['retired', 'removed'] as const)(
  'owes what a process owed that was %s, at a place that is named',
  async (how) => {
    const world = await owing();
    const [place] = await snapshotIds(world);
    await replaced(world, 'a_load', fileOf('c_load', 'stateful'), how);
    expect((await world.psyberg.adopt('c_load', at(place))).plan.owed_hours).toEqual(OWED);
    await world.run(['c_load'], { untilComplete: true });
    await expectWhole(world);
  },
);

it('does not go on from an old place, of one in whose place another has adopted since', async () => {
  const a = fileOf('a_load', 'stateless');
  const world = await worldOf(a, events(1, 1, 0));
  const [place] = await snapshotIds(world);
  await world.land('raw.events', events(2, 1, 1));
  await replaced(world, 'a_load', fileOf('b_load', 'stateless'), 'removed');
  await world.psyberg.adopt('b_load', at(place));
  await world.publish('b_load');
  await replaced(world, 'b_load', fileOf('c_load', 'stateless'));
  await expect(world.psyberg.adopt('c_load', new Map(), { from: 'a_load' })).rejects.toMatchObject({
    code: 'adopt-from-unknown',
    hint: 'run "psyberg adopt c_load" to go on where the last process stopped',
  });
  await replaced(world, 'c_load', a, 'removed');
  const [refused] = await world.run(['a_load']);
  expect(refused?.error?.code).toBe('target-not-empty');
  // As the hint says.
  await world.psyberg.retire('a_load');
  await world.psyberg.adopt('a_load');
  await world.land('raw.events', events(3, 1, 1));
  await world.publish('a_load');
  await expectWhole(world);
});

it('keeps to what each of two has left that wrote side by side, and leads to no doubled rows', async () => {
  const side = (name: string, keep: boolean, where: string) => {
    const target = { table: 'facts.loaded', event_time: 'ts', ...(keep ? { existing_rows: 'keep' } : {}) };
    const file = fileOf(name, 'stateless', { target });
    return { ...file, sql: `select id, ts from e where ${where}` };
  };
  const [even, odd] = ['id % 2 = 0', 'id % 2 = 1'] as const;
  const world = await worldOf(side('a_load', false, even), events(0, 4, 0));
  const [place] = await snapshotIds(world);
  await world.land('raw.events', events(4, 1, 0));
  await replaced(world, 'a_load', side('b_load', true, odd), 'removed');
  await world.publish('b_load');
  const [, later] = await snapshotIds(world);
  await world.land('raw.events', events(5, 1, 0));
  await world.psyberg.retire('a_load');
  await replaced(world, 'b_load', side('a2_load', false, even));
  // Where another was further, the place of one is right only for a process that has its rows alone.
  const { hint } = await refusalOf(world.psyberg.adopt('a2_load'));
  expect(hint).toContain('loads rows of b_load alone, and none of a_load');
  await world.psyberg.adopt('a2_load', at(place));
  await world.publish('a2_load');
  await replaced(world, 'a2_load', side('b2_load', true, odd), 'removed');
  await refusalOf(world.psyberg.adopt('b2_load'));
  await world.psyberg.adopt('b2_load', at(later));
  await world.publish('b2_load');
  await expectWhole(world);
});
