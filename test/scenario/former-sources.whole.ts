// Goal: what a process had not loaded of a source that it names no more is not taken for loaded, whoever reads that
// source later. Method: a process of two sources owes hours of one, goes on without it, and the source comes back.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PsybergError } from '../../src/index.ts';
import type { StartSpec } from '../../src/model/start.ts';
import { events, snapshotIds } from '../support/event-tables.ts';
import { hourAt, type ProcessFile, processFile, type World, worldForTest } from '../support/world.ts';

type Source = 'a' | 'b';
const load = (name: string, sources: readonly Source[], header: object = {}, target: object = {}) =>
  processFile(
    {
      process_name: name,
      pattern: 'stateful',
      sources: sources.map((alias) => ({ table: `raw.${alias}`, event_time: 'ts', alias })),
      target: { table: 'facts.loaded', event_time: 'ts', ...target },
      ...header,
    },
    sources.map((alias) => `select id, ts from ${alias}`).join(' union all '),
  );
const BOTH = ['a', 'b'] as const;
const owing = (name: string) => load(name, BOTH, { catchup: { hours_per_session: 2 } });

/** `p_load` has loaded `a`, and two of the five hours of `b`. */
async function owingWorld(): Promise<World> {
  const world = await worldForTest({ processes: [owing('p_load')] });
  for (const table of BOTH) await world.create(`raw.${table}`, 'id bigint, ts timestamptz');
  await world.land('raw.a', `${events(1, 1, 0)} union all ${events(2, 1, 1)}`);
  await world.land(
    'raw.b',
    `select i + 10 as id, timestamptz '${hourAt(0)}' + to_hours(i) as ts from range(5) t(i)`,
  );
  expect((await world.publish('p_load')).owed_hours).toEqual([2, 3, 4].map(hourAt));
  return world;
}
async function replaced(world: World, before: string, after: ProcessFile, retire = false): Promise<void> {
  if (retire) await world.psyberg.retire(before);
  rmSync(join(world.root, 'processes', `${before}.sql`), { force: true });
  world.writeProcess(after);
  await world.reopen();
}
const refusalOf = async (asked: Promise<unknown>): Promise<PsybergError> => {
  const refused = await asked.then(
    () => undefined,
    (error: PsybergError) => error,
  );
  expect(refused?.code).toBe('adoption-skips-rows');
  return refused as PsybergError;
};
/** Adopts with the places that the hint names. */
async function adoptAsHinted(world: World, name: string, hint: string): Promise<void> {
  const [, command = ''] = new RegExp(`"psyberg adopt ${name}((?: --at [^ "]+)+)"`).exec(hint) ?? [];
  const places = [...command.matchAll(/--at ([^=]+)=(\S+)/g)].map(([, table, place]): [string, StartSpec] => [
    table as string,
    place === 'beginning' || place === 'now'
      ? { kind: place }
      : { kind: 'snapshot', snapshotId: BigInt(place as string) },
  ]);
  expect(places.length).toBeGreaterThan(0);
  await world.psyberg.adopt(name, new Map(places));
}
async function expectWhole(world: World, name: string): Promise<void> {
  // Completes the hours of `b`.
  await world.land('raw.a', events(90, 1, 4));
  await world.run([name], { untilComplete: true });
  expect(await world.rows('select id, ts from facts.loaded')).toEqual(
    await world.rows('select id, ts from raw.a union all select id, ts from raw.b'),
  );
}

it('that was retired and has adopted its target again without a source leaves what it owed of it', async () => {
  const world = await owingWorld();
  await replaced(world, 'p_load', load('p_load', ['a']), true);
  await world.psyberg.adopt('p_load');
  await world.land('raw.a', events(3, 1, 2));
  await world.publish('p_load');
  await replaced(world, 'p_load', load('q_load', BOTH), true);
  const { message, hint = '' } = await refusalOf(world.psyberg.adopt('q_load'));
  expect(message).toMatch(
    /p_load, which was retired, has loaded raw.b .* owes 3 .* gone on without it since/,
  );
  await adoptAsHinted(world, 'q_load', hint);
  await expectWhole(world, 'q_load');
});

describe('that goes on without a source', () => {
  const without = async (): Promise<World> => {
    const world = await owingWorld();
    await replaced(world, 'p_load', load('p_load', ['a']));
    await world.land('raw.a', events(3, 1, 2));
    await world.publish('p_load');
    return world;
  };

  it('loads it whole when it names it again', async () => {
    const world = await without();
    await replaced(world, 'p_load', owing('p_load'));
    await expectWhole(world, 'p_load');
  });

  it('tells whoever adopts its target, also when maintenance has dropped its snapshots', async () => {
    const world = await without();
    await world.land('raw.a', events(4, 1, 3));
    await world.publish('p_load');
    await world.psyberg.maintain(['facts.loaded'], { olderThanMs: 0, orphanGraceMs: 0, force: true });
    await replaced(world, 'p_load', load('q_load', BOTH));
    const { hint } = await refusalOf(world.psyberg.adopt('q_load'));
    expect(hint).toContain('psyberg adopt q_load --from p_load');
    await world.psyberg.adopt('q_load', new Map(), { from: 'p_load' });
    await expectWhole(world, 'q_load');
  });

  it('tells it under another name as well', async () => {
    const world = await owingWorld();
    await replaced(world, 'p_load', load('n_load', ['a']));
    await world.psyberg.adopt('n_load', new Map(), { from: 'p_load' });
    await world.land('raw.a', events(3, 1, 2));
    await world.publish('n_load');
    await replaced(world, 'n_load', load('q_load', BOTH), true);
    await adoptAsHinted(world, 'q_load', (await refusalOf(world.psyberg.adopt('q_load'))).hint ?? '');
    await expectWhole(world, 'q_load');
  });
});

it('is remembered where the process begins anew under its name, beside what is there', async () => {
  const world = await owingWorld();
  await replaced(world, 'p_load', load('p_load', ['a'], {}, { existing_rows: 'keep' }), true);
  await world.publish('p_load');
  await replaced(world, 'p_load', load('q_load', BOTH), true);
  expect((await refusalOf(world.psyberg.adopt('q_load'))).message).toContain('raw.b');
});

it('is asked for where nobody has read it for the target so far', async () => {
  const world = await worldForTest({ processes: [load('p_load', ['a'])] });
  for (const table of BOTH) await world.create(`raw.${table}`, 'id bigint, ts timestamptz');
  await world.land('raw.a', events(1, 1, 0));
  await world.land('raw.b', `${events(2, 1, 0)} union all ${events(3, 1, 4)}`);
  await world.publish('p_load');
  await replaced(world, 'p_load', load('q_load', BOTH), true);
  const { message, hint = '' } = await refusalOf(world.psyberg.adopt('q_load'));
  expect(message).toContain('nobody who has published to facts.loaded has read raw.b');
  await adoptAsHinted(world, 'q_load', hint);
  await expectWhole(world, 'q_load');
});

const stateless = (source: Source, start: object = {}, name = 'p_load', target: object = {}) =>
  processFile(
    {
      process_name: name,
      pattern: 'stateless',
      sources: [{ table: `raw.${source}`, event_time: 'ts', alias: 'e', ...start }],
      target: { table: 'facts.loaded', event_time: 'ts', ...target },
    },
    'select id, ts from e',
  );

it('is loaded beside what is there by a stateless process, where nobody has read it', async () => {
  const world = await worldForTest({ processes: [stateless('a')] });
  for (const table of BOTH) await world.create(`raw.${table}`, 'id bigint, ts timestamptz');
  await world.land('raw.a', events(1, 1, 0));
  await world.land('raw.b', events(2, 1, 0));
  await world.publish('p_load');
  await replaced(world, 'p_load', stateless('b', {}, 'q_load'), true);
  const { hint } = await refusalOf(world.psyberg.adopt('q_load'));
  expect(hint).toContain('existing_rows: keep');
  await replaced(world, 'q_load', stateless('b', {}, 'q_load', { existing_rows: 'keep' }));
  await world.publish('q_load');
  expect(await world.rows('select id from facts.loaded')).toEqual(['["1"]', '["2"]']);
});

it('is not appended once more by a stateless process that names it again', async () => {
  const world = await worldForTest({ processes: [stateless('a')] });
  for (const table of BOTH) await world.create(`raw.${table}`, 'id bigint, ts timestamptz');
  await world.land('raw.a', events(1, 1, 0));
  await world.land('raw.b', events(2, 1, 0));
  await world.publish('p_load');
  const [place] = await snapshotIds(world, 'raw.a');
  await replaced(world, 'p_load', stateless('b'));
  await world.publish('p_load');
  await world.land('raw.a', events(3, 1, 0));
  await replaced(world, 'p_load', stateless('a'));
  const [refused] = await world.run();
  expect(refused).toMatchObject({ status: 'refused', error: { code: 'source-read-before' } });
  expect(refused?.error?.hint).toContain(`start: '${place}'`);
  await replaced(world, 'p_load', stateless('a', { start: String(place) }));
  await expectWhole(world, 'p_load');
});
