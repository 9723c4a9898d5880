// Goal: with windows, too, whatever happens to the sources between sessions, after every session the target equals
// the same SQL over whole tables, for the hours that are complete. Method: random histories of operations on the
// source that drives the rows and the one with a window (before, after, with and without a key), stateful and
// dimension, by hour and by day, compared with plain SQL over the tables. PSYBERG_PROPERTY_RUNS, _MINUTES, _SEED and _REPORT as in
// histories.whole.ts; PSYBERG_PROPERTY_GRAIN=day for days alone.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { applyOperation } from '../support/apply-operation.ts';
import { BeyondDuckdb, isBeyondDuckdb } from '../support/beyond-duckdb.ts';
import { histories } from '../support/histories.ts';
import { anyOperations, landings, type SourceOperation, shapes } from '../support/source-operations.ts';
import { columnsOf, eventTimeSql, type RowIds, type SourceShape } from '../support/source-shape.ts';
import { expectFaultFound, expectVerified } from '../support/verified.ts';
import { createWorld, processFile, type World } from '../support/world.ts';

const { cover, play, timeLimitMs } = histories({ runs: 10, timeLimitMs: (runs) => 60_000 + runs * 15_000 });

type Side = 'driver' | 'wide';
type Step =
  | { readonly kind: 'change'; readonly side: Side; readonly operation: SourceOperation }
  | { readonly kind: 'session' }
  | { readonly kind: 'maintain' };

const side = fc.constantFrom<Side>('driver', 'wide', 'wide');
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('change' as const), side, operation: anyOperations }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('session' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('maintain' as const) }) },
);

const hoursApart = ({ grain }: { readonly grain: 'hour' | 'day' }): number => (grain === 'day' ? 9 : 1);

const history = fc
  .record({
    /** A date is a row of every hour of its day: as what drives the rows it would be another query. */
    driver: shapes.filter(({ eventType }) => eventType !== 'date'),
    wide: shapes,
    pattern: fc.constantFrom('stateful' as const, 'stateful' as const, 'dimension' as const),
    before: fc.integer({ min: 0, max: 3 }),
    after: fc.integer({ min: 0, max: 2 }),
    key: fc.boolean(),
    hours: fc.constantFrom('contiguous', 'touched'),
    grain:
      process.env['PSYBERG_PROPERTY_GRAIN'] === 'day'
        ? fc.constant('day' as const)
        : fc.constantFrom('hour' as const, 'hour' as const, 'day' as const),
    targetPartitioning: fc.constantFrom<readonly string[]>([], ['hour(ts)'], ['region']),
    steps: fc
      .tuple(
        fc.record({
          kind: fc.constant('change' as const),
          side: fc.constant<Side>('driver'),
          operation: landings,
        }),
        fc.record({
          kind: fc.constant('change' as const),
          side: fc.constant<Side>('wide'),
          operation: landings,
        }),
        fc.array(step, { minLength: 6, maxLength: 14 }),
      )
      .map(([first, second, then]): Step[] => [first, second, ...then]),
  })
  .filter(({ before, after }) => before + after > 0)
  // Of days both, and the hours of the rows, are wide enough to reach from one into the next.
  .map((each) => ({
    ...each,
    before: each.before * hoursApart(each),
    after: each.after * hoursApart(each),
  }));
type History = typeof history extends fc.Arbitrary<infer T> ? T : never;

/** The rows of an hour: each row that drives one, with how many rows of its region the window holds. */
const matched = ({ driver, wide, before, after }: History): string => `
  select d.id, d.region, ${eventTimeSql(driver)} as ts, count(w.id) as n
  from (select id, region, ts as ts from driver) as d
  left join (select id, region, ${eventTimeSql(wide)} as wide_ts from wide) as w
    on w.region = d.region
   and date_trunc('hour', w.wide_ts) <= date_trunc('hour', ${eventTimeSql(driver)}) + interval ${after} hour
   and date_trunc('hour', w.wide_ts) + interval ${spanOf(wide)} hour
     >= date_trunc('hour', ${eventTimeSql(driver)}) - interval ${before} hour
  group by all`;

/** Of a dimension a date is its midnight. */
let datesAreDays = true;
const spanOf = ({ eventType }: SourceShape): number => (eventType === 'date' && datesAreDays ? 23 : 0);

const sqlOf = (each: History): string =>
  each.pattern === 'stateful'
    ? matched(each)
    : `select region, $range_start::timestamptz as ts, sum(n)::bigint as n
       from (select region, n from (${matched(each)}) union all by name select region, n from previous)
       group by all`;

/** `limit`: the last hour that is complete, as text. */
const oracleOf = (each: History, limit: string): string => {
  const rows = `with driver as (from raw.driver), wide as (from raw.wide), rows as (${matched(each)})`;
  if (each.pattern === 'stateful')
    return `${rows} select id, region, ts, n from rows where ts < timestamptz '${limit}' + interval 1 hour`;
  return `${rows}, hours as (
      select unnest(generate_series((select date_trunc('${each.grain}', min(ts)) from rows), timestamptz '${limit}', interval 1 ${each.grain})) as ts
    )
    select rows.region, hours.ts, sum(n)::bigint as n
    from hours join rows on rows.ts < hours.ts + interval 1 ${each.grain}
    group by all`;
};

async function compare(world: World, each: History): Promise<void> {
  const plan = await world.plan('joined_load');
  expect(plan.status, JSON.stringify(plan, undefined, 1)).not.toBe('work');
  const limit = plan.target.complete_to_hour;
  const exists = await world.psyberg.internals.client.tableExists({ namespace: ['facts'], name: 'joined' });
  const columns = each.pattern === 'stateful' ? 'id, region, ts, n' : 'region, ts, n';
  if (!exists || limit === null) return;
  expect(await world.rows(`select ${columns} from facts.joined`)).toEqual(
    await world.rows(oracleOf(each, limit)),
  );
}

async function runHistory(each: History): Promise<void> {
  const { before, after, key, pattern, grain, hours, targetPartitioning, steps } = each;
  const [driver, wide] = [each.driver, each.wide].map((shape) => ({
    ...shape,
    hoursApart: hoursApart(each),
  })) as [SourceShape, SourceShape];
  datesAreDays = pattern === 'stateful';
  const source = (name: Side, shape: SourceShape) => ({
    table: `raw.${name}`,
    event_time: 'ts',
    ...(shape.eventType === 'epoch_ms' ? { event_time_unit: 'epoch_ms' } : {}),
  });
  const world = await createWorld({
    processes: [
      processFile(
        {
          process_name: 'joined_load',
          pattern,
          grain,
          ...(pattern === 'stateful' ? { hours } : {}),
          sources: [
            source('driver', driver),
            {
              ...source('wide', wide),
              window: { before: `${before}h`, after: `${after}h`, ...(key ? { key: 'region' } : {}) },
            },
          ],
          target: { table: 'facts.joined', event_time: 'ts', partition_by: targetPartitioning },
        },
        sqlOf(each),
      ),
    ],
  });
  const ids: RowIds = { next: 1 };
  const shapeOf = { driver, wide };
  const change = async (name: Side, operation: SourceOperation): Promise<void> => {
    try {
      const shape = shapeOf[name];
      const done = await applyOperation({ world, table: `raw.${name}`, shape, operation, ids });
      await world.sql(`select id from raw.${name}`);
      if (done !== undefined) cover(`${operation.kind === 'in-one-gap' ? 'in one gap' : done} of ${name}`);
    } catch (error) {
      throw isBeyondDuckdb(error) ? new BeyondDuckdb(error.message, { cause: error }) : error;
    }
  };
  const session = async (): Promise<boolean> => {
    const [record] = await world.run(['joined_load']);
    if (record?.status === 'refused' && record.error?.code === 'history-expired') {
      cover('refused history-expired');
      return false;
    }
    expect(['published', 'nothing-new', 'waiting'], JSON.stringify(record)).toContain(record?.status);
    cover(`session ${record?.status}`);
    await compare(world, each);
    cover(`verified ${(await expectVerified(world, 'joined_load')).status}`);
    return true;
  };
  try {
    for (const [name, shape] of Object.entries(shapeOf))
      await world.create(`raw.${name}`, columnsOf(shape), {
        formatVersion: shape.formatVersion,
        ...(shape.partitionedBy === undefined ? {} : { partitionedBy: shape.partitionedBy }),
      });
    for (const each of [...steps, { kind: 'session' } as const]) {
      if (each.kind === 'change') await change(each.side, each.operation);
      else if (each.kind === 'maintain')
        await world.psyberg.maintain(undefined, { olderThanMs: 0, orphanGraceMs: 0, force: true });
      else if (!(await session())) return;
    }
    const fault = { name: 'joined_load', table: 'facts.joined', time: 'ts' };
    if (await expectFaultFound(world, fault)) cover('fault found');
    cover(`history: ${pattern} by ${grain}, before ${before}, after ${after}${key ? ', key' : ''}`);
  } catch (error) {
    if (!(error instanceof BeyondDuckdb)) throw error;
    cover('given up: DuckDB cannot read a source');
  } finally {
    await world.close();
  }
}

it('with windows the target equals its SQL over whole tables', {
  timeout: timeLimitMs + 120_000,
}, async () => {
  await play(history, runHistory);
});
