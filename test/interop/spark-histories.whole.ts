// Goal: whatever DuckDB and Spark do to the sources, after every session a target that Spark makes is that which DuckDB
// makes, and that which a full rebuild gives. Method: random histories of operations of both on one or two sources of
// random layouts (version 1 by Spark alone), with sessions of twins in between: a stateful process, one that appends,
// and one that reads its own result. PSYBERG_PROPERTY_RUNS, _MINUTES, _SEED and _PATH as in the histories on DuckDB.
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { applyOperation } from '../support/apply-operation.ts';
import { BeyondDuckdb, isBeyondDuckdb } from '../support/beyond-duckdb.ts';
import { histories } from '../support/histories.ts';
import { orphans } from '../support/orphans.ts';
import { anyOperations, type SourceOperation, shapes } from '../support/source-operations.ts';
import { columnsOf, eventTimeSql, type RowIds, type SourceShape } from '../support/source-shape.ts';
import { expectVerified } from '../support/verified.ts';
import type { World } from '../support/world.ts';
import { missingJava } from './java/java.ts';
import { sharedSpark } from './spark/shared.ts';
import {
  type SparkOperation,
  sparkEventTime,
  sparkLandings,
  sparkOperations,
  sparkWriter,
} from './spark/source-writer.ts';
import { sparkWorld, type Twin, twins } from './spark/worlds.ts';

const missing = await missingJava();
beforeAll(async () => {
  if (missing === undefined) await sharedSpark();
}, 600_000);

const { cover, play, timeLimitMs } = histories({ runs: 3, timeLimitMs: () => 180_000, shrinksByPath: true });

type Step =
  | { readonly kind: 'duckdb'; readonly source: number; readonly operation: SourceOperation }
  | { readonly kind: 'spark'; readonly source: number; readonly operation: SparkOperation }
  | { readonly kind: 'session'; readonly verified: boolean }
  | { readonly kind: 'restate'; readonly process: 'joined' | 'running'; readonly hour: number };

const source = fc.nat(2);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('duckdb' as const), source, operation: anyOperations }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('spark' as const), source, operation: sparkOperations }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('session' as const), verified: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('restate' as const),
      process: fc.constantFrom('joined' as const, 'running' as const),
      hour: fc.nat(6),
    }),
  },
);
const history = fc.record({
  sources: fc.array(shapes, { minLength: 1, maxLength: 2 }),
  targetVersion: fc.constantFrom('2', '3'),
  targetPartitioning: fc.constantFrom<readonly string[]>([], ['hour(ts)'], ['day(ts)'], ['bucket(3, id)']),
  hours: fc.constantFrom('contiguous', 'touched'),
  steps: fc
    .tuple(
      fc.array(fc.record({ kind: fc.constant('spark' as const), source, operation: sparkLandings }), {
        minLength: 1,
        maxLength: 3,
      }),
      fc.array(step, { minLength: 4, maxLength: 12 }),
    )
    .map(([first, then]): Step[] => [...first, ...then]),
});
type History = typeof history extends fc.Arbitrary<infer T> ? T : never;

const NAMES = ['joined', 'single', 'running'] as const;
const sourceName = (index: number): string => `source_${index}`;
const told = (value: unknown): string =>
  JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? String(each) : each), 1);

function twinsOf({ sources, targetVersion, targetPartitioning, hours }: History): Twin[] {
  const properties = { 'format-version': targetVersion };
  const declared = (index: number) => {
    const shape = sources[index] as SourceShape;
    const unit = shape.eventType === 'epoch_ms' ? { event_time_unit: 'epoch_ms' } : {};
    return { table: `raw.${sourceName(index)}`, event_time: 'ts', ...unit };
  };
  // A date beside a time of day is shown to every hour of its day; as a row it belongs to the first.
  const side = (time: string, index: number): string => {
    const rows = `select 'side_${index}' as side, id, region, ${time} as ts from ${sourceName(index)}`;
    return sources[index]?.eventType === 'date'
      ? `select * from (${rows}) where ts >= $range_start and ts < $range_end`
      : rows;
  };
  const first = sources[0] as SourceShape;
  // A row for every hour, from the first one with a row on.
  const running = (hour: string): string =>
    `select ${hour} as ts, max(top) as top, cast(coalesce(sum(n), 0) as bigint) as n
    from (select id as top, 1 as n from ${sourceName(0)} union all select top, n from previous) as all_rows`;
  return [
    {
      name: 'joined',
      header: {
        pattern: 'stateful',
        hours,
        sources: sources.map((_, index) => declared(index)),
        target: { event_time: 'ts', partition_by: targetPartitioning, properties },
        audits: [
          { unique: { columns: ['side', 'id'] } },
          // Of the first source, whose dates are shown to several hours.
          ...(sources.length === 1 && sources[0]?.eventType !== 'date' ? ['source_to_target_count'] : []),
        ],
      },
      duckdb: sources.map((shape, index) => side(eventTimeSql(shape), index)).join(' union all '),
      spark: sources.map((shape, index) => side(sparkEventTime(shape), index)).join(' union all '),
    },
    {
      name: 'single',
      header: {
        pattern: 'stateless',
        sources: [declared(0)],
        target: { event_time: 'ts', partition_by: targetPartitioning, properties },
      },
      duckdb: `select id, region, ${eventTimeSql(first)} as ts from ${sourceName(0)}`,
      spark: `select id, region, ${sparkEventTime(first)} as ts from ${sourceName(0)}`,
    },
    {
      name: 'running',
      header: {
        pattern: 'dimension',
        sources: [declared(0)],
        target: { event_time: 'ts', partition_by: ['hour(ts)'], properties },
      },
      duckdb: running("$range_start at time zone 'UTC'"),
      spark: running('$range_start'),
    },
  ];
}

async function runHistory(generated: History): Promise<void> {
  const { sources, steps } = generated;
  const world = await sparkWorld({ processes: twinsOf(generated).flatMap(twins) });
  const spark = await sparkWriter(world);
  const ids: RowIds = { next: 1 };
  /** Processes that refused on both engines: what their answer needs is gone. */
  const refused = new Set<string>();
  const change = async (each: Extract<Step, { kind: 'duckdb' | 'spark' }>): Promise<void> => {
    const name = sourceName(each.source % sources.length);
    const shape = sources[each.source % sources.length] as SourceShape;
    // What DuckDB writes of version 1 hides files from Java.
    if (each.kind === 'duckdb' && shape.formatVersion === '1') return;
    try {
      const done =
        each.kind === 'spark'
          ? await spark.apply(name, { shape, operation: each.operation, ids })
          : await applyOperation({ world, table: `raw.${name}`, shape, operation: each.operation, ids });
      await world.sql(`select id from raw.${name}`);
      if (done !== undefined) cover(`${done} on v${shape.formatVersion}`);
    } catch (error) {
      throw isBeyondDuckdb(error) ? new BeyondDuckdb(error.message, { cause: error }) : error;
    }
  };
  try {
    for (const [index, shape] of sources.entries())
      await world.create(`raw.${sourceName(index)}`, columnsOf(shape), {
        formatVersion: shape.formatVersion,
        ...(shape.partitionedBy === undefined ? {} : { partitionedBy: shape.partitionedBy }),
      });
    for (const each of steps) {
      if (each.kind === 'session') await session(world, refused, each.verified);
      else if (each.kind === 'restate') await restate(world, refused, each);
      else await change(each);
    }
    await session(world, refused, true);
    expect((await orphans(world)).filter((path) => path.startsWith('facts/'))).toEqual([]);
    cover(`history of ${sources.length} sources`);
  } catch (error) {
    if (!(error instanceof BeyondDuckdb)) throw error;
    cover('given up: DuckDB cannot read a source');
  } finally {
    await spark.close();
    await world.close();
  }
}

/** Both twins of each, one after the other: they say and hold the same. */
async function session(world: World, refused: Set<string>, verified: boolean): Promise<void> {
  for (const name of NAMES) {
    if (refused.has(name)) continue;
    const [duckdb] = await world.run([`${name}_duckdb`]);
    const [spark] = await world.run([`${name}_spark`]);
    const said = (record: typeof spark) => [
      record?.status,
      record?.error?.code ?? null,
      record?.rows_read,
      record?.rows_written,
      record?.range,
      record?.owed_hours,
    ];
    expect(said(spark), told([duckdb, spark])).toEqual(said(duckdb));
    cover(`${name} ${spark?.status} ${spark?.error?.code ?? ''}`);
    if (spark?.status === 'refused') refused.add(name);
    else expect(spark?.error ?? null, told(spark)).toBeNull();
    await expectAlike(world, name);
    if (!verified || refused.has(name)) continue;
    await expectVerified(world, `${name}_duckdb`);
    cover(`verified ${(await expectVerified(world, `${name}_spark`)).status}`);
  }
  expect((await world.leftovers()).filter((left) => !left.startsWith('source_'))).toEqual([]);
}

async function restate(
  world: World,
  refused: ReadonlySet<string>,
  { process: name, hour }: Extract<Step, { kind: 'restate' }>,
): Promise<void> {
  if (refused.has(name)) return;
  const hours = `2023-09-14T0${hour}..2023-09-14T0${Math.min(9, hour + 1)}`;
  const outcomes = [];
  for (const engine of ['duckdb', 'spark'])
    outcomes.push(
      await world.psyberg.restate(`${name}_${engine}`, { hours }).then(
        ([record]) => [record?.status, record?.error?.code ?? null, record?.rows_written],
        (error: { readonly code?: string }) => [error.code ?? String(error)],
      ),
    );
  expect(outcomes[1]).toEqual(outcomes[0]);
  cover(`restated ${outcomes[0]?.[0]}`);
  await expectAlike(world, name);
}

async function expectAlike(world: World, name: string): Promise<void> {
  const table = (engine: string) => ({ namespace: ['facts'], name: `${name}_${engine}` });
  const { client } = world.psyberg.internals;
  const exists = await client.tableExists(table('spark'));
  expect(await client.tableExists(table('duckdb'))).toBe(exists);
  if (!exists) return;
  expect(await world.rows(`from facts.${name}_spark`), name).toEqual(
    await world.rows(`from facts.${name}_duckdb`),
  );
}

describe.skipIf(missing !== undefined)('histories', () => {
  it('end on Spark as on DuckDB, and as a full rebuild', { timeout: timeLimitMs + 240_000 }, async () => {
    await play(history, runHistory);
  });
});
