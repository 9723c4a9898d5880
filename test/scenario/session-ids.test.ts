// Goal: no two sessions of a process share an id, whatever commands begin them in one second, and whatever became of
// the first. Method: a clock that stands; each command opens the project anew, as a process of its own would.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { open, type Psyberg } from '../../src/index.ts';
import { writeMarker } from '../../src/markers/session-marker.ts';
import { unrecordedSessionId } from '../../src/session/unused-session-id.ts';
import { events, snapshotIds } from '../support/event-tables.ts';
import { processFile, worldForTest } from '../support/world.ts';

const process_name = 'load';
const load = processFile(
  {
    process_name,
    pattern: 'stateless',
    sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
    target: { table: 'facts.t' },
    audits: [{ row_count: { max: 5 } }],
  },
  'select id, ts from e',
);

it('each has an id of its own, refused or not, planned before or not, also after the process was retired', {
  timeout: 60_000,
}, async () => {
  const world = await worldForTest({ processes: [load] });
  const now = Date.parse('2023-09-14T06:00:00.250Z');
  const command = async <T>(work: (psyberg: Psyberg) => Promise<T>): Promise<T> => {
    const psyberg = await open({ project: world.root, now: () => now });
    return work(psyberg).finally(() => psyberg.close());
  };
  const run = (): Promise<string | undefined> => command(async (psyberg) => (await psyberg.run())[0]?.status);
  const recorded = (): Promise<string[]> =>
    world.rows(
      `select psyberg_session_id[-2:], status from psyberg.psyberg_session_f order by created_at, 1`,
    );
  await world.create('raw.events', 'id bigint, ts timestamptz');
  await world.land('raw.events', events(0, 5, 0));
  await world.sql(
    `create schema if not exists facts; create table facts.t with ('format-version' = '2') as from raw.events`,
  );

  expect([await run(), await run()]).toEqual(['refused', 'refused']);
  await command((psyberg) => psyberg.adopt(process_name));
  await world.land('raw.events', events(5, 6, 1));
  const plans = await command((psyberg) => psyberg.plan());
  expect([await run(), await run()]).toEqual(['audit-failed', 'audit-failed']);
  const planned = await command((psyberg) => psyberg.run([], { plans }));
  expect(planned).toMatchObject([{ status: 'audit-failed', psyberg_session_id: '20230914060005' }]);
  const { plan } = await command((psyberg) => psyberg.session.init({ processName: process_name }));
  expect(plan.psyberg_session_id).toBe('20230914060006');
  const before = [
    '["00","refused"]',
    '["01","refused"]',
    '["02","adopted"]',
    '["03","audit-failed"]',
    '["04","audit-failed"]',
    '["05","audit-failed"]',
    '["06","initialized"]',
  ];
  expect(await recorded()).toEqual(before);

  await command((psyberg) =>
    psyberg.session.abort({ processName: process_name, psybergSessionId: plan.psyberg_session_id }),
  );
  await command((psyberg) => psyberg.retire(process_name));
  // Of the events that it has not loaded somebody has to say that they are left out.
  const left = new Map([['', { kind: 'now' } as const]]);
  const { record } = await command((psyberg) => psyberg.adopt(process_name, left));
  expect(record.psyberg_session_id).toBe('20230914060007');
  expect(await run()).toBe('nothing-new');
});

it('none is that of a session that runs, of which its folder tells before any row does', async () => {
  const world = await worldForTest({ processes: [load] });
  await world.create('raw.events', 'id bigint, ts timestamptz');
  await world.land('raw.events', events(0, 5, 0));
  await world.sql(
    `create schema if not exists facts; create table facts.t with ('format-version' = '2') as from raw.events`,
  );
  world.nowMs = Date.parse('2023-09-14T06:00:00.250Z');
  const { client, sessionsDirectory } = world.psyberg.internals;
  const folderOf = (id: string) => join(sessionsDirectory, `psyberg_load_${id}`);
  mkdirSync(sessionsDirectory, { recursive: true });
  writeMarker(folderOf('20230914060000'), false);
  expect(await world.run()).toMatchObject([{ status: 'refused' }]);
  expect(await world.rows('select psyberg_session_id from psyberg.psyberg_session_f')).toEqual([
    '["20230914060001"]',
  ]);

  // The folder of a plan's own id may be the plan's.
  const [spec] = world.psyberg.internals.project.processes;
  const room = { client, sessionsDirectory, project: world.psyberg.internals.project };
  const idFor = (id: string) => unrecordedSessionId(room, spec as NonNullable<typeof spec>, id);
  writeMarker(folderOf('20230914060002'), false);
  expect([await idFor('20230914060000'), await idFor('20230914060001')]).toEqual([
    '20230914060000',
    '20230914060003',
  ]);
});

it('a plan that was refused in the second it was made in keeps its id, since it may still run', async () => {
  const world = await worldForTest({ processes: [load] });
  world.nowMs = Date.parse('2023-09-14T06:00:00.250Z');
  await world.create('raw.events', 'id bigint, ts timestamptz');
  await world.land('raw.events', events(0, 5, 0));
  const [head] = await snapshotIds(world);
  const plans = await world.psyberg.plan();
  await world.land('raw.events', events(5, 5, 0));

  expect(await world.run([], { plans })).toMatchObject([{ error: { code: 'plan-stale' } }]);
  expect(await world.rows('select psyberg_session_id from psyberg.psyberg_session_f')).toEqual([
    '["20230914060001"]',
  ]);
  await world.rollback('raw.events', head as bigint);
  expect(await world.run([], { plans })).toMatchObject([
    { status: 'published', psyberg_session_id: '20230914060000' },
  ]);
});
