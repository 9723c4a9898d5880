// Goal: a killed session leaves nothing behind that the next one does not put right. Method: SIGKILL to a child process at each step and at random moments; its
// target is compared with that of an undisturbed twin over the same source.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PsybergError } from '../../src/index.ts';
import { createWorld, hourAt, processFile, type World, worldForTest } from '../support/world.ts';
import { spawnSessions } from '../support/spawn.ts';

const EVENTS = 'id bigint, ts timestamptz';
const events = (first: number, count: number, hour: number): string =>
  `select i as id, timestamptz '${hourAt(hour)}' + to_seconds(i % 3600) as ts from range(${first}, ${first + count}) t(i)`;

const PATTERNS = {
  stateless: { pattern: 'stateless', sql: 'select id, ts from e' },
  stateful: { pattern: 'stateful', sql: 'select id, ts, count(*) over () as n from e where id >= 0' },
} as const;
const processOf = (name: string, pattern: keyof typeof PATTERNS) =>
  processFile(
    {
      process_name: name,
      pattern,
      sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
      // Unpartitioned: an overwrite has files that straddle, so every step has something to do.
      target: { table: `facts.${name}`, event_time: 'ts' },
      audits: ['source_to_target_count', { unique: { columns: ['id'] } }],
    },
    PATTERNS[pattern].sql,
  );

describe.each(['stateless', 'stateful'] as const)('a %s session', (pattern) => {
  let world: World;
  let landed = 0;
  const land = async (): Promise<void> => {
    landed += 1;
    await world.land('raw.events', `${events(landed * 100, 20, landed % 3)} union all ${events(landed * 100 + 50, 20, (landed % 3) + 1)}`);
  };
  const expectClean = async (): Promise<void> => {
    await world.publish('twin');
    expect((await world.run(['victim']))[0]?.error ?? null).toBeNull();
    expect(await world.rows('select * from facts.victim')).toEqual(await world.rows('select * from facts.twin'));
    expect(await world.leftovers()).toEqual([]);
    expect(await world.rows('select process_name, count(*) from psyberg.high_water_mark_table group by 1')).toEqual(['["twin","1"]', '["victim","1"]']);
  };

  beforeAll(async () => {
    world = await createWorld({ processes: [processOf('victim', pattern), processOf('twin', pattern)] });
    await world.create('raw.events', EVENTS, { partitionedBy: 'hour(ts)' });
  });
  afterAll(() => world.close());

  it('killed at each step of its first run, of its second, and on and on, ends as its twin', { timeout: 240_000 }, async () => {
    await land();
    // Without a target: every step of a first run, each attempt on what the ones before left behind.
    for (let step = 1; ; step += pattern === 'stateful' ? 1 : 3) {
      const attempt = await spawnSessions(world.root, { processes: ['victim'], killAtStep: step });
      if (!attempt.killed) break;
      expect(step).toBeLessThan(24);
    }
    await expectClean();
    for (let step = 3; ; step += 4) {
      await land();
      const attempt = await spawnSessions(world.root, { processes: ['victim'], killAtStep: step });
      await expectClean();
      if (!attempt.killed) break;
    }
  });

  it('killed at random moments ends as its twin', { timeout: 240_000 }, async () => {
    const rounds = Number(process.env['PSYBERG_CRASH_ROUNDS'] ?? 2);
    for (let round = 0; round < rounds; round += 1) {
      await land();
      await spawnSessions(world.root, { processes: ['victim'], onReady: (child) => void setTimeout(() => child.kill('SIGKILL'), Math.random() * 500) });
      await expectClean();
    }
  });
});

describe('an interrupted session', () => {
  it('cleans up, publishes nothing, and the next one does its work', async () => {
    const slow = processFile(
      { process_name: 'slow_load', pattern: 'stateless', sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }], target: { table: 'facts.slow', event_time: 'ts' } },
      'select a.id, a.ts from e a where (select count(*) from range(60000) x, range(200000) y where (x.range * y.range) % 7 = a.id) >= 0',
    );
    const world = await worldForTest({ processes: [slow] });
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', events(0, 10, 0));
    let records: Awaited<ReturnType<World['run']>> = [];
    await world.reopen({
      onStep(message) {
        if (message.includes('load insert')) setTimeout(() => world.psyberg.interrupt(), 100);
      },
    });
    records = await world.run();
    expect(records[0]).toMatchObject({ status: 'failed', published_snapshot_id: null, error: { code: 'interrupted', retryable: true } });
    expect(await world.leftovers()).toEqual([]);
    expect(await world.psyberg.internals.client.tableExists({ namespace: ['facts'], name: 'slow' })).toBe(false);
    world.writeProcess({ ...slow, sql: 'select id, ts from e' });
    await world.reopen();
    await world.publish('slow_load');
    expect(await world.rows('from facts.slow')).toEqual(await world.rows('from raw.events'));
  });
});

describe('a lost answer', () => {
  it('to a commit that was made is not published twice', async () => {
    const world = await worldForTest({ processes: [processOf('victim', 'stateless')] });
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', events(0, 10, 0));
    await world.publish('victim');
    await world.land('raw.events', events(100, 10, 0));
    const { client } = world.psyberg.internals;
    const commit = client.commitTransaction.bind(client);
    let lost = 0;
    client.commitTransaction = async (changes) => {
      await commit(changes);
      lost += 1;
      if (lost === 1) throw new PsybergError('catalog-unreachable', 'the connection was reset');
    };
    await world.publish('victim');
    expect(lost).toBe(1);
    expect(await world.rows('from facts.victim')).toEqual(await world.rows('from raw.events'));
    expect((await world.run())[0]?.status).toBe('nothing-new');
    expect(await world.leftovers()).toEqual([]);
    expect(await world.rows("select count(*) from psyberg.psyberg_session_f where status = 'published'")).toEqual(['["2"]']);
  });
});
