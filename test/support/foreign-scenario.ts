/**
 * One story over any catalog: three patterns, late data, a failed audit, a session step by step. World ->
 * what must hold afterwards.
 */
import { expect } from 'vitest';
import type { StepRequest } from '../../src/run/drivers/step-records.ts';
import { auditStep, commitStep, initSession, loadStep, publishStep } from '../../src/run/drivers/stepwise.ts';
import { hourAt, hourNumbers, type ProcessFile, processFile, type World } from './world.ts';

export const FOREIGN_PROCESSES: readonly ProcessFile[] = [
  processFile(
    {
      process_name: 'event_load',
      pattern: 'stateless',
      sources: [{ table: 'raw.events', event_time: 'ts' }],
      target: { table: 'facts.event_fact', event_time: 'ts', partition_by: ['hour(ts)'] },
      audits: ['source_to_target_count'],
    },
    'select id, entity, ts from events',
  ),
  processFile(
    {
      process_name: 'count_load',
      pattern: 'stateful',
      sources: [{ table: 'facts.event_fact', event_time: 'ts', vtts: { from: 'signal' } }],
      target: { table: 'facts.count_fact', event_time: 'hour_ts', partition_by: ['hour(hour_ts)'] },
      audits: [{ unique: { columns: ['hour_ts', 'entity'] } }, { sql: 'audits/no_thirteen.sql' }],
    },
    "select date_trunc('hour', ts) as hour_ts, entity, count(*) as events from event_fact group by all",
  ),
  processFile(
    {
      process_name: 'state_load',
      pattern: 'dimension',
      sources: [{ table: 'facts.count_fact', event_time: 'hour_ts' }],
      target: { table: 'dims.entity_state', event_time: 'state_hour', partition_by: ['hour(state_hour)'] },
    },
    `select $range_start::timestamptz as state_hour, entity, sum(events)::bigint as events from (
       select entity, events from previous union all select entity, events from count_fact
     ) group by all`,
  ),
];
export const FOREIGN_FILES: Readonly<Record<string, string>> = {
  'audits/no_thirteen.sql': 'select * from staged where entity = 13',
};

const events = (hour: number, ids: string, entity = 'i % 5'): string =>
  `select i as id, ${entity} as entity, timestamptz '${hourAt(hour)}' + to_seconds(i % 3600) as ts from range(${ids}) as t(i)`;

/** Every target equals what one query over the raw table says. */
export async function expectRecomputed(world: World): Promise<void> {
  expect(await world.rows('select id, entity, ts from facts.event_fact')).toEqual(
    await world.rows('select id, entity, ts from raw.events'),
  );
  const counts =
    "select date_trunc('hour', ts) as hour_ts, entity, count(*) as events from raw.events group by all";
  expect(await world.rows('select hour_ts, entity, events from facts.count_fact')).toEqual(
    await world.rows(counts),
  );
  expect(await world.rows('select state_hour, entity, events from dims.entity_state')).toEqual(
    await world.rows(
      `with hours as (select unnest(generate_series((select min(date_trunc('hour', ts)) from raw.events), (select max(date_trunc('hour', ts)) from raw.events), interval 1 hour)) as state_hour)
       select state_hour, entity, count(*) as events from hours join raw.events on date_trunc('hour', ts) <= state_hour group by all`,
    ),
  );
}

/** The state tables say what the targets' histories say. */
export async function expectIndexed(world: World): Promise<void> {
  for (const [process, target] of [
    ['event_load', 'facts.event_fact'],
    ['count_load', 'facts.count_fact'],
    ['state_load', 'dims.entity_state'],
  ] as const) {
    const published = (await world.history(target)).map(
      (snapshot) => snapshot.summary?.['psyberg.session-id'],
    );
    const recorded = await world.sql(
      `select distinct psyberg_session_id from psyberg.psyberg_session_f where process_name = '${process}' and status = 'published' order by 1`,
    );
    expect(
      recorded.map((row) => row['psyberg_session_id']),
      process,
    ).toEqual([...published].sort());
    const [watermark] = await world.sql(
      `select psyberg_session_id from psyberg.high_water_mark_table where process_name = '${process}'`,
    );
    expect(watermark?.['psyberg_session_id'], process).toBe(published.at(-1));
  }
}

/** Plays the story. */
export async function playForeignScenario(world: World): Promise<void> {
  await world.create('raw.events', 'id bigint, entity bigint, ts timestamptz', { partitionedBy: 'day(ts)' });
  for (const hour of [0, 1, 2]) await world.land('raw.events', events(hour, '0, 50'));
  expect((await world.plan('event_load')).status).toBe('work');
  expect((await world.run()).map((record) => [record.status, record.error])).toEqual(
    Array(3).fill(['published', null]),
  );
  await expectRecomputed(world);
  await expectIndexed(world);

  // Late by two hours, and new ones.
  await world.land('raw.events', events(1, '50, 60'));
  await world.land('raw.events', events(3, '0, 20'));
  const second = await world.run();
  expect(second.map((record) => record.status)).toEqual(Array(3).fill('published'));
  expect(hourNumbers([second[1]?.range?.first_hour ?? '', second[1]?.range?.last_hour ?? ''])).toEqual([
    1, 3,
  ]);
  await expectRecomputed(world);
  expect((await world.run()).map((record) => record.status)).toEqual(Array(3).fill('nothing-new'));

  // An audit that fails publishes nothing, and leaves nothing.
  await world.land('raw.events', events(2, '100, 101', '13'));
  const before = (await world.metadata('facts.count_fact'))['current-snapshot-id'];
  expect((await world.run()).map((record) => record.status)).toEqual(['published', 'audit-failed', 'failed']);
  expect((await world.metadata('facts.count_fact'))['current-snapshot-id']).toBe(before);
  expect(await world.leftovers()).toEqual([]);
  world.write('audits/no_thirteen.sql', 'select * from staged where entity = 14');
  await world.reopen();

  await playSteps(world, 'count_load', '20990101000000');
  expect((await world.run(['state_load'])).map((record) => [record.status, record.error])).toEqual([
    ['published', null],
  ]);
  await expectRecomputed(world);
  await expectIndexed(world);
  expect(await world.leftovers()).toEqual([]);
}

/**
 * init, load, audit, publish, commit: each with the project opened anew, as an orchestrator's tasks would.
 */
export async function playSteps(world: World, processName: string, psybergSessionId: string): Promise<void> {
  const step = async <T>(work: (request: StepRequest) => Promise<T>): Promise<T> => {
    await world.reopen();
    const spec = world.psyberg.project.processes.find((each) => each.processName === processName);
    if (spec === undefined) throw new Error(`no process ${processName}`);
    return work({ ports: await world.psyberg.internals.ports(), spec, psybergSessionId });
  };
  expect(
    (
      await step((request) =>
        initSession(request, () => world.psyberg.internals.planProcess(request.spec, { psybergSessionId })),
      )
    ).status,
  ).toBe('initialized');
  expect((await step(loadStep)).status).toBe('loaded');
  expect((await step((request) => auditStep(request))).status).toBe('audited');
  expect((await step(publishStep)).status).toBe('published');
  expect((await step(commitStep)).record.status).toBe('published');
}
