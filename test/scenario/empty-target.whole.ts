// Goal: two writers that both find nothing to replace never both add their rows: neither to an empty target,
// nor to an hour that nobody has written to. Method: sessions in operating-system processes of their own,
// both loaded before either publishes; and another writer's first rows in the middle of a session's.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { orphans } from '../support/orphans.ts';
import type { SessionStep } from '../support/session-step.ts';
import { spawnSessions } from '../support/spawn.ts';
import { hourAt, processFile, type World, worldForTest } from '../support/world.ts';

const event = (id: number, hour: number): string =>
  `select ${id}::bigint as id, timestamptz '${hourAt(hour)}' as ts`;
const EVENTS = 'id bigint, ts timestamptz';
const TARGET = { table: 'facts.t', event_time: 'ts', partition_by: ['hour(ts)'] };
/** Whoever is to write beside others says so. */
const SHARED = { target: { ...TARGET, existing_rows: 'keep' } };

const processOf = (name: string, header: object = {}, sql = 'select id, ts from e') =>
  processFile(
    {
      process_name: name,
      pattern: 'stateful',
      sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
      target: TARGET,
      ...header,
    },
    sql,
  );

/**
 * The same process under another name, in a project of its own over the same warehouse: a second scheduler
 * that somebody forgot.
 */
function writeSecondProject(world: World): string {
  const { header, sql } = processOf('second_load', SHARED);
  world.write('second/psyberg.yaml', `name: second\ncatalog:\n  warehouse: ${world.warehouse}\n`);
  world.write('second/processes/second_load.sql', `/*---\n${JSON.stringify(header)}\n---*/\n${sql}\n`);
  return join(world.root, 'second');
}

const inSource = (world: World): Promise<string[]> => world.rows('select id, ts from raw.events');
const inTarget = (world: World): Promise<string[]> => world.rows('select id, ts from facts.t');

describe('two sessions in processes of their own, both loaded before either publishes', () => {
  const UP_TO_AUDIT: readonly SessionStep[] = ['init', 'load', 'audit'];

  it.for([
    // A target that exists without a snapshot, and one with other hours than the sessions'.
    ['second_load', 'an empty target', 'target-moved'],
    ['second_load', 'an empty hour', 'target-moved'],
    ['first_load', 'an empty target', 'session-overtaken'],
    ['first_load', 'an empty hour', 'session-overtaken'],
  ] as const)(
    'first_load and %s on %s: the second is refused (%s), and its next one leaves every row once',
    { timeout: 240_000 },
    async ([second, place, code]) => {
      const world = await worldForTest({ processes: [processOf('first_load')] });
      const project = second === 'second_load' ? writeSecondProject(world) : world.root;
      const steps = (of: 'first' | 'second', names: readonly SessionStep[]) =>
        of === 'first'
          ? spawnSessions(world.root, {
              processes: ['first_load'],
              steps: { names, psybergSessionId: '20990101000001' },
            })
          : spawnSessions(project, {
              processes: [second],
              steps: { names, psybergSessionId: '20990101000002' },
            });
      await world.create('raw.events', EVENTS, { partitionedBy: 'hour(ts)' });
      await world.create('facts.t', EVENTS, { partitionedBy: 'hour(ts)' });
      if (place === 'an empty hour') {
        await world.land('raw.events', event(1, 1));
        await spawnSessions(world.root);
        if (second === 'second_load') await spawnSessions(project);
      }
      await world.land('raw.events', event(5, 5));
      await steps('first', UP_TO_AUDIT);
      await steps('second', UP_TO_AUDIT);
      expect((await steps('first', ['publish'])).records).toMatchObject([{ status: 'published' }]);
      await expect(steps('second', ['publish'])).rejects.toThrow(new RegExp(`code: '${code}'`));
      expect(await inTarget(world)).toEqual(await inSource(world));
      const { records } = await spawnSessions(project, { processes: [second] });
      expect(records).toMatchObject([
        { status: second === 'second_load' ? 'published' : 'nothing-new', error: null },
      ]);
      expect(await inTarget(world)).toEqual(await inSource(world));
      expect(await world.leftovers()).toEqual([]);
      expect(await orphans(world)).toEqual([]);
    },
  );

  it('and publish at the same time: one of them does, the other is refused', {
    timeout: 240_000,
  }, async () => {
    const world = await worldForTest({ processes: [processOf('first_load')] });
    const project = writeSecondProject(world);
    await world.create('raw.events', EVENTS, { partitionedBy: 'hour(ts)' });
    await world.create('facts.t', EVENTS, { partitionedBy: 'hour(ts)' });
    await world.land('raw.events', event(5, 5));
    const step = (name: string, names: readonly SessionStep[]) =>
      spawnSessions(name === 'first_load' ? world.root : project, {
        processes: [name],
        steps: { names, psybergSessionId: '20990101000001' },
      });
    for (const name of ['first_load', 'second_load']) await step(name, UP_TO_AUDIT);
    const outcomes = await Promise.allSettled(
      ['first_load', 'second_load'].map((name) => step(name, ['publish'])),
    );
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { message: expect.stringContaining("code: 'target-moved'") },
    });
    expect(await inTarget(world)).toEqual(await inSource(world));
    expect(await world.leftovers()).toEqual([]);
  });
});

describe('the first rows of an empty target, while a session loads its own', () => {
  // DuckDB's extension once put its snapshot in the place of another's, where the table had been empty.
  // Nested columns are inserted through it.
  const NESTED = 'select id, ts, {n: id} as nested from e';
  it.for([
    ['stateless', 'select id, ts from e', EVENTS, false],
    ['stateless', NESTED, `${EVENTS}, nested struct(n bigint)`, false],
    ['stateful', 'select id, ts from e', EVENTS, true],
    ['stateful', NESTED, `${EVENTS}, nested struct(n bigint)`, true],
  ] as const)('%s, %s: none are overwritten', async ([pattern, sql, columns, again]) => {
    const world = await worldForTest({ processes: [processOf('load', { pattern, ...SHARED }, sql)] });
    await world.create('raw.events', EVENTS);
    await world.create('facts.t', columns, { partitionedBy: 'hour(ts)' });
    await world.land('raw.events', event(1, 1));
    const steps: string[] = [];
    let landing: Promise<void> | undefined;
    // Whoever overtakes it takes the sequence number that DuckDB has chosen: a client tries again then.
    const landOther = (): Promise<void> =>
      world.land('facts.t', `by name ${event(100, 9)}`).catch((error: Error) => {
        if (!error.message.includes('CommitFailedException')) throw error;
        return landOther();
      });
    await world.reopen({
      onStep(message) {
        steps.push(message);
        if (message.includes('load insert')) landing ??= landOther();
      },
    });
    const { client } = world.psyberg.internals;
    const commit = client.commitTransaction.bind(client);
    client.commitTransaction = async (changes) => {
      await landing;
      return commit(changes);
    };
    await world.publish('load');
    expect(steps.some((step) => step.includes('planning again'))).toBe(again);
    expect(await world.rows('select id from facts.t')).toEqual(['["1"]', '["100"]']);
    expect(await world.history('facts.t')).toHaveLength(2);
    expect(await world.leftovers()).toEqual([]);
  });
});
