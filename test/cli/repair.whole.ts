// Goal: what the commands around a repair promise programs: exit codes, one JSON document, lines that a person reads.
// Method: the real command line over processes that feed each other.
import { beforeEach, expect, it } from 'vitest';
import type { CompiledPlan, RunRecord } from '../../src/index.ts';
import { CHAIN, GENERATIONS, generationsWorld, rowLoad } from '../support/generations.ts';
import type { World } from '../support/world.ts';
import { hourAt } from '../support/world.ts';
import { cli, cliJson, startCli } from './fixture.ts';

const RESTATE = ['restate', 'row_load', '--all', '--downstream'] as const;
let world: World;
let at: readonly string[];
beforeEach(async () => {
  world = await generationsWorld();
  at = ['--project', world.root];
});
const generations = async (): Promise<unknown> => {
  await world.reopen();
  return world.rows(GENERATIONS);
};
const until = async (isThere: () => boolean): Promise<void> => {
  while (!isThere()) await new Promise((done) => setTimeout(done, 20));
};

it('a restate lists the hours of each process, publishes all or nothing, and its exit code says which', async () => {
  world.writeProcess(rowLoad(500));
  const { json: planned } = await cliJson(...RESTATE, '--plan', ...at);
  const { plans } = planned as { plans: CompiledPlan[] };
  expect(plans.map(({ process_name: name, status }) => [name, status])).toEqual([
    ['row_load', 'work'],
    ...CHAIN.slice(1).map((name) => [name, 'follows']),
  ]);
  expect(plans[2]?.expected_hours).toHaveLength(24);
  const { stdout } = await cli(...RESTATE, '--plan', ...at);
  expect(stdout).toContain('count_load: facts.counts, 2023-09-14 00h..23h (24 hours at most)');
  expect(stdout).toContain('day_load: facts.days, 2023-09-14 (1 day at most)');

  const failed = await cliJson(...RESTATE, '--atomic', ...at);
  const { runs } = failed.json as { runs: RunRecord[] };
  expect(failed.code).toBe(3);
  expect(runs.map(({ status }) => status)).toEqual(['failed', 'failed', 'audit-failed', 'failed', 'failed']);
  expect(await generations()).toEqual(['[[1]]']);

  world.writeProcess(rowLoad(2));
  const text = await cli(...RESTATE, '--atomic', '--reason', 'wrong before', ...at);
  expect(text.code).toBe(0);
  for (const name of CHAIN) expect(text.stdout).toContain(name);
  expect(await generations()).toEqual(['[[2]]']);
  const usage = await cliJson(...RESTATE, '--atomic', '--keep-branch', ...at);
  expect([usage.code, (usage.json as { error: { code: string } }).error.code]).toEqual([2, 'usage']);
}, 120_000);

it('signals --wait-for ends with 0 when the hour is there, and with 6 when the time is up', async () => {
  const waitFor = (hour: number, ...more: string[]): readonly string[] => [
    'signals',
    'facts.counts',
    '--wait-for',
    hourAt(hour),
    ...more,
    ...at,
  ];
  const there = await cliJson(...waitFor(5));
  expect([there.code, there.json]).toMatchObject([0, { complete: true, complete_to_hour: hourAt(23) }]);
  const late = await cliJson(...waitFor(30, '--timeout', '0s'));
  expect([late.code, late.json]).toMatchObject([6, { complete: false, wait_for: hourAt(30) }]);
  expect((await cli('signals', '--timeout', '1s', ...at)).code).toBe(2);
  expect((await cli(...waitFor(30, '--follow'))).code).toBe(2);

  // It waits for what another process publishes.
  const waiting = startCli([...waitFor(24), '--verbose']);
  await until(() => waiting.stderr().includes('waits for'));
  await world.reopen();
  await world.land('raw.events', `select 900 as id, timestamptz '${hourAt(24)}' as ts`);
  await world.run();
  const { code, stdout } = await waiting.done;
  expect([code, stdout]).toEqual([0, expect.stringContaining('facts.counts')]);
}, 120_000);

it('signals --follow --json prints one object a line, those that come too, until it is ended', async () => {
  const following = startCli(['signals', 'facts.counts', '--follow', '--json', ...at]);
  await until(() => following.stdout().includes('\n'));
  await world.reopen();
  await world.land('raw.events', `select 900 as id, timestamptz '${hourAt(24)}' as ts`);
  await world.run();
  await until(() => following.stdout().includes(hourAt(24)));
  following.child.kill('SIGINT');
  const { code, stdout } = await following.done;
  expect(code).toBe(130);
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(rows.map(({ kind, hour }) => [kind, hour])).toEqual([
    ['complete', hourAt(23)],
    ['complete', hourAt(24)],
  ]);
  expect(rows[0]).toMatchObject({ signal_name: 'facts.counts', process_name: 'count_load' });
}, 120_000);
