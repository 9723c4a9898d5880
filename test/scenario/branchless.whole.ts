// Goal: a catalog that has no branches never shows a row that was not published. Method: this project's own
// catalog behind a server that makes each added snapshot current, whatever branch the commit names.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { auditStep, initSession, loadStep } from '../../src/run/drivers/stepwise.ts';
import {
  expectRecomputed,
  FOREIGN_FILES,
  FOREIGN_PROCESSES,
  playSteps,
} from '../support/foreign-scenario.ts';
import { type ForeignManners, startForeignServer } from '../support/foreign-server.ts';
import { hourAt, type World, worldForTest } from '../support/world.ts';

async function branchlessWorld(manners: ForeignManners = {}): Promise<World> {
  const foreign = await startForeignServer({ branchless: true, ...manners });
  onTestFinished(() => foreign.close());
  const world = await worldForTest({
    catalog: { uri: foreign.uri, warehouse: 'w', token: 'a-token' },
    processes: FOREIGN_PROCESSES,
    files: FOREIGN_FILES,
  });
  await world.create('raw.events', 'id bigint, entity bigint, ts timestamptz');
  return world;
}
const land = (world: World, hour: number, ids: string, entity = 'i % 5'): Promise<void> =>
  world.land(
    'raw.events',
    `select i, ${entity}, timestamptz '${hourAt(hour)}' + to_seconds(i % 3600) from range(${ids}) as t(i)`,
  );
const heldIn = (world: World): string[] => {
  const folder = join(world.root, '.psyberg', 'branches');
  return existsSync(folder) ? readdirSync(folder) : [];
};

describe('a catalog without branches', () => {
  it.each([
    ['together', {}],
    ['one by one', { oneTableAtATime: true }],
  ] as const)('that commits tables %s takes three patterns and late rows', async (_how, manners) => {
    const world = await branchlessWorld(manners);
    for (const hour of [0, 1, 2]) await land(world, hour, '0, 50');
    expect((await world.run()).map((record) => [record.status, record.error])).toEqual(
      Array(3).fill(['published', null]),
    );
    await expectRecomputed(world);
    await land(world, 1, '50, 60');
    await land(world, 3, '0, 20');
    expect((await world.run()).map((record) => [record.status, record.error])).toEqual(
      Array(3).fill(['published', null]),
    );
    await expectRecomputed(world);
    expect((await world.run()).map((record) => record.status)).toEqual(Array(3).fill('nothing-new'));
    await land(world, 2, '60, 70');
    await world.run(['event_load']);
    await playSteps(world, 'count_load', '20990101000000');
    expect((await world.run(['state_load'])).map((record) => record.status)).toEqual(['published']);
    await expectRecomputed(world);
    expect(heldIn(world)).toEqual([]);
  });

  it('shows nothing of a session whose audit fails, nor of one that stopped after a step, however often', async () => {
    const world = await branchlessWorld();
    await land(world, 0, '0, 50');
    await world.run();
    const before = await world.rows('from facts.count_fact');
    await land(world, 1, '100, 103', '13');
    for (let times = 0; times < 3; times += 1) {
      expect((await world.run(['event_load', 'count_load'])).map((record) => record.status)).toEqual([
        times === 0 ? 'published' : 'nothing-new',
        'audit-failed',
      ]);
      expect(await world.rows('from facts.count_fact')).toEqual(before);
    }
    expect(heldIn(world)).toEqual([]);
    const request = {
      ports: await world.psyberg.internals.ports(),
      spec: specOf(world, 'count_load'),
      psybergSessionId: '20990101000000',
    };
    await initSession(request, () =>
      world.psyberg.internals.planProcess(request.spec, { psybergSessionId: request.psybergSessionId }),
    );
    await loadStep(request);
    expect(heldIn(world)).toEqual(['psyberg_count_load_20990101000000.json']);
    expect(await world.rows('from facts.count_fact')).toEqual(before);
    await world.reopen();
    const again = { ...request, ports: await world.psyberg.internals.ports() };
    expect((await auditStep(again, { keepBranch: true })).status).toBe('audit-failed');
    expect(await world.rows('from facts.count_fact')).toEqual(before);
    // What was kept can be looked at.
    expect(
      await world.psyberg
        .sql('select count(*) as n from facts.count_fact where entity = 13', {
          branch: 'psyberg_count_load_20990101000000',
        })
        .then((result) => result.toObjects()),
    ).toEqual([{ n: 1n }]);
  });
});

function specOf(world: World, processName: string) {
  const spec = world.psyberg.project.processes.find((each) => each.processName === processName);
  if (spec === undefined) throw new Error(`no process ${processName}`);
  return spec;
}
