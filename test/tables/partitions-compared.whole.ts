// Goal: equality deletes of partitions are refused exactly where DuckDB 1.5.5 fails to compare these, which ends its
// database. Method: random partitionings, one after the other, with NULLs in them and deletes of some partitions; the
// refusal beside what DuckDB makes of the table as it is. PSYBERG_PROPERTY_RUNS and others as in support/histories.ts.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { histories } from '../support/histories.ts';
import { createWorld, hourAt, type World } from '../support/world.ts';

const { cover, play, timeLimitMs } = histories({ runs: 12, timeLimitMs: (runs) => 60_000 + runs * 8_000 });

const FIELDS = {
  k: { 'source-id': 3, name: 'k_part', transform: 'identity' },
  r: { 'source-id': 4, name: 'r_part', transform: 'identity' },
  day: { 'source-id': 2, name: 'ts_part', transform: 'day' },
  none: { 'source-id': 3, name: 'k_none', transform: 'void' },
  cut: { 'source-id': 3, name: 'k_cut', transform: 'truncate[3]' },
} as const;
type Field = keyof typeof FIELDS;

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('land' as const),
      rows: fc.array(fc.tuple(fc.constantFrom('a', 'b', null), fc.constantFrom('x', 'y', null)), {
        minLength: 1,
        maxLength: 2,
      }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('delete' as const), pick: fc.nat(9), everywhere: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('partition' as const),
      fields: fc.constantFrom<readonly Field[]>(
        [],
        ['k'],
        ['r'],
        ['k', 'r'],
        ['k', 'none'],
        ['day', 'k'],
        ['cut'],
      ),
    }),
  },
);
const history = fc.record({
  partitionedBy: fc.constantFrom(undefined, 'k', 'r', 'k, r', 'day(ts)', 'day(ts), k'),
  steps: fc.array(step, { minLength: 4, maxLength: 9 }),
});
type History = typeof history extends fc.Arbitrary<infer T> ? T : never;
type Step = History['steps'][number];

const FIRST: Step = { kind: 'land', rows: [['a', 'x']] };
const TABLE = 'raw.events';
const quoted = (value: string | null): string => (value === null ? 'null' : `'${value}'`);

/** @param next the first id that no row has. */
async function apply(world: World, each: Step, next: number): Promise<void> {
  if (each.kind === 'land') {
    const rows = each.rows.map(
      ([k, r], at) => `select ${next + at}::bigint, timestamptz '${hourAt(0)}', ${quoted(k)}, ${quoted(r)}`,
    );
    await world.land(TABLE, rows.join(' union all '));
  } else if (each.kind === 'partition')
    await world.commit(TABLE, [
      { action: 'add-spec', spec: { 'spec-id': -1, fields: each.fields.map((field) => FIELDS[field]) } },
      { action: 'set-default-spec', 'spec-id': -1 },
    ] as never);
  else {
    let partition = 0;
    const id = each.everywhere ? (each.pick % next) + 1 : 900 + each.pick;
    const partitions = (): boolean => each.everywhere || partition++ === each.pick % 3;
    await world.changeFiles(TABLE, {
      operation: 'delete',
      deletes: [{ kind: 'equality', columns: ['id'], values: `select ${id}::bigint`, partitions }],
    });
  }
}

async function playOne({ partitionedBy, steps }: History): Promise<void> {
  const world = await createWorld();
  try {
    const columns = 'id bigint, ts timestamptz, k varchar, r varchar';
    await world.create(TABLE, columns, partitionedBy === undefined ? {} : { partitionedBy });
    let next = 1;
    for (const each of [FIRST, ...steps]) {
      // What DuckDB 1.5.5 cannot write or read, it does not here.
      const failed = await apply(world, each, next).catch((error: Error) => error);
      if (failed !== undefined) cover(`${each.kind} failed: ${failed.message.slice(0, 60)}`);
      next += each.kind === 'land' ? each.rows.length : 0;
    }
    const answer = (rows: Promise<unknown>): Promise<string> =>
      rows.then(
        () => 'read',
        (error: Error) => error.message,
      );
    const told = await answer(world.sql(`select id from ${TABLE}`));
    const engine = await world.psyberg.internals.engine();
    const found = await answer(engine.query({ sql: `select id from lake.${TABLE}`, parameters: {} }));
    const isRefused = told.includes('cannot compare the partition');
    cover(`${isRefused ? 'refused' : told === 'read' ? 'read' : 'refused otherwise'}, ${found.slice(0, 40)}`);
    expect(isRefused, `${told}\n${found}`).toBe(found.includes('internal error'));
  } finally {
    await world.close();
  }
}

it(
  'deletes of partitions are refused where DuckDB fails to compare these',
  { timeout: timeLimitMs + 60_000 },
  () => play(history, playOne),
);
