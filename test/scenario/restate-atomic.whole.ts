// Goal: with --atomic all targets of a restate are of one SQL, or all of the one before. Method: five processes
// over each other; audits that fail, kills, others who commit meanwhile.
import { describe, expect, it } from 'vitest';
import type { HeldCommits } from '../../src/catalog/index.ts';
import { runTogether } from '../../src/processes/run-together.ts';
import type { Workspace } from '../../src/workspace/open-workspace.ts';
import {
  CHAIN,
  GENERATIONS,
  generationsWorld,
  restateAll,
  rowLoad,
  TARGETS,
} from '../support/generations.ts';
import { open } from '../support/open-project.ts';
import { orphans } from '../support/orphans.ts';
import { corrected } from '../support/restate.ts';
import { spawnSessions } from '../support/spawn.ts';
import { processFile, type World } from '../support/world.ts';

const generations = async (world: World): Promise<unknown> => (await world.rows(GENERATIONS))[0];
const heads = (world: World): Promise<unknown[]> =>
  Promise.all(TARGETS.map(async (table) => (await world.metadata(table))['current-snapshot-id']));

/** Every target is what its SQL gives, nothing is left, and nothing is to do. */
async function expectWhole(world: World): Promise<void> {
  expect(await world.leftovers()).toEqual([]);
  // Those of sessions: what the tests commit by hand leaves lists of its own.
  expect((await orphans(world)).filter((path) => path.includes('psyberg_'))).toEqual([]);
  expect(
    (await world.psyberg.verify(CHAIN)).map(({ missing, extra, error }) => [missing, extra, error]),
  ).toEqual(CHAIN.map(() => ['0', '0', null]));
  expect((await world.run(CHAIN)).map(({ status }) => status)).toEqual(CHAIN.map(() => 'nothing-new'));
}

describe('an atomic restate', () => {
  it('publishes all targets in one commit, as one would do them one by one', async () => {
    const world = await generationsWorld();
    await corrected(world, rowLoad(2));
    const records = await restateAll(world);
    expect(records.map(({ process_name: name, status, error }) => [name, status, error])).toEqual(
      CHAIN.map((name) => [name, 'published', null]),
    );
    expect(await generations(world)).toBe('[[2]]');
    expect((await heads(world)).map(String)).toEqual(records.map((each) => each.published_snapshot_id));
    await expectWhole(world);
    expect((await world.psyberg.history('state_load'))[0]).toMatchObject({
      trigger: 'restate',
      reason: 'another generation',
      status: 'published',
    });
  }, 60_000);

  it('publishes nothing when an audit fails anywhere, and says what failed', async () => {
    const world = await generationsWorld();
    const before = await heads(world);
    await corrected(world, rowLoad(500));
    const records = await restateAll(world);
    expect(records.map(({ status, error }) => [status, error?.code])).toEqual([
      ['failed', 'together-failed'],
      ['failed', 'together-failed'],
      ['audit-failed', 'audit-failed'],
      ['failed', 'together-failed'],
      ['failed', 'together-failed'],
    ]);
    expect(await heads(world)).toEqual(before);
    expect(await generations(world)).toBe('[[1]]');
    expect(await world.leftovers()).toEqual([]);
    expect(await orphans(world)).toEqual([]);
    expect((await world.psyberg.history())[0]).toMatchObject({
      process_name: 'count_load',
      status: 'audit-failed',
      trigger: 'restate',
    });
    expect(await world.rows('select distinct process_name from psyberg.psyberg_audit_failure')).toEqual([
      '["count_load"]',
    ]);
    // What fails in SQL, too; and after it, the same command publishes all.
    await corrected(world, { ...rowLoad(2), sql: "select id, ts, error('no')::int as generation from e" });
    expect((await restateAll(world))[0]).toMatchObject({ process_name: 'row_load', status: 'failed' });
    expect(await heads(world)).toEqual(before);
    await corrected(world, rowLoad(2));
    await restateAll(world);
    expect(await generations(world)).toBe('[[2]]');
    await expectWhole(world);
  }, 120_000);

  it('is begun again by the same command, wherever it was killed', async () => {
    const world = await generationsWorld();
    const restate = { all: true, downstream: true, atomic: true };
    let generation = 1;
    // A step in every third of its way; the last ones are those around the commit.
    for (let killAtStep = 3 + (new Date().getUTCDate() % 7); ; killAtStep += 7) {
      const before = await generations(world);
      generation += 1;
      await corrected(world, rowLoad(generation));
      const { killed } = await spawnSessions(world.root, { processes: ['row_load'], restate, killAtStep });
      expect([before, `[[${generation}]]`]).toContain(await generations(world));
      await restateAll(world);
      expect(await generations(world), String(killAtStep)).toBe(`[[${generation}]]`);
      expect(await world.leftovers()).toEqual([]);
      if (!killed) break;
    }
    await expectWhole(world);
  }, 600_000);
});

/** A workspace in which something happens before the first commits of what is held. */
const disturbed = (workspace: Workspace, before: readonly (() => Promise<unknown>)[]): Workspace => {
  const left = [...before];
  return {
    ...workspace,
    async holding() {
      const holding = await workspace.holding();
      const held: HeldCommits = {
        ...holding.held,
        async commit() {
          await left.shift()?.();
          return holding.held.commit();
        },
      };
      return { ...holding, held };
    },
  };
};

const bystander = processFile(
  {
    process_name: 'bystander_load',
    pattern: 'stateless',
    sources: [{ table: 'raw.others', event_time: 'ts', alias: 'o' }],
    target: { table: 'facts.others', event_time: 'ts' },
  },
  'from o',
);

describe('others who commit meanwhile', () => {
  const request = {
    together: true,
    restate: ({ processName }: { readonly processName: string }) => ({
      hours: processName === 'row_load' ? ({ kind: 'all' } as const) : undefined,
      reason: undefined,
    }),
  };

  it('to the state tables cost their rows, and to a target a new computation', async () => {
    const world = await generationsWorld();
    world.writeProcess(bystander);
    await world.create('raw.others', 'ts timestamptz');
    await corrected(world, rowLoad(2));
    const other = await open({ project: world.root });
    try {
      const steps: string[] = [];
      const workspace: Workspace = { ...world.psyberg.internals, onStep: (step) => steps.push(step) };
      const lands = async (): Promise<void> => {
        await other.sql("insert into raw.others select timestamptz '2023-09-14 05:00:00Z'");
        expect((await other.run(['bystander_load']))[0]?.status).toBe('published');
      };
      const first = await runTogether(disturbed(workspace, [lands, lands]), CHAIN, request);
      expect(first.map(({ error }) => error)).toEqual(CHAIN.map(() => null));
      expect(await generations(world)).toBe('[[2]]');
      const sessions =
        "select process_name, count(*)::int from psyberg.psyberg_session_f where status = 'published' group by all";
      expect(await world.rows(sessions)).toEqual(
        ['["bystander_load",2]', ...[...CHAIN].sort().map((name) => `["${name}",2]`)].sort(),
      );
      await corrected(world, rowLoad(3));
      const compacts = (): Promise<void> =>
        world.changeFiles('facts.days', {
          operation: 'replace',
          remove: (files) => files,
          insert: 'from facts.days',
        });
      const second = await runTogether(disturbed(world.psyberg.internals, [compacts]), CHAIN, request);
      expect(second.map(({ error }) => error)).toEqual(CHAIN.map(() => null));
      expect(await generations(world)).toBe('[[3]]');
      await expectWhole(world);
    } finally {
      await other.close();
    }
  }, 120_000);
});
