// Goal: whatever happens to the sources between sessions, after every session the target equals a full
// rebuild. Method: random histories of operations on one to three sources of random layouts, with whole,
// partial, failed and skipped sessions in between, compared with plain SQL over the sources.
// PSYBERG_PROPERTY_RUNS sets how many, PSYBERG_PROPERTY_MINUTES for how long, PSYBERG_PROPERTY_SEED which,
// and PSYBERG_PROPERTY_PATH repeats one counterexample; `npm run soak` sets them and prints what was covered.
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
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
import { expectFaultFound, expectVerified } from '../support/verified.ts';
import { createWorld, processFile } from '../support/world.ts';

const { cover, play, timeLimitMs } = histories({ runs: 12, timeLimitMs: (runs) => 60_000 + runs * 10_000 });

type Step =
  | { readonly kind: 'change'; readonly source: number; readonly operation: SourceOperation }
  | { readonly kind: 'append'; readonly operation: SourceOperation }
  | { readonly kind: 'session'; readonly only: 'joined_load' | 'single_load' | undefined }
  | { readonly kind: 'failed-session' }
  /** Compaction, expiry and orphan removal of all tables, as if days had passed. */
  | { readonly kind: 'maintain' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('change' as const),
      source: fc.nat(2),
      operation: anyOperations,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('append' as const), operation: appendingOperations }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('append' as const), operation: anyOperations }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('session' as const),
      only: fc.constantFrom(undefined, undefined, 'joined_load' as const, 'single_load' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('failed-session' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('maintain' as const) }) },
);

const firstStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('change' as const), source: fc.nat(2), operation: landings }),
  fc.record({ kind: fc.constant('append' as const), operation: landings }),
);

const history = fc.record({
  /** Of the stateful process; the stateless one reads a source of its own. */
  sources: fc.array(shapes, { minLength: 1, maxLength: 3 }),
  single: shapes,
  targetVersion: fc.constantFrom('2', '3'),
  targetPartitioning: fc.constantFrom<readonly string[]>(
    [],
    ['hour(ts)'],
    ['day(ts)'],
    ['bucket(3, id)'],
    ['side'],
  ),
  hours: fc.constantFrom('contiguous', 'touched'),
  catchup: fc.constantFrom(
    undefined,
    undefined,
    { hours_per_session: 2 },
    { hours_per_session: 5, order: 'newest' },
    { hours_per_session: 3, threshold_hours: 4 },
    { threshold_hours: 6 },
  ),
  // Most histories begin with rows: without them little of what follows has anything to do.
  steps: fc
    .tuple(fc.array(firstStep, { maxLength: 4 }), fc.array(step, { minLength: 6, maxLength: 16 }))
    .map(([first, then]) => [...first, ...then]),
});
type Generated = typeof history extends fc.Arbitrary<infer T> ? T : never;
/** Histories that were found before there were limits have none. */
type History = Omit<Generated, 'catchup'> & Partial<Pick<Generated, 'catchup'>>;

const storage = (shape: SourceShape): string =>
  `v${shape.formatVersion} ${shape.partitionedBy ?? 'unpartitioned'} (${shape.eventType})`;
const sourceName = (index: number): string => `source_${index}`;

/**
 * A refusal that says why is a right answer where metadata was taken away; anything else than these codes is
 * not.
 */
const HONEST_REFUSALS: Readonly<Record<string, readonly string[]>> = {
  joined_load: ['history-expired'],
  // Rows that it loaded are gone: it cannot take them back.
  single_load: ['history-expired', 'source-changed'],
};

async function runHistory({
  sources,
  single,
  targetVersion,
  targetPartitioning,
  hours,
  catchup,
  steps,
}: History): Promise<void> {
  const header = (name: string, partitionBy: readonly string[]) => ({
    process_name: `${name}_load`,
    target: {
      table: `facts.${name}`,
      event_time: 'ts',
      partition_by: partitionBy,
      properties: { 'format-version': targetVersion },
    },
    audits: [{ sql: 'audits/toggle.sql' }],
  });
  const source = (table: string, shape: SourceShape) => ({
    table: `raw.${table}`,
    event_time: 'ts',
    ...(shape.eventType === 'epoch_ms' ? { event_time_unit: 'epoch_ms' } : {}),
  });
  const sides = (prefix: string) =>
    sources.map(
      (shape, index) =>
        `select 'side_${index}' as side, id, region, ${eventTimeSql(shape)} as ts from ${prefix}${sourceName(index)}`,
    );
  // A date beside a time of day is shown to every hour of its day; as a row it belongs to the first.
  const inRange = (side: string, index: number) =>
    sources[index]?.eventType === 'date'
      ? `select * from (${side}) where ts >= $range_start and ts < $range_end`
      : side;
  const world = await createWorld({
    processes: [
      processFile(
        {
          ...header('joined', targetPartitioning),
          pattern: 'stateful',
          hours,
          ...(catchup === undefined ? {} : { catchup }),
          sources: sources.map((shape, index) => source(sourceName(index), shape)),
        },
        sides('').map(inRange).join(' union all '),
      ),
      processFile(
        {
          ...header(
            'single',
            targetPartitioning.filter((field) => field !== 'side'),
          ),
          pattern: 'stateless',
          sources: [source('single', single)],
        },
        `select id, region, ${eventTimeSql(single)} as ts from single`,
      ),
    ],
    files: { 'audits/toggle.sql': 'select 1 as bad where false' },
  });
  const ids: RowIds = { next: 1 };
  const shapeOf: Readonly<Record<string, SourceShape>> = {
    single,
    ...Object.fromEntries(sources.map((shape, index) => [sourceName(index), shape])),
  };
  /**
   * Processes that refused: their sources lost what the answer needs, so there is no right table to compare
   * with.
   */
  const refused = new Set<string>();

  const exists = (name: string) => world.psyberg.internals.client.tableExists({ namespace: ['facts'], name });
  async function compare(
    process: 'joined_load' | 'single_load',
    limit: string | undefined,
    owed: readonly string[],
  ): Promise<void> {
    if (process === 'single_load') {
      expect(
        (await exists('single')) ? await world.rows('select id, region, ts from facts.single') : [],
      ).toEqual(await world.rows(`select id, region, ${eventTimeSql(single)} as ts from raw.single`));
      return;
    }
    // Each source by itself: DuckDB 1.5.5 fails to plan a union of tables that have more deletes than rows.
    const expected: string[] = [];
    const judged =
      owed.length === 0
        ? 'true'
        : `date_trunc('hour', ts) not in (${owed.map((hour) => `timestamptz '${hour}'`).join(', ')})`;
    if (limit !== undefined)
      for (const side of sides('raw.'))
        expected.push(
          ...(await world.rows(
            `select side, id, region, ts from (${side}) where ts < timestamptz '${limit}' + interval 1 hour and ${judged}`,
          )),
        );
    expect(
      (await exists('joined'))
        ? await world.rows(`select side, id, region, ts from facts.joined where ${judged}`)
        : [],
    ).toEqual(expected.sort());
  }

  async function session(
    only: 'joined_load' | 'single_load' | undefined,
    untilComplete = false,
  ): Promise<void> {
    const names = (only === undefined ? (['joined_load', 'single_load'] as const) : [only]).filter(
      (name) => !refused.has(name),
    );
    for (const name of names) {
      const record = (await world.psyberg.run([name], { untilComplete })).at(-1);
      if (record?.status === 'refused' && HONEST_REFUSALS[name]?.includes(record.error?.code ?? '')) {
        refused.add(name);
        cover(`refused ${record.error?.code}`);
        continue;
      }
      expect(['published', 'nothing-new', 'waiting'], JSON.stringify(record)).toContain(record?.status);
      cover(`session ${record?.status}`);
      const plan = await world.plan(name);
      // What one session did is done: looking again right away finds nothing.
      const isLeft = (record?.catchup?.later_hours ?? 0) > 0;
      expect(isLeft && untilComplete).toBe(false);
      if (isLeft) cover('session that leaves hours to later ones');
      else expect(plan.status, JSON.stringify(plan, undefined, 1)).not.toBe('work');
      if ((record?.catchup?.beyond_hours ?? []).length > 0) cover('session that leaves hours for good');
      for (const each of plan.sources) cover(`detected by ${each.detected_by}`);
      const complete = plan.sources.map((each) => each.vtts_hour);
      const least = complete.some((hour) => hour === null) ? undefined : (complete as string[]).sort()[0];
      // A source that lost its newest rows is complete for fewer hours than before; what was loaded once is
      // kept right all the same.
      const loaded = plan.target.complete_to_hour ?? undefined;
      await compare(
        name,
        least === undefined || (loaded !== undefined && loaded > least) ? loaded : least,
        record?.owed_hours ?? [],
      );
      const { status } = await expectVerified(world, name);
      cover(`verified ${status}`);
    }
    expect(
      (await world.leftovers()).filter((left) => !left.startsWith('source_') && !left.startsWith('single')),
    ).toEqual([]);
  }

  /** Both processes fail an audit: nothing may change, and the next session starts from `main`. */
  async function failedSession(): Promise<void> {
    const before = await Promise.all(
      ['joined', 'single'].map(async (name) =>
        (await exists(name)) ? world.rows(`from facts.${name}`) : [],
      ),
    );
    world.write('audits/toggle.sql', 'select 1 as bad');
    await world.reopen();
    for (const record of await world.run(
      ['joined_load', 'single_load'].filter((name) => !refused.has(name)),
    )) {
      expect(['audit-failed', 'nothing-new', 'waiting', 'refused'], JSON.stringify(record)).toContain(
        record.status,
      );
      cover(`failed session ${record.status}`);
    }
    world.write('audits/toggle.sql', 'select 1 as bad where false');
    await world.reopen();
    expect(
      await Promise.all(
        ['joined', 'single'].map(async (name) =>
          (await exists(name)) ? world.rows(`from facts.${name}`) : [],
        ),
      ),
    ).toEqual(before);
  }

  async function maintain(): Promise<void> {
    const { tables } = await world.psyberg.maintain(undefined, {
      olderThanMs: 0,
      orphanGraceMs: 0,
      force: true,
    });
    expect(tables.filter((each) => each.error !== null)).toEqual([]);
    cover('maintain');
  }

  async function change(table: string, operation: SourceOperation): Promise<void> {
    const shape = shapeOf[table] as SourceShape;
    const doAndRead = async (): Promise<string | undefined> => {
      const what = await applyOperation({ world, table: `raw.${table}`, shape, operation, ids });
      await world.sql(`select id from raw.${table}`);
      return what;
    };
    const done = await doAndRead().catch((error: unknown) => {
      throw isBeyondDuckdb(error) ? new BeyondDuckdb(error.message, { cause: error }) : error;
    });
    if (operation.kind === 'in-one-gap') cover(`in one gap (v${shape.formatVersion}): ${done}`);
    else if (done !== undefined) cover(`${done} on ${storage(shape)}`);
  }

  try {
    for (const [name, shape] of Object.entries(shapeOf))
      await world.create(`raw.${name}`, columnsOf(shape), {
        formatVersion: shape.formatVersion,
        ...(shape.partitionedBy === undefined ? {} : { partitionedBy: shape.partitionedBy }),
      });
    for (const each of steps) {
      if (each.kind === 'session') await session(each.only);
      else if (each.kind === 'failed-session') await failedSession();
      else if (each.kind === 'maintain') await maintain();
      else if (each.kind === 'append') await change('single', each.operation);
      else await change(sourceName(each.source % sources.length), each.operation);
    }
    await session(undefined, true);
    for (const name of ['joined', 'single'] as const) {
      if (refused.has(`${name}_load`) || !(await exists(name))) continue;
      const fault = { name: `${name}_load`, table: `facts.${name}`, time: 'ts' };
      if (await expectFaultFound(world, fault)) cover('fault found');
    }
    cover(`history of ${sources.length} sources`);
  } catch (error) {
    if (!(error instanceof BeyondDuckdb)) throw error;
    cover('given up: DuckDB cannot read a source');
  } finally {
    await world.close();
  }
}

/** What the soak found once, shrunk: it stays found. */
const GOLDEN = new URL('../golden/histories/', import.meta.url);
for (const name of readdirSync(GOLDEN))
  it(`keeps the target equal to a full rebuild: ${name.replace('.json', '').replaceAll('-', ' ')}`, async () => {
    await runHistory(JSON.parse(readFileSync(new URL(name, GOLDEN), 'utf8')));
  });

it('after every session the target equals a full rebuild', { timeout: timeLimitMs + 120_000 }, async () => {
  await play(history, runHistory);
});
