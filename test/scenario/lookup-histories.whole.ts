// Goal: whatever happens to a lookup and to the source beside it, after every session the target equals the same SQL
// over whole tables: with the lookup of now where changes are restated, with the one of the session that computed the
// hour last, or of a stateless process loaded the row, where they are ignored. Method: random histories of operations on both tables, compared with plain SQL.
// PSYBERG_PROPERTY_RUNS, _MINUTES, _SEED and _REPORT as in histories.whole.ts.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { hourText } from '../../src/model/hour.ts';
import { applyOperation } from '../support/apply-operation.ts';
import { BeyondDuckdb, isBeyondDuckdb } from '../support/beyond-duckdb.ts';
import { histories } from '../support/histories.ts';
import {
  anyOperations,
  appendingOperations,
  landings,
  type SourceOperation,
  shapes,
} from '../support/source-operations.ts';
import { columnsOf, eventTimeSql, type RowIds, type SourceShape } from '../support/source-shape.ts';
import { expectVerified } from '../support/verified.ts';
import { createWorld, processFile, type World } from '../support/world.ts';

const { cover, play, timeLimitMs } = histories({ runs: 12, timeLimitMs: (runs) => 60_000 + runs * 15_000 });

type Side = 'driver' | 'lookup';
type Step =
  | { readonly kind: 'change'; readonly side: Side; readonly operation: SourceOperation }
  | { readonly kind: 'session' }
  /** Dropped and created again: another table. */
  | { readonly kind: 'replace' }
  | { readonly kind: 'maintain' };

const change = (side: Side, operation: fc.Arbitrary<SourceOperation>): fc.Arbitrary<Step> =>
  fc.record({ kind: fc.constant('change' as const), side: fc.constant<Side>(side), operation });

/** `ofDriver`: what happens to the source beside the lookup. */
const stepsWith = (ofDriver: fc.Arbitrary<SourceOperation>): fc.Arbitrary<Step[]> => {
  const step = fc.oneof(
    { weight: 3, arbitrary: change('driver', ofDriver) },
    { weight: 5, arbitrary: change('lookup', anyOperations) },
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('session' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('replace' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('maintain' as const) }) },
  );
  return fc
    .tuple(
      change('driver', landings),
      change('lookup', landings),
      fc.array(step, { minLength: 6, maxLength: 14 }),
    )
    .map(([first, second, then]): Step[] => [first, second, ...then]);
};

type OnChange = 'restate' | 'ignore';

/** Hours are computed again, whatever happened to their rows. */
const byHours = {
  pattern: fc.constantFrom<'stateful' | 'dimension'>('stateful', 'stateful', 'dimension'),
  onChange: fc.constantFrom<OnChange>('restate', 'restate', 'ignore'),
  steps: stepsWith(anyOperations),
};
/** Rows are loaded once, and stay as they were loaded. */
const byRows = {
  pattern: fc.constant('stateless' as const),
  onChange: fc.constant<OnChange>('ignore'),
  steps: stepsWith(appendingOperations),
};

const common = {
  /** A date is a row of every hour of its day: as what drives the rows it would be another query. */
  driver: shapes.filter(({ eventType }) => eventType !== 'date'),
  lookup: shapes,
  key: fc.boolean(),
  /** With `inner` hours have no rows whose keys the lookup lacks. */
  join: fc.constantFrom('left', 'inner'),
  hours: fc.constantFrom('contiguous', 'touched'),
  targetPartitioning: fc.constantFrom<readonly string[]>([], ['hour(ts)'], ['region']),
};
const history = fc.oneof(
  { weight: 3, arbitrary: fc.record({ ...common, ...byHours }) },
  { weight: 1, arbitrary: fc.record({ ...common, ...byRows }) },
);
type History = typeof history extends fc.Arbitrary<infer T> ? T : never;

/** A row that drives one of the target, with how many rows the lookup has of its region, and their greatest id. */
const matched = ({ driver, join }: History): string => `
  select d.id, d.region, ${eventTimeSql(driver)} as ts, count(l.id) as n, max(l.id) as newest
  from (select id, region, ts as ts from driver) as d
  ${join} join (select id, region from lookup) as l on l.region = d.region
  group by all`;

const sqlOf = (each: History): string =>
  each.pattern !== 'dimension'
    ? matched(each)
    : `select rows.region, $range_start::timestamptz as ts, sum(rows.n)::bigint as n, any_value(known.newest) as newest
       from (select region, n from (${matched(each)}) union all by name select region, n from previous) as rows
       left join (select region, max(id) as newest from lookup group by all) as known using (region)
       group by rows.region`;

/**
 * `limit`: the last hour that is complete. Of each hour the lookup by number: one that was kept in
 * `aux.lookups`.
 */
function oracleOf({ pattern, driver, join }: History, limit: string, lookupOf: string): string {
  const rows = `
    with driver as (select id, region, ${eventTimeSql(driver)} as ts from raw.driver),
    used as (${lookupOf}),
    rows as (
      select d.id, d.region, d.ts, count(l.id) as n, max(l.id) as newest
      from driver as d
      left join used on used.hour = date_trunc('hour', d.ts)
      ${join} join aux.lookups as l on l.number = used.number and l.region = d.region
      where d.ts < timestamptz '${limit}' + interval 1 hour
      group by all
    )`;
  if (pattern === 'stateful') return `${rows} select id, region, ts, n, newest from rows`;
  return `${rows}, sums as (
      select rows.region, used.hour as ts, used.number, sum(rows.n)::bigint as n
      from used join rows on rows.ts < used.hour + interval 1 hour
      group by all
    )
    select sums.region, sums.ts, sums.n, max(l.id) as newest
    from sums left join aux.lookups as l on l.number = sums.number and l.region = sums.region
    group by all`;
}

/** Each row with the lookup of the session that loaded it, which `aux.loaded` tells. */
const oracleOfRows = ({ driver, join }: History): string => `
  select d.id, d.region, ${eventTimeSql(driver)} as ts, count(l.id) as n, max(l.id) as newest
  from (select id, region, ts as ts from raw.driver) as d
  join aux.loaded as loaded on loaded.id = d.id
  ${join} join aux.lookups as l on l.number = loaded.number and l.region = d.region
  group by all`;

/** What the lookup held, by number, and which of it each hour was made with. */
interface Used {
  number: number;
  readonly byHour: Map<string, number>;
}

async function keepLookup(world: World, used: Used): Promise<void> {
  used.number += 1;
  await world.sql(`insert into aux.lookups select ${used.number}, id, region from raw.lookup`);
}

async function compare(world: World, each: History, used: Used): Promise<void> {
  const plan = await world.plan('joined_load');
  expect(plan.status, JSON.stringify(plan, undefined, 1)).not.toBe('work');
  const limit = plan.target.complete_to_hour;
  const exists = await world.psyberg.internals.client.tableExists({ namespace: ['facts'], name: 'joined' });
  if (each.pattern === 'stateless') {
    expect(exists ? await world.rows('select id, region, ts, n, newest from facts.joined') : []).toEqual(
      await world.rows(oracleOfRows(each)),
    );
    return;
  }
  if (!exists || limit === null) return;
  const columns = each.pattern === 'stateful' ? 'id, region, ts, n, newest' : 'region, ts, n, newest';
  const [first] = await world.rows(
    `select min(strftime(date_trunc('hour', ${eventTimeSql(each.driver)}), '%Y-%m-%dT%H:00:00Z')) from raw.driver`,
  );
  const [from] = JSON.parse(first ?? '[null]') as [string | null];
  if (from === null) {
    expect(await world.rows('select * from facts.joined')).toEqual([]);
    return;
  }
  const hours: string[] = [];
  for (let hour = Date.parse(from) / 3_600_000; hour <= Date.parse(limit) / 3_600_000; hour += 1)
    hours.push(hourText(hour));
  const numberOf = (hour: string): number | undefined =>
    each.onChange === 'restate' ? used.number : used.byHour.get(hour);
  const lookupOf =
    hours.length === 0
      ? 'select null::timestamptz as hour, null::integer as number where false'
      : `select * from (values ${hours.map((hour) => `(timestamptz '${hour}', ${numberOf(hour) ?? 'null'}::integer)`).join(', ')}) as t(hour, number)`;
  expect(await world.rows(`select ${columns} from facts.joined`)).toEqual(
    await world.rows(oracleOf(each, limit, lookupOf)),
  );
}

const create = (world: World, side: Side, shape: SourceShape): Promise<void> =>
  world.create(`raw.${side}`, columnsOf(shape), {
    formatVersion: shape.formatVersion,
    ...(shape.partitionedBy === undefined ? {} : { partitionedBy: shape.partitionedBy }),
  });

async function worldOf(each: History): Promise<World> {
  const { driver, onChange, key, pattern, hours, targetPartitioning } = each;
  const lookup = {
    table: 'raw.lookup',
    lookup: true,
    on_change: onChange,
    ...(key && onChange === 'restate' ? { key: 'region' } : {}),
  };
  const world = await createWorld({
    processes: [
      processFile(
        {
          process_name: 'joined_load',
          pattern,
          ...(pattern === 'stateful' ? { hours } : {}),
          sources: [
            {
              table: 'raw.driver',
              event_time: 'ts',
              ...(driver.eventType === 'epoch_ms' ? { event_time_unit: 'epoch_ms' } : {}),
            },
            lookup,
          ],
          target: { table: 'facts.joined', event_time: 'ts', partition_by: targetPartitioning },
        },
        sqlOf(each),
      ),
    ],
  });
  await create(world, 'driver', driver);
  await create(world, 'lookup', each.lookup);
  await world.create('aux.lookups', 'number integer, id bigint, region varchar');
  await world.create('aux.loaded', 'number integer, id bigint');
  return world;
}

async function session(world: World, each: History, used: Used): Promise<boolean> {
  await keepLookup(world, used);
  const plan = await world.plan('joined_load').catch(() => undefined);
  const [record] = await world.run(['joined_load']);
  // Of a stateless process rows may have been deleted that it has loaded.
  const honest = ['history-expired', ...(each.pattern === 'stateless' ? ['source-changed'] : [])];
  if (record?.status === 'refused' && honest.includes(record.error?.code ?? '')) {
    cover(`refused ${record.error?.code}`);
    return false;
  }
  expect(['published', 'nothing-new', 'waiting'], JSON.stringify(record)).toContain(record?.status);
  cover(`session ${record?.status}`);
  const restated = plan?.sources[1]?.restated;
  if (restated !== undefined)
    cover(
      restated.all_hours_because === null
        ? `restated ${restated.keys > 0 ? 'by key' : 'all'}`
        : 'restated all, unknown',
    );
  if (record?.status === 'published')
    for (const { hour } of plan?.hours ?? []) used.byHour.set(hour, used.number);
  if (record?.status === 'published')
    await world.sql(
      `insert into aux.loaded select ${used.number}, id from raw.driver where id not in (select id from aux.loaded)`,
    );
  await compare(world, each, used);
  // Hours that were made with a state of the lookup that was expired since, or of a table that another one
  // took the place of, cannot be computed again.
  // Which of several states a row was loaded with, no table tells.
  const incomparable = [
    ...(each.onChange === 'ignore' ? ['history-expired', 'source-replaced'] : []),
    ...(each.pattern === 'stateless' ? ['not-verifiable'] : []),
  ];
  cover(`verified ${(await expectVerified(world, 'joined_load', incomparable)).status}`);
  return true;
}

async function runHistory(each: History): Promise<void> {
  const world = await worldOf(each);
  const ids: RowIds = { next: 1 };
  const used: Used = { number: 0, byHour: new Map() };
  const apply = async (name: Side, operation: SourceOperation): Promise<void> => {
    try {
      const shape = each[name];
      const done = await applyOperation({ world, table: `raw.${name}`, shape, operation, ids });
      await world.sql(`select id from raw.${name}`);
      if (done !== undefined) cover(`${operation.kind === 'in-one-gap' ? 'in one gap' : done} of ${name}`);
    } catch (error) {
      throw isBeyondDuckdb(error) ? new BeyondDuckdb(error.message, { cause: error }) : error;
    }
  };
  try {
    for (const step of [...each.steps, { kind: 'session' } as const]) {
      if (step.kind === 'change') await apply(step.side, step.operation);
      else if (step.kind === 'maintain')
        await world.psyberg.maintain(undefined, { olderThanMs: 0, orphanGraceMs: 0, force: true });
      else if (step.kind === 'replace') {
        await world.sql('drop table raw.lookup');
        await create(world, 'lookup', each.lookup);
        await apply('lookup', { kind: 'land', batch: [{ hour: 3, count: 2 }] });
      } else if (!(await session(world, each, used))) return;
    }
    const { pattern, onChange, key, join } = each;
    cover(
      `history: ${pattern}, ${onChange}${key && onChange === 'restate' ? ' with key' : ''}, ${join} join`,
    );
  } catch (error) {
    if (!(error instanceof BeyondDuckdb)) throw error;
    cover('given up: DuckDB cannot read a source');
  } finally {
    await world.close();
  }
}

it('with a lookup the target equals its SQL over whole tables', {
  timeout: timeLimitMs + 120_000,
}, async () => {
  await play(history, runHistory);
});
