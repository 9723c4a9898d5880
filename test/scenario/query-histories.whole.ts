// Goal: whatever SQL a stateful process has, as long as its hours stand alone or its window says how far rows matter, it
// is never refused, and its target equals that SQL over whole tables after every session. Method: random queries that are
// right by construction (support/closed-queries.ts), several to a history of operations on their sources, rows that move
// to other hours among them; compared with plain SQL, and by verify. PSYBERG_PROPERTY_RUNS, _MINUTES, _SEED, _PATH and
// _REPORT as in support/histories.ts.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { applyOperation } from '../support/apply-operation.ts';
import { BeyondDuckdb, isBeyondDuckdb } from '../support/beyond-duckdb.ts';
import { closedQuery } from '../support/closed-queries.ts';
import { histories } from '../support/histories.ts';
import { anyOperations, landings, type SourceOperation, shapes } from '../support/source-operations.ts';
import { columnsOf, eventTimeSql, type SourceShape } from '../support/source-shape.ts';
import { expectVerified } from '../support/verified.ts';
import { createWorld, processFile, type World } from '../support/world.ts';

const { cover, play, timeLimitMs } = histories({ runs: 6, timeLimitMs: (runs) => 60_000 + runs * 20_000 });

type Side = 'a' | 'b' | 'w';
type Step =
  | { readonly kind: 'change'; readonly side: Side; readonly operation: SourceOperation }
  | { readonly kind: 'move'; readonly side: Side; readonly hours: number; readonly rest: number }
  | { readonly kind: 'session' };

const SIDES = ['a', 'b', 'w'] as const;
const side = fc.constantFrom<Side>(...SIDES);
const change = (operation: fc.Arbitrary<SourceOperation>) =>
  fc.record({ kind: fc.constant('change' as const), side, operation });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: change(anyOperations) },
  { weight: 3, arbitrary: change(landings) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('move' as const),
      side,
      hours: fc.integer({ min: -3, max: 3 }),
      rest: fc.nat(2),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('session' as const) }) },
);

/** A date is a row of every hour of its day: its queries are others. */
const timed = shapes.filter(({ eventType }) => eventType !== 'date');
const history = fc.record({
  a: timed,
  b: timed,
  w: timed,
  before: fc.integer({ min: 1, max: 3 }),
  queries: fc.array(
    fc.record({
      choices: fc.array(fc.nat(999), { minLength: 8, maxLength: 40 }),
      isWindowed: fc.boolean(),
      header: fc.constantFrom<object>({}, { hours: 'touched' }, { catchup: { hours_per_session: 3 } }),
    }),
    { minLength: 4, maxLength: 4 },
  ),
  first: fc.tuple(landings, landings, landings),
  steps: fc.array(step, { minLength: 6, maxLength: 12 }),
});
type History = typeof history extends fc.Arbitrary<infer T> ? T : never;

const timeSql = (shape: SourceShape): string => eventTimeSql(shape, '$.ts');

function processesOf(each: History) {
  const source = (name: Side, more: object = {}) => ({
    table: `raw.${name}`,
    event_time: 'ts',
    ...(each[name].eventType === 'epoch_ms' ? { event_time_unit: 'epoch_ms' } : {}),
    ...more,
  });
  return each.queries.map(({ choices, isWindowed, header }, index) => {
    const { before } = each;
    const windowed = isWindowed ? { alias: 'w', time: timeSql(each.w), before } : undefined;
    const sql = closedQuery(choices, { sources: { a: timeSql(each.a), b: timeSql(each.b) }, windowed });
    const name = `query_${index}`;
    const window = source('w', { window: { before: `${before}h` } });
    const file = processFile(
      {
        process_name: name,
        pattern: 'stateful',
        ...header,
        sources: [source('a'), source('b'), ...(isWindowed ? [window] : [])],
        target: { table: `facts.${name}`, event_time: 'ts' },
      },
      sql,
    );
    return { name, sql, file };
  });
}

async function compare(world: World, { name, sql }: { readonly name: string; readonly sql: string }) {
  const plan = await world.plan(name);
  expect(plan.status, JSON.stringify(plan, undefined, 1)).not.toBe('work');
  const limit = plan.target.complete_to_hour;
  const exists = await world.psyberg.internals.client.tableExists({ namespace: ['facts'], name });
  if (!exists || limit === null) return;
  const whole = sql.replaceAll('$range_end', `timestamptz '9999-01-01 00:00:00Z'`);
  const sources = SIDES.map((each) => `${each} as (from raw.${each} where ts is not null)`);
  expect(await world.rows(`select ts, region, id from facts.${name}`), sql).toEqual(
    await world.rows(
      `with ${sources} select * from (${whole}) where ts < timestamptz '${limit}' + interval 1 hour`,
    ),
  );
  cover(`verified ${(await expectVerified(world, name)).status}`);
}

async function changeSource(
  world: World,
  each: History,
  step: Exclude<Step, { kind: 'session' }>,
  ids: { next: number },
) {
  const [table, shape] = [`raw.${step.side}`, each[step.side]];
  try {
    if (step.kind === 'change') {
      const done = await applyOperation({ world, table, shape, operation: step.operation, ids });
      if (done !== undefined) cover(step.operation.kind);
    } else if (
      shape.formatVersion !== '1' &&
      (await world.sql(`select 1 from ${table} limit 1`)).length > 0
    ) {
      const later = shape.eventType === 'epoch_ms' ? step.hours * 3_600_000 : `to_hours(${step.hours})`;
      await world.sql(`update ${table} set ts = ts + ${later} where id % 3 = ${step.rest}`);
      cover('move');
    }
    await world.sql(`select id from ${table}`);
  } catch (error) {
    const { message } = error as Error;
    const isDuckdbs =
      isBeyondDuckdb(error) ||
      /entries without partition info|Duplicate field_id|duplicate name/.test(message);
    throw isDuckdbs ? new BeyondDuckdb(message, { cause: error }) : error;
  }
}

async function runHistory(each: History): Promise<void> {
  const processes = processesOf(each);
  const world = await createWorld({ processes: processes.map(({ file }) => file) });
  const ids = { next: 1 };
  const first = SIDES.map((name, index): Step => {
    return { kind: 'change', side: name, operation: each.first[index] as SourceOperation };
  });
  try {
    for (const name of SIDES)
      await world.create(`raw.${name}`, columnsOf(each[name]), {
        formatVersion: each[name].formatVersion,
        ...(each[name].partitionedBy === undefined ? {} : { partitionedBy: each[name].partitionedBy }),
      });
    for (const step of [...first, ...each.steps, { kind: 'session' as const }]) {
      if (step.kind !== 'session') {
        await changeSource(world, each, step, ids);
        continue;
      }
      const records = await world.psyberg.run(undefined, { untilComplete: true });
      const expired = records.some(({ error }) => error?.code === 'history-expired');
      if (expired) return cover('refused history-expired');
      for (const record of records)
        expect(['published', 'nothing-new', 'waiting'], JSON.stringify(record)).toContain(record.status);
      for (const process of processes) await compare(world, process);
    }
    cover('history');
  } catch (error) {
    if (!(error instanceof BeyondDuckdb)) throw error;
    cover('given up: DuckDB cannot read or change a source');
  } finally {
    await world.close();
  }
}

it('targets of random queries equal their SQL over whole tables', { timeout: timeLimitMs + 120_000 }, () =>
  play(history, runHistory),
);
