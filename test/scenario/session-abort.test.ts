// Goal: a branch that somebody kept, or that waits for its next step, is seen and can be dropped; nothing else
// can. Method: sessions of a run and of single steps, and markers of processes that live.
import { mkdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ProcessSpec } from '../../src/model/process-spec.ts';
import { abortSession } from '../../src/run/drivers/abort.ts';
import { events } from '../support/event-tables.ts';
import { orphans } from '../support/orphans.ts';
import { runSessionStep } from '../support/session-step.ts';
import { processFile, type World, worldForTest } from '../support/world.ts';

const load = processFile(
  {
    process_name: 'load',
    pattern: 'stateless',
    sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
    target: { table: 'facts.t' },
    audits: [{ unique: { columns: ['id'] } }],
  },
  'select id, ts from e',
);
const spec = (world: World): ProcessSpec => world.psyberg.project.processes[0] as ProcessSpec;
const abort = async (world: World, psybergSessionId: string) =>
  abortSession({ ports: await world.psyberg.internals.ports(), spec: spec(world), psybergSessionId });
const branches = async (world: World) => (await world.psyberg.status([]))[0]?.branches;

it('kept and stepwise sessions are shown and dropped whole; published, running and unknown ones are not', {
  timeout: 60_000,
}, async () => {
  const world = await worldForTest({ processes: [load] });
  await world.create('raw.events', 'id bigint, ts timestamptz');
  await world.land('raw.events', events(0, 5, 0));
  const published = await world.publish('load');
  await world.land('raw.events', `${events(5, 5, 1)} union all ${events(5, 1, 1)}`);

  const [kept] = await world.run(undefined, { keepBranch: true });
  const id = kept?.psyberg_session_id as string;
  expect(kept?.error?.hint).toContain(`psyberg sql --branch ${kept?.branch} "select * from facts.t"`);
  expect(kept?.error?.hint).toContain(`psyberg session abort --process_name=load --psyberg_session_id=${id}`);
  expect(await branches(world)).toEqual([{ branch: kept?.branch, psyberg_session_id: id, state: 'kept' }]);
  expect(await abort(world, id)).toEqual({
    process_name: 'load',
    psyberg_session_id: id,
    target: 'facts.t',
    branch: kept?.branch,
    dropped_branch: true,
  });
  expect([await branches(world), await world.leftovers(), await orphans(world)]).toEqual([[], [], []]);
  expect(await abort(world, id)).toMatchObject({ dropped_branch: false });

  const stepwise = '20990101000001';
  for (const step of ['init', 'load'] as const)
    await runSessionStep(world.psyberg, spec(world), step, stepwise);
  expect(await branches(world)).toMatchObject([{ psyberg_session_id: stepwise, state: 'waiting' }]);
  await abort(world, stepwise);
  expect([await world.leftovers(), await orphans(world)]).toEqual([[], []]);
  await expect(runSessionStep(world.psyberg, spec(world), 'audit', stepwise)).rejects.toMatchObject({
    code: 'step-out-of-order',
    message: expect.stringContaining("is 'aborted'"),
  });
  expect(
    await world.rows(`select status from psyberg.psyberg_session_f where psyberg_session_id = '${stepwise}'`),
  ).toEqual(['["aborted"]']);

  await expect(abort(world, published.psyberg_session_id)).rejects.toMatchObject({
    code: 'session-published',
    kind: 'refused',
  });
  await expect(abort(world, '20200101000000')).rejects.toMatchObject({
    code: 'session-unknown',
    kind: 'usage',
  });
  const running = '20990101000002';
  const folder = join(world.psyberg.internals.sessionsDirectory, `psyberg_load_${running}`);
  mkdirSync(folder, { recursive: true });
  const marker = { host: hostname(), started_at: new Date().toISOString(), stepwise: false };
  writeFileSync(join(folder, 'session.json'), JSON.stringify({ ...marker, pid: process.ppid }));
  await expect(abort(world, running)).rejects.toMatchObject({ code: 'session-running', kind: 'conflict' });
  // That process is gone: nothing was left but its folder.
  writeFileSync(join(folder, 'session.json'), JSON.stringify({ ...marker, pid: 4_194_303 }));
  expect(await abort(world, running)).toMatchObject({ dropped_branch: false });
  expect(await world.leftovers()).toEqual([]);
});
