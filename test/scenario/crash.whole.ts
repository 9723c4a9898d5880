// Goal: a killed session leaves nothing behind that the next one does not put right. Method: SIGKILL to a
// child process at each step and at random moments; its target is compared with that of an undisturbed twin
// over the same source.
import { randomUUID } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sessionIdOf } from '../../src/model/hour.ts';
import { orphans } from '../support/orphans.ts';
import { runSessionStep, SESSION_STEPS, type SessionStep } from '../support/session-step.ts';
import { spawnSessions } from '../support/spawn.ts';
import { expectTwins } from '../support/twins.ts';
import {
  createWorld,
  hourAt,
  processFile,
  storeOfAllWorlds,
  type World,
  worldForTest,
} from '../support/world.ts';

const isInStore = storeOfAllWorlds() !== undefined;
const EVENTS = 'id bigint, ts timestamptz';
const events = (first: number, count: number, hour: number): string =>
  `select i as id, timestamptz '${hourAt(hour)}' + to_seconds(i % 3600) as ts from range(${first}, ${first + count}) t(i)`;

const PATTERNS = {
  // Unpartitioned: an overwrite has files that straddle, so every step has something to do.
  stateless: { sql: 'select id, ts from e', partition_by: ['hour(ts)'] },
  stateful: {
    sql: "select id, ts, count(*) over (partition by date_trunc('hour', ts)) as n from e where id >= 0",
    partition_by: [],
  },
  dimension: { sql: 'select id, ts, (select count(*) from previous) as n from e', partition_by: ['day(ts)'] },
} as const;
type Pattern = keyof typeof PATTERNS;
const processOf = (name: string, pattern: Pattern) =>
  processFile(
    {
      process_name: name,
      pattern,
      sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
      target: { table: `facts.${name}`, event_time: 'ts', partition_by: PATTERNS[pattern].partition_by },
      audits: ['source_to_target_count', { unique: { columns: ['id'] } }],
    },
    PATTERNS[pattern].sql,
  );

/** A moment at which a session is killed. `fresh`: its target does not exist. */
interface Kill {
  readonly pattern: Pattern;
  readonly fresh: boolean;
  readonly at:
    | { readonly killAtStep: number }
    | { readonly killAtCommit: { readonly commit: number; readonly after: boolean } }
    | { readonly afterMs: number };
}
const patterns = Object.keys(PATTERNS) as Pattern[];
/** Every step's beginning, and both sides of every commit. */
const BOUNDARIES: readonly Kill[] = patterns.flatMap((pattern) =>
  [true, false].flatMap((fresh) => [
    ...Array.from(
      { length: pattern === 'dimension' ? 16 : 11 },
      (_, step): Kill => ({ pattern, fresh, at: { killAtStep: step + 1 } }),
    ),
    ...Array.from({ length: 5 }, (_, commit) =>
      [false, true].map(
        (after): Kill => ({ pattern, fresh, at: { killAtCommit: { commit: commit + 1, after } } }),
      ),
    ).flat(),
  ]),
);
const random = (): Kill => ({
  pattern: patterns[Math.floor(Math.random() * patterns.length)] as Pattern,
  fresh: Math.random() < 0.3,
  at: { afterMs: Math.random() * Number(process.env['PSYBERG_CRASH_WINDOW_MS'] ?? 600) },
});

/**
 * `npm run soak:crash` sets these; `npm run test:whole` takes a few boundaries, others each day, and two random
 * moments.
 */
const SOAK = process.env['PSYBERG_CRASH_KILLS'] !== undefined;
const KILLS = Number(process.env['PSYBERG_CRASH_KILLS'] ?? 14);
const MINUTES = Number(process.env['PSYBERG_SOAK_MINUTES'] ?? 240);

function* moments(): Generator<Kill> {
  if (SOAK) {
    yield* BOUNDARIES;
    for (;;) yield random();
  }
  const count = Math.max(1, KILLS - 2);
  const first = new Date().getUTCDate();
  for (let index = 0; index < count; index += 1)
    yield BOUNDARIES[(first + Math.floor((index * BOUNDARIES.length) / count)) % BOUNDARIES.length] as Kill;
  yield random();
  yield random();
}

describe('a killed session', () => {
  let world: World;
  let landed = 0;
  const land = async (): Promise<void> => {
    landed += 1;
    await world.land(
      'raw.events',
      `${events(landed * 100, 20, landed % 3)} union all ${events(landed * 100 + 50, 20, (landed % 3) + 1)}`,
    );
  };
  const compare = (pattern: Pattern, what: string): Promise<void> =>
    expectTwins(world, {
      victim: `victim_${pattern}`,
      twin: `twin_${pattern}`,
      columns: pattern === 'stateful' ? 'id, ts' : '*',
      what,
    });
  const forget = async (pattern: Pattern): Promise<void> => {
    for (const name of [`victim_${pattern}`, `twin_${pattern}`])
      await world.psyberg.internals.client.dropTable({ namespace: ['facts'], name }, { purge: true });
  };

  beforeAll(async () => {
    world = await createWorld({
      processes: patterns.flatMap((pattern) => [
        processOf(`victim_${pattern}`, pattern),
        processOf(`twin_${pattern}`, pattern),
      ]),
    });
    await world.create('raw.events', EVENTS, { partitionedBy: 'hour(ts)' });
    // A soak lands more often than a table keeps versions of its metadata: what the table forgets is no
    // orphan of a session.
    await world.commit('raw.events', [
      { action: 'set-properties', updates: { 'write.metadata.delete-after-commit.enabled': 'true' } },
    ]);
  });
  afterAll(() => world.close());

  it('leaves nothing that one run does not put right', { timeout: (MINUTES + 10) * 60_000 }, async () => {
    const endMs = performance.now() + MINUTES * 60_000;
    let kills = 0;
    let attempts = 0;
    for (const kill of moments()) {
      if (performance.now() > endMs || (SOAK && kills >= KILLS)) break;
      attempts += 1;
      const { pattern, fresh, at } = kill;
      if (fresh) await forget(pattern);
      await land();
      const name = `victim_${pattern}`;
      const attempt = await spawnSessions(world.root, {
        processes: [name],
        ...('afterMs' in at
          ? { onReady: (child) => void setTimeout(() => child.kill('SIGKILL'), at.afterMs) }
          : at),
      });
      if (attempt.killed) kills += 1;
      await compare(pattern, JSON.stringify(kill));
    }
    expect(kills).toBeGreaterThan(0);
    if (SOAK) console.log(`${kills} kills in ${attempts} attempts; the others had ended before`);
  });

  it('of an orchestrator is finished by repeating its steps', {
    timeout: (MINUTES + 10) * 60_000,
  }, async () => {
    const endMs = performance.now() + MINUTES * 60_000;
    const points = ['init', 'load', 'audit', 'publish'].flatMap((step) =>
      [false, true].flatMap((after) =>
        [1, 2].map((commit) => ({ step: step as SessionStep, killAtCommit: { commit, after } })),
      ),
    );
    const spec = world.psyberg.project.processes.find((each) => each.processName === 'victim_stateful');
    let second = 0;
    for (const point of SOAK
      ? points
      : points.filter((_, index) => index % 4 === new Date().getUTCDate() % 4)) {
      if (performance.now() > endMs) break;
      await land();
      second += 1;
      const psybergSessionId = sessionIdOf(Date.now() + second * 1000);
      for (const step of SESSION_STEPS) {
        if (step === point.step)
          await spawnSessions(world.root, {
            processes: ['victim_stateful'],
            steps: { names: [step], psybergSessionId },
            killAtCommit: point.killAtCommit,
          });
        await runSessionStep(world.psyberg, spec as NonNullable<typeof spec>, step, psybergSessionId);
      }
      await compare('stateful', JSON.stringify(point));
    }
  });
});

// A store has no half of an object.
describe.skipIf(isInStore)('a session that was killed while it tagged its source', () => {
  it('leaves no half of a metadata file there', { timeout: 60_000 }, async () => {
    const world = await worldForTest({ processes: [processOf('tagging', 'stateless')] });
    await world.create('raw.events', EVENTS);
    await world.land('raw.events', events(0, 10, 0));
    await world.publish('tagging');
    await world.land('raw.events', events(100, 10, 1));
    // Staging, publishing, and then the tag.
    expect(
      (await spawnSessions(world.root, { processes: ['tagging'], killAtCommit: { commit: 3, after: false } }))
        .killed,
    ).toBe(true);
    expect(await world.rows('select count(*) from facts.tagging')).toEqual(['["20"]']);
    const loaded = await world.psyberg.internals.client.loadTable({ namespace: ['raw'], name: 'events' });
    const next = 1 + Number(basename(loaded?.metadataLocation ?? '').split('-')[0]);
    const half = join(
      world.warehouse,
      'raw',
      'events',
      'metadata',
      `.${String(next).padStart(5, '0')}-${randomUUID()}.metadata.json.tmp`,
    );
    writeFileSync(half, '{');
    await world.land('raw.events', events(200, 10, 2));
    await world.publish('tagging');
    expect(existsSync(half)).toBe(false);
    expect(await orphans(world)).toEqual([]);
  });
});

describe('an interrupted session', () => {
  it('cleans up, publishes nothing, and the next one does its work', async () => {
    const slow = processFile(
      {
        process_name: 'slow_load',
        pattern: 'stateless',
        sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
        target: { table: 'facts.slow', event_time: 'ts' },
      },
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
    expect(records[0]).toMatchObject({
      status: 'failed',
      published_snapshot_id: null,
      error: { code: 'interrupted', retryable: true },
    });
    expect(await world.leftovers()).toEqual([]);
    expect(await world.psyberg.internals.client.tableExists({ namespace: ['facts'], name: 'slow' })).toBe(
      false,
    );
    world.writeProcess({ ...slow, sql: 'select id, ts from e' });
    await world.reopen();
    await world.publish('slow_load');
    expect(await world.rows('from facts.slow')).toEqual(await world.rows('from raw.events'));
  });
});
