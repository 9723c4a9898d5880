// Goal: whatever happens to the sources of a dimension between sessions, after every session its target is its SQL over
// whole tables, from the first row of a source on. Method: random histories of operations on one or two sources of random
// layouts; queries that return a row for every hour, only for hours without rows, and a state that settles; compared with
// plain SQL where there is one, and verified. PSYBERG_PROPERTY_RUNS, _MINUTES, _SEED, _PATH and _REPORT as in
// histories.whole.ts.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { applyOperation } from '../support/apply-operation.ts';
import { BeyondDuckdb, isBeyondDuckdb } from '../support/beyond-duckdb.ts';
import { histories } from '../support/histories.ts';
import { anyOperations, landings, type SourceOperation, shapes } from '../support/source-operations.ts';
import { columnsOf, eventTimeSql, type RowIds, type SourceShape } from '../support/source-shape.ts';
import { expectVerified } from '../support/verified.ts';
import { createWorld, type ProcessFile, processFile, type World } from '../support/world.ts';

const { cover, play, timeLimitMs } = histories({ runs: 10, timeLimitMs: (runs) => 60_000 + runs * 15_000 });

type Step =
  | { readonly kind: 'change'; readonly source: number; readonly operation: SourceOperation }
  | { readonly kind: 'session'; readonly untilComplete: boolean }
  | { readonly kind: 'restate'; readonly hour: number };

const change = (operation: fc.Arbitrary<SourceOperation>) =>
  fc.record({ kind: fc.constant('change' as const), source: fc.nat(1), operation });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: change(anyOperations) },
  { weight: 2, arbitrary: change(fc.record({ kind: fc.constant('delete-file' as const), file: fc.nat(3) })) },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('session' as const), untilComplete: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('restate' as const), hour: fc.integer({ min: 0, max: 6 }) }),
  },
);

const history = fc.record({
  sources: fc.array(shapes, { minLength: 1, maxLength: 2 }),
  window: fc.constantFrom(
    undefined,
    undefined,
    { before: '1h' },
    { after: '2h' },
    { before: '2h', after: '1h' },
  ),
  catchup: fc.constantFrom(undefined, undefined, { hours_per_session: 2 }),
  targetPartitioning: fc.constantFrom<readonly string[]>(['hour(h)'], ['day(h)'], []),
  steps: fc
    .tuple(
      fc.array(change(landings), { minLength: 1, maxLength: 3 }),
      fc.array(step, { minLength: 6, maxLength: 14 }),
    )
    .map(([first, then]) => [...first, ...then]),
});
type History = typeof history extends fc.Arbitrary<infer T> ? T : never;

const NAMES = ['counts', 'gaps', 'last'] as const;
const sourceName = (index: number): string => `source_${index}`;

function processesOf({ sources, window, catchup, targetPartitioning }: History): ProcessFile[] {
  const all = sources.map((_, index) => `select id from ${sourceName(index)}`).join(' union all ');
  const SQL = {
    counts: `select $range_start::timestamptz as h, count(*) as n, count(*) + coalesce((select max(total) from previous), 0) as total from (${all})`,
    gaps: `select $range_start::timestamptz as h, n from (select count(*) as n from (${all})) where n = 0`,
    last: `select $range_start::timestamptz as h, coalesce((select max(id) from (${all})), (select max(id) from previous)) as id`,
  };
  return NAMES.map((name) =>
    processFile(
      {
        process_name: name,
        pattern: 'dimension',
        ...(catchup === undefined ? {} : { catchup }),
        sources: sources.map((shape, index) => ({
          table: `raw.${sourceName(index)}`,
          event_time: 'ts',
          ...(shape.eventType === 'epoch_ms' ? { event_time_unit: 'epoch_ms' } : {}),
          // Of the second one, or of the only one.
          ...(window === undefined || index < sources.length - 1 ? {} : { window }),
        })),
        target: { table: `dims.${name}`, event_time: 'h', partition_by: targetPartitioning },
      },
      SQL[name],
    ),
  );
}

/** The counts by plain SQL; undefined where a row counts for several hours. */
function countsSql({ sources, window }: History, upTo: string): string | undefined {
  if (window !== undefined) return undefined;
  const times = sources
    .map((shape, index) => `select ${eventTimeSql(shape)} as ts from raw.${sourceName(index)}`)
    .join(' union all ');
  return `with times as (select date_trunc('hour', ts) as h from (${times}) where ts is not null),
hours as (select unnest(generate_series(min(h), timestamptz '${upTo}', interval 1 hour)) as h from times)
select h, (select count(*) from times where times.h = hours.h) as n, (select count(*) from times where times.h <= hours.h) as total from hours`;
}

async function runHistory(generated: History): Promise<void> {
  const { sources, steps } = generated;
  const world = await createWorld({ processes: processesOf(generated) });
  const ids: RowIds = { next: 1 };
  const refused = new Set<string>();
  try {
    for (const [index, shape] of sources.entries())
      await world.create(`raw.${sourceName(index)}`, columnsOf(shape), {
        formatVersion: shape.formatVersion,
        ...(shape.partitionedBy === undefined ? {} : { partitionedBy: shape.partitionedBy }),
      });
    for (const each of [...steps, { kind: 'session', untilComplete: true } as const])
      if (each.kind === 'change') await changeSource(world, generated, each, ids);
      else if (each.kind === 'session') await session(world, generated, refused, each.untilComplete);
      else await restate(world, refused, each.hour);
    cover(`history of ${sources.length} sources`);
  } catch (error) {
    if (!(error instanceof BeyondDuckdb)) throw error;
    cover('given up: DuckDB cannot read a source');
  } finally {
    await world.close();
  }
}

async function changeSource(
  world: World,
  { sources }: History,
  { source, operation }: Extract<Step, { kind: 'change' }>,
  ids: RowIds,
): Promise<void> {
  const index = source % sources.length;
  const shape = sources[index] as SourceShape;
  const table = `raw.${sourceName(index)}`;
  try {
    const done = await applyOperation({ world, table, shape, operation, ids });
    await world.sql(`select id from ${table}`);
    if (done !== undefined) cover(operation.kind);
  } catch (error) {
    throw isBeyondDuckdb(error) ? new BeyondDuckdb(error.message, { cause: error }) : error;
  }
}

async function session(
  world: World,
  generated: History,
  refused: Set<string>,
  untilComplete: boolean,
): Promise<void> {
  for (const name of NAMES.filter((each) => !refused.has(each))) {
    const record = (await world.psyberg.run([name], { untilComplete })).at(-1);
    if (record?.status === 'refused' && record.error?.code === 'history-expired') {
      refused.add(name);
      cover('refused history-expired');
      continue;
    }
    expect(['published', 'nothing-new', 'waiting'], JSON.stringify(record)).toContain(record?.status);
    cover(`${name} ${record?.status}`);
    const plan = await world.plan(name);
    if (plan.hours.some(({ empty }) => empty === true)) cover('hours are left to be taken off');
    cover(`verified ${(await expectVerified(world, name)).status}`);
    const upTo = plan.target.complete_to_hour;
    const isLeft = (record?.catchup?.later_hours ?? 0) > 0 || (record?.owed_hours ?? []).length > 0;
    const wanted = upTo === null ? undefined : countsSql(generated, upTo);
    if (name !== 'counts' || isLeft || wanted === undefined) continue;
    const rows = await world.rows(wanted).catch((error: unknown) => {
      // It fails to plan a union of tables that have more deletes than rows; histories.whole.ts asks each.
      throw isBeyondDuckdb(error) ? new BeyondDuckdb(error.message, { cause: error }) : error;
    });
    expect(await world.rows('select h, n, total from dims.counts')).toEqual(rows);
    cover('compared with plain SQL');
  }
}

async function restate(world: World, refused: ReadonlySet<string>, hour: number): Promise<void> {
  for (const name of NAMES.filter((each) => !refused.has(each))) {
    const hours = `2023-09-14T0${hour}..2023-09-14T0${hour}`;
    const said = await world.psyberg.restate(name, { hours }).then(
      ([record]) => record?.error?.code ?? record?.status ?? '',
      (error: { readonly code?: string }) => error.code ?? String(error),
    );
    expect(['published', 'nothing-new', 'restate-hours-beyond', 'restate-source-gone']).toContain(said);
    cover(`restate ${said}`);
    if (said === 'published') await expectVerified(world, name);
  }
}

it('after every session a dimension is its SQL over whole tables', { timeout: timeLimitMs + 120_000 }, () =>
  play(history, runHistory),
);
