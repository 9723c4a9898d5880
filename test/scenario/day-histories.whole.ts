// Goal: processes of hours and of days in one chain, both ways, and days of dates, keep every target equal to the
// same SQL over whole tables, for the days and hours that are complete, whatever happens to the sources. Method:
// random histories of operations on a source of events and another one of any type, dates too, run through six
// processes, some of whose days are restated. PSYBERG_PROPERTY_RUNS, _MINUTES, _SEED, _PATH and _REPORT as in histories.whole.ts.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { applyOperation } from '../support/apply-operation.ts';
import { BeyondDuckdb, isBeyondDuckdb } from '../support/beyond-duckdb.ts';
import { histories } from '../support/histories.ts';
import { anyOperations, landings, type SourceOperation, shapes } from '../support/source-operations.ts';
import { columnsOf, eventTimeSql, type RowIds, type SourceShape } from '../support/source-shape.ts';
import { createWorld, hourAt, processFile, type World } from '../support/world.ts';

const { cover, play, timeLimitMs } = histories({ runs: 6, timeLimitMs: (runs) => 60_000 + runs * 20_000 });

type Name = 'events' | 'others';
const RESTATED = ['by_day', 'beside', 'recent'] as const;
type Restated = (typeof RESTATED)[number];
type Step =
  | { readonly kind: 'change'; readonly table: Name; readonly operation: SourceOperation }
  | { readonly kind: 'session' }
  | { readonly kind: 'restate'; readonly name: Restated; readonly hour: number }
  | { readonly kind: 'maintain' };

const change = (operation: fc.Arbitrary<SourceOperation>, ...tables: Name[]): fc.Arbitrary<Step> =>
  fc.record({ kind: fc.constant('change' as const), table: fc.constantFrom(...tables), operation });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: change(anyOperations, 'events', 'others') },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('session' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('restate' as const),
      name: fc.constantFrom(...RESTATED),
      hour: fc.integer({ min: 0, max: 71 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('maintain' as const) }) },
);

const history = fc.record({
  /** A date is a row of its whole day: of its hours it says nothing. */
  events: shapes.filter(({ eventType }) => eventType !== 'date'),
  others: shapes,
  signal: fc.boolean(),
  /** A day as a date, or as its midnight. */
  day: fc.constantFrom('date' as const, 'timestamptz' as const),
  partitionedBy: fc.constantFrom<readonly string[]>([], ['day'], ['hour']),
  hours: fc.constantFrom('contiguous', 'touched'),
  threshold: fc.constantFrom(undefined, 24, 30),
  steps: fc
    .tuple(
      change(landings, 'events'),
      change(landings, 'others'),
      fc.array(step, { minLength: 5, maxLength: 12 }),
    )
    .map(([first, second, then]): Step[] => [first, second, ...then]),
});
type History = typeof history extends fc.Arbitrary<infer T> ? T : never;

/** Rows lie thirteen hours apart: four days. */
const spread = (shape: SourceShape): SourceShape => ({ ...shape, hoursApart: 13 });

const dayOf = (time: string): string => `(${time} at time zone 'UTC')::date`;

/** What each process computes, of relations with these names. */
const queriesOf = ({ events, others, day }: History) => {
  const asDay = (expression: string): string =>
    day === 'date' ? expression : `(${expression}::timestamp at time zone 'UTC')`;
  const byDay = (source: string, shape: SourceShape): string =>
    `select ${dayOf(eventTimeSql(shape))} as d, count(*) as n from ${source} where ts is not null group by all`;
  const hourOf = (time: string): string => `date_trunc('hour', ${time})`;
  return {
    by_hour: `select ${hourOf(eventTimeSql(events))} as ts, count(*)::bigint as n from events group by all`,
    by_day: `select ${asDay(dayOf('ts'))} as day, sum(n)::bigint as n from by_hour group by all`,
    share: `select h.ts, h.n, d.n as of_day from by_hour as h
      left join by_day as d on ${day === 'date' ? 'd.day' : dayOf('d.day')} = ${dayOf('h.ts')}`,
    beside: `select ${asDay('coalesce(e.d, o.d)')} as day, coalesce(e.n, 0) as events, coalesce(o.n, 0) as others
      from (${byDay('events', events)}) as e full join (${byDay('others', others)}) as o on o.d = e.d`,
    ledger: `select ${asDay(`$first_hour::date`)} as day, sum(n)::bigint as n
      from (select events as n from beside union all select n from previous) having count(*) > 0`,
    // A day is told for two days: what comes late settles soon.
    recent: `select ${asDay(`$first_hour::date`)} as day, age, sum(n)::bigint as n
      from (select 0 as age, events as n from beside union all select age + 1, n from previous where age < 1)
      group by all`,
  };
};

const headersOf = ({ events, others, signal, day, partitionedBy, hours, threshold }: History) => {
  const unit = (shape: SourceShape) =>
    shape.eventType === 'epoch_ms' ? { event_time_unit: 'epoch_ms' } : {};
  const partitions = (column: string) =>
    partitionedBy.map(
      (transform) => `${day === 'date' && transform === 'hour' ? 'day' : transform}(${column})`,
    );
  // Of a target with midnights, who is no process of days only knows by the signal that a day is whole.
  const vtts = signal ? { vtts: { from: 'signal' } } : {};
  return {
    by_hour: {
      pattern: 'stateful',
      hours,
      sources: [{ table: 'raw.events', event_time: 'ts', ...unit(events) }],
      target: { table: 'facts.by_hour', event_time: 'ts', partition_by: ['hour(ts)'] },
    },
    by_day: {
      pattern: 'stateful',
      grain: 'day',
      hours,
      sources: [{ table: 'facts.by_hour', event_time: 'ts', ...vtts }],
      target: { table: 'facts.by_day', event_time: 'day', partition_by: partitions('day') },
    },
    share: {
      pattern: 'stateful',
      hours,
      sources: [
        { table: 'facts.by_hour', event_time: 'ts', ...vtts },
        {
          table: 'facts.by_day',
          event_time: 'day',
          ...vtts,
          // A midnight is of one hour: the others of its day look back to it.
          ...(day === 'date' ? {} : { window: { before: '23h' } }),
        },
      ],
      target: { table: 'facts.share', event_time: 'ts' },
    },
    beside: {
      pattern: 'stateful',
      grain: 'day',
      sources: [
        { table: 'raw.events', event_time: 'ts', ...unit(events) },
        { table: 'raw.others', event_time: 'ts', ...unit(others) },
      ],
      target: { table: 'facts.beside', event_time: 'day', partition_by: partitions('day') },
    },
    ledger: {
      pattern: 'dimension',
      grain: 'day',
      ...(threshold === undefined ? {} : { catchup: { threshold_hours: threshold } }),
      sources: [{ table: 'facts.beside', event_time: 'day', ...vtts }],
      target: { table: 'facts.ledger', event_time: 'day', partition_by: partitions('day') },
    },
    recent: {
      pattern: 'dimension',
      grain: 'day',
      sources: [{ table: 'facts.beside', event_time: 'day', ...vtts }],
      target: { table: 'facts.recent', event_time: 'day', partition_by: partitions('day') },
    },
  };
};
type Process = keyof ReturnType<typeof headersOf>;
const NAMES: readonly Process[] = ['by_hour', 'by_day', 'share', 'beside', 'ledger', 'recent'];

/** A process's SQL over whole tables, up to the last complete hour. */
function oracleOf(each: History, name: Process, limit: string): string {
  const queries = queriesOf(each);
  const ctes = (['by_hour', 'by_day', 'beside'] as const).map((cte) => `${cte} as (${queries[cte]})`);
  const whole = `with events as (from raw.events), others as (from raw.others), ${ctes.join(', ')}`;
  const column = name === 'by_hour' || name === 'share' ? 'ts' : 'day';
  const until = `${column} < timestamptz '${limit}' + interval 1 hour`;
  if (name !== 'ledger' && name !== 'recent')
    return `${whole} select * from (${queries[name]}) where ${until}`;
  const days = `${whole}, days as (
      select unnest(generate_series((select min(day)::timestamptz from beside), timestamptz '${limit}', interval 1 day)) as day
    )`;
  const day = each.day === 'date' ? dayOf('days.day') : 'days.day';
  return name === 'ledger'
    ? `${days} select ${day} as day, sum(events)::bigint as n from days join beside on beside.day <= days.day group by all`
    : `${days} select ${day} as day, age, sum(events)::bigint as n
      from days, (values (0), (1)) as ages(age), beside
      where beside.day::timestamptz = days.day - to_days(age) group by all`;
}

async function compare(world: World, each: History): Promise<void> {
  for (const name of NAMES) {
    const plan = await world.plan(`${name}_load`);
    expect(plan.status, JSON.stringify(plan, undefined, 1)).not.toBe('work');
    const limit = plan.target.complete_to_hour;
    const exists = await world.psyberg.internals.client.tableExists({ namespace: ['facts'], name });
    cover(
      `${name} ${limit === null ? 'complete for nothing' : 'complete'}${plan.owed_hours.length > 0 ? ', owes' : ''}`,
    );
    if (!exists || limit === null) continue;
    if (plan.grain === 'day') expect(limit, name).toMatch(/T23:00:00Z$/);
    // What lies below its threshold is owed, and the days above were made of it.
    if (name === 'ledger' && plan.owed_hours.some((owed) => owed <= limit)) {
      cover('ledger owes days below its threshold');
      continue;
    }
    expect(
      await world.rows(`from facts.${name}`),
      `${name}: ${JSON.stringify(plan.sources, undefined, 1)}`,
    ).toEqual(await world.rows(oracleOf(each, name, limit)));
  }
}

/** Whether the last session of the settling dimension computed fewer days than it might have. */
async function stayed(world: World): Promise<boolean> {
  const [last] = await world.psyberg.history('recent_load', { limit: 1 });
  const { complete_to_hour: complete } = (await world.plan('recent_load')).target;
  return last?.last_hour != null && complete !== null && last.last_hour < complete;
}

/** Days of a target are computed again by the SQL that made them, or that is refused: they stay as they are. */
async function restate(world: World, { name, hour }: { readonly name: Restated; readonly hour: number }) {
  const hours = hourAt(hour - 24).slice(0, 13);
  const [record] = await world.psyberg.restate(`${name}_load`, { hours });
  expect(['published', 'nothing-new', 'refused'], JSON.stringify(record)).toContain(record?.status);
  if (record?.error != null) expect(record.error.code).toMatch(/^(restate-|history-expired)/);
  if (record?.range != null) {
    expect(record.range.first_hour).toMatch(/T00:00:00Z$/);
    expect(record.range.last_hour).toMatch(/T23:00:00Z$/);
  }
  cover(`${name} restated: ${record?.error?.code ?? record?.status}`);
}

async function runHistory(given: History): Promise<void> {
  const each = { ...given, events: spread(given.events), others: spread(given.others) };
  const [headers, queries] = [headersOf(each), queriesOf(each)];
  const world = await createWorld({
    processes: NAMES.map((name) =>
      processFile({ process_name: `${name}_load`, ...headers[name] }, queries[name]),
    ),
  });
  const ids: RowIds = { next: 1 };
  const apply = async (table: Name, operation: SourceOperation): Promise<void> => {
    try {
      const done = await applyOperation({ world, table: `raw.${table}`, shape: each[table], operation, ids });
      await world.sql(`select id from raw.${table}`);
      if (done !== undefined) cover(`${operation.kind === 'in-one-gap' ? 'in one gap' : done} of ${table}`);
    } catch (error) {
      throw isBeyondDuckdb(error) ? new BeyondDuckdb(error.message, { cause: error }) : error;
    }
  };
  const session = async (): Promise<boolean> => {
    for (const record of await world.run(NAMES.map((name) => `${name}_load`))) {
      if (record.status === 'refused' && record.error?.code === 'history-expired') {
        cover('refused history-expired');
        return false;
      }
      expect(['published', 'nothing-new', 'waiting'], JSON.stringify(record)).toContain(record.status);
      cover(`${record.process_name} ${record.status}`);
    }
    await compare(world, each);
    if (await stayed(world)) cover('recent: days stayed as they were');
    return true;
  };
  try {
    for (const table of ['events', 'others'] as const)
      await world.create(`raw.${table}`, columnsOf(each[table]), {
        formatVersion: each[table].formatVersion,
        ...(each[table].partitionedBy === undefined ? {} : { partitionedBy: each[table].partitionedBy }),
      });
    for (const one of [...each.steps, { kind: 'session' } as const]) {
      if (one.kind === 'change') await apply(one.table, one.operation);
      else if (one.kind === 'restate') await restate(world, one);
      else if (one.kind === 'maintain')
        await world.psyberg.maintain(undefined, { olderThanMs: 0, orphanGraceMs: 0, force: true });
      else if (!(await session())) return;
    }
    cover(`history: day as ${each.day}, others ${each.others.eventType}${each.signal ? ', by signal' : ''}`);
  } catch (error) {
    if (!(error instanceof BeyondDuckdb)) throw error;
    cover('given up: DuckDB cannot read a source');
  } finally {
    await world.close();
  }
}

it('hours and days in a chain equal their SQL over whole tables', {
  timeout: timeLimitMs + 120_000,
}, async () => {
  await play(history, runHistory);
});
