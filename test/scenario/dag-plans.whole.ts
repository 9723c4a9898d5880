// Goal: a plan of the whole DAG says before anything runs what a run then does, and a run of that plan does
// no more. Method: a chain over two raw tables, planned, moved on, and run.
import { describe, expect, it } from 'vitest';
import type { CompiledPlan } from '../../src/model/plan.ts';
import type { ExplainedPlan } from '../../src/psyberg.ts';
import { hourAt, hourNumbers, processFile, type World, worldForTest } from '../support/world.ts';

const EVENTS = 'id bigint, ts timestamptz';
const rows = (...hours: number[]): string =>
  `select (random() * 1e9)::bigint as id, ts::timestamptz as ts from (values ${hours
    .map((hour) => `('${hourAt(hour)}')`)
    .join(', ')}) t(ts)`;

const load = (
  name: string,
  pattern: 'stateless' | 'stateful' | 'dimension',
  sources: readonly Record<string, unknown>[],
  sql: string,
) =>
  processFile(
    {
      process_name: `${name}_load`,
      pattern,
      sources: sources.map((source) => ({ event_time: 'ts', ...source })),
      target: { table: `facts.${name}`, event_time: 'ts', partition_by: ['hour(ts)'] },
    },
    sql,
  );

const PROCESSES = [
  load('requests', 'stateless', [{ table: 'raw.requests', alias: 'r' }], 'select id, ts from r'),
  load(
    'cancels',
    'stateful',
    [
      { table: 'raw.cancels', alias: 'c' },
      { table: 'facts.requests', alias: 'q', window: { before: '2h' } },
    ],
    'select id, ts, exists (from q where q.ts <= c.ts and q.ts > c.ts - interval 2 hour) as asked from c',
  ),
  load(
    'counts',
    'dimension',
    [{ table: 'facts.cancels', alias: 'k' }],
    `select coalesce(max(k.ts), $first_hour::timestamptz) as ts, count(*) + coalesce((select max(n) from previous), 0) as n from k`,
  ),
];

async function chain(): Promise<World> {
  const world = await worldForTest({ processes: PROCESSES });
  await world.create('raw.requests', EVENTS, { partitionedBy: 'hour(ts)' });
  await world.create('raw.cancels', EVENTS, { partitionedBy: 'hour(ts)' });
  await world.land('raw.requests', rows(0, 1, 2, 3));
  await world.land('raw.cancels', rows(0, 1, 2, 3));
  return world;
}

const said = (plans: readonly CompiledPlan[]) =>
  Object.fromEntries(
    plans.map((plan) => [
      plan.process_name,
      [plan.status, plan.follows, hourNumbers(plan.expected_hours ?? []), hourNumbers(plan.hours)],
    ]),
  );
const ran = (world: World, plans: readonly CompiledPlan[]) =>
  world.run(undefined, { plans: JSON.parse(JSON.stringify(plans)) as CompiledPlan[] });

describe('a plan of a DAG', { timeout: 120_000 }, () => {
  it('of nothing but raw tables names all that will run, and a run of it loads just that', async () => {
    const world = await chain();
    const plans = await world.psyberg.plan();
    expect(said(plans)).toEqual({
      requests_load: ['work', [], [], [0, 1, 2, 3]],
      cancels_load: ['follows', ['requests_load'], [0, 1, 2, 3], []],
      counts_load: ['follows', ['requests_load'], [0, 1, 2, 3], []],
    });
    const records = await ran(world, plans);
    expect(records.map(({ status, error }) => [status, error])).toEqual(Array(3).fill(['published', null]));
    expect(records.map((record) => record.psyberg_session_id)).toEqual(
      plans.map((plan) => plan.psyberg_session_id),
    );
    const [cancels, requests] = await Promise.all([
      world.rows('select count(*) from facts.cancels'),
      world.rows('select count(*) from facts.requests'),
    ]);
    expect([cancels, requests]).toEqual([['["4"]'], ['["4"]']]);
    // Nothing follows anybody any more.
    expect(said(await world.psyberg.plan())).toMatchObject({ counts_load: ['nothing-new', [], [], []] });
    // The same plan again.
    expect((await ran(world, plans)).map(({ status }) => status)).toEqual(['refused', 'failed', 'failed']);
  });

  it('counts only processes that are planned with it', async () => {
    const world = await chain();
    expect(said(await world.psyberg.plan(['cancels_load', 'counts_load']))).toEqual({
      cancels_load: ['waiting', [], [], []],
      counts_load: ['waiting', [], [], []],
    });
  });

  it('that was made is run whole, the process with work of its own too, or is refused where it would do more', async () => {
    const world = await chain();
    await world.run();
    await world.land('raw.requests', rows(1));
    await world.land('raw.cancels', rows(3));
    const plans = await world.psyberg.plan();
    expect(said(plans)).toEqual({
      requests_load: ['work', [], [], [1]],
      cancels_load: ['work', ['requests_load'], [1, 2, 3], [3]],
      counts_load: ['follows', ['requests_load', 'cancels_load'], [1, 2, 3], []],
    });
    // Rows that nobody knew of: the head of a raw source has moved.
    const { 'current-snapshot-id': before } = await world.metadata('raw.cancels');
    await world.land('raw.cancels', rows(0));
    const stale = await ran(world, plans);
    expect(stale.map(({ status, error }) => [status, error?.code])).toEqual([
      ['published', undefined],
      ['refused', 'plan-stale'],
      ['failed', 'upstream-failed'],
    ]);
    await world.rollback('raw.cancels', before as bigint);

    const again = await world.psyberg.plan();
    expect(said(again)).toMatchObject({ cancels_load: ['work', [], [], [1, 2, 3]] });
    expect((await ran(world, again)).map(({ status }) => status)).toEqual([
      'nothing-new',
      'published',
      'published',
    ]);
    expect((await world.run()).map(({ status }) => status)).toEqual(Array(3).fill('nothing-new'));
  });

  it.each([
    { by: ['hour(ts)'], expected: [4], unknown: null },
    // Files that hold other hours as well are written anew.
    { by: ['day(ts)'], expected: [0, 1, 2, 3, 4, 5, 6], unknown: null },
    { by: ['bucket(2, id)'], expected: [4], unknown: expect.stringContaining('may hold other hours, too') },
    { by: [], expected: [4], unknown: expect.stringContaining('up_load writes files of facts.up anew') },
  ])('is run below a target partitioned by $by of which hours are overwritten', async (node) => {
    const up = {
      process_name: 'up_load',
      pattern: 'stateful' as const,
      sources: [{ table: 'raw.e', event_time: 'ts' }],
      target: { table: 'facts.up', event_time: 'ts', partition_by: node.by },
    };
    const down = load('down', 'stateful', [{ table: 'facts.up', alias: 'u' }], 'select id, ts from u');
    const world = await worldForTest({ processes: [processFile(up, 'select id, ts from e'), down] });
    await world.create('raw.e', EVENTS, { partitionedBy: 'hour(ts)' });
    await world.land('raw.e', rows(3, 4, 5, 6, 3, 4, 5, 6));
    await world.run();
    await world.land('raw.e', rows(4));
    const plans = await world.psyberg.plan();
    const [, { expected_hours: hours = [], expected_unknown_because: unknown }] = plans as [
      ExplainedPlan,
      ExplainedPlan,
    ];
    expect([hourNumbers(hours), unknown]).toEqual([node.expected, node.unknown]);
    expect((await ran(world, plans)).map(({ status, error }) => [status, error])).toEqual(
      Array(2).fill(['published', null]),
    );
    expect(await world.rows('select count(*) from facts.down')).toEqual(['["9"]']);
  });

  it('is refused where somebody else wrote between a process and the one below it', async () => {
    const world = await chain();
    await world.run(['requests_load']);
    await world.land('raw.requests', rows(4));
    await world.land('raw.cancels', rows(4));
    const plans = await world.psyberg.plan();
    const told: string[] = [];
    const records = await world.psyberg.run(undefined, {
      plans,
      onRecord: (record) => told.push(record.process_name),
    });
    expect(records.map(({ status }) => status)).toEqual(['published', 'published', 'published']);
    expect(told).toEqual(plans.map((plan) => plan.process_name));
    // The parent alone has run: its table is not where the plan says, and nobody of this run has moved it.
    await world.land('raw.requests', rows(5));
    const later = await world.psyberg.plan();
    await world.run(['requests_load']);
    const child = later.filter((plan) => plan.process_name === 'cancels_load');
    expect(await ran(world, child)).toMatchObject([{ status: 'refused', error: { code: 'plan-stale' } }]);
  });
});
