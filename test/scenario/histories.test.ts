// Goal: whatever happens to the sources between sessions, after every session the target equals a full rebuild. Method: random histories of landings, overwrites,
// deletes, compactions and rollbacks with sessions in between, compared with plain SQL over the sources. PSYBERG_PROPERTY_RUNS sets how many.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { FileChange } from '../support/file-change.ts';
import { createWorld, hourAt, processFile, type World } from '../support/world.ts';

const RUNS = Number(process.env['PSYBERG_PROPERTY_RUNS'] ?? 4);

const source = fc.constantFrom('a', 'b');
const batch = fc.array(fc.record({ hour: fc.integer({ min: 0, max: 6 }), count: fc.integer({ min: 1, max: 3 }) }), { minLength: 1, maxLength: 3 });
type Batch = readonly { readonly hour: number; readonly count: number }[];

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('land' as const), source, batch }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('land' as const), source: fc.constant('s'), batch }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('overwrite' as const), source, batch, file: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), source, file: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('compact' as const), source: fc.constantFrom('a', 'b', 's'), file: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rollback' as const), source }) },
  { weight: 5, arbitrary: fc.constant({ kind: 'session' as const }) },
);
const layout = fc.constantFrom<readonly string[]>([], ['hour(ts)'], ['day(ts)'], ['bucket(3, id)'], ['side']);

let nextId: number;
function rowsOf(batchRows: Batch): string {
  const rows = batchRows.flatMap(({ hour, count }) =>
    Array.from({ length: count }, () => {
      nextId += 1;
      return `(${nextId}::bigint, timestamptz '${hourAt(hour)}' + to_seconds(${(nextId * 797) % 3600}))`;
    }),
  );
  return `select * from (values ${rows.join(', ')})`;
}

async function take(world: World, each: typeof step extends fc.Arbitrary<infer T> ? T : never): Promise<void> {
  if (each.kind === 'session') return session(world);
  const table = `raw.${each.source}`;
  if (each.kind === 'land') return world.land(table, rowsOf(each.batch));
  const history = await world.history(table);
  if (history.length === 0) return;
  if (each.kind === 'rollback') {
    const before = history.at(-2);
    return before === undefined ? undefined : world.rollback(table, before['snapshot-id']);
  }
  if ((await world.rows(`select 1 from ${table} limit 1`)).length === 0) return;
  const change: FileChange =
    each.kind === 'compact'
      ? { operation: 'replace', remove: (files) => files, insert: `select * from ${table}` }
      : {
          operation: each.kind,
          remove: (files) => files.filter((_, index) => index === each.file % files.length),
          ...(each.kind === 'overwrite' ? { insert: rowsOf(each.batch) } : {}),
        };
  return world.changeFiles(table, change);
}

/** Runs both processes and compares. What lies above the least complete hour is owed, and not there yet. */
async function session(world: World): Promise<void> {
  const plan = await world.plan('both_load');
  const records = await world.run();
  for (const record of records) expect(['published', 'nothing-new', 'waiting'], JSON.stringify(record)).toContain(record.status);
  const hours = plan.sources.map((each) => each.vtts_hour);
  const limit = hours.some((hour) => hour === null) ? undefined : (hours as string[]).sort()[0];
  const exists = await world.psyberg.internals.client.tableExists({ namespace: ['facts'], name: 'both' });
  const sides = "select 'a' as side, id, ts from raw.a union all select 'b' as side, id, ts from raw.b";
  const expected = limit === undefined ? [] : await world.rows(`select side, id, ts from (${sides}) where ts < timestamptz '${limit}' + interval 1 hour`);
  expect(exists ? await world.rows('select side, id, ts from facts.both') : []).toEqual(expected);
  const single = await world.psyberg.internals.client.tableExists({ namespace: ['facts'], name: 'single' });
  expect(single ? await world.rows('select id, ts from facts.single') : []).toEqual(await world.rows('select id, ts from raw.s'));
  expect(await world.leftovers()).toEqual([]);
}

it('after every session the target equals a full rebuild', { timeout: 60_000 + RUNS * 20_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 6, maxLength: 16 }), layout, fc.constantFrom('contiguous', 'touched'), async (steps, partitionBy, hours) => {
      nextId = 0;
      const target = (name: string) => ({ table: `facts.${name}`, event_time: 'ts', partition_by: partitionBy.filter((field) => name === 'both' || field !== 'side') });
      const world = await createWorld({
        processes: [
          processFile(
            { process_name: 'both_load', pattern: 'stateful', hours, sources: ['a', 'b'].map((name) => ({ table: `raw.${name}`, event_time: 'ts' })), target: target('both') },
            "select 'a' as side, id, ts from a union all select 'b' as side, id, ts from b",
          ),
          processFile(
            { process_name: 'single_load', pattern: 'stateless', sources: [{ table: 'raw.s', event_time: 'ts' }], target: target('single'), audits: ['source_to_target_count'] },
            'select id, ts from s',
          ),
        ],
      });
      try {
        for (const name of ['a', 'b', 's']) await world.create(`raw.${name}`, 'id bigint, ts timestamptz', { partitionedBy: 'hour(ts)' });
        for (const each of steps) await take(world, each);
        await session(world);
      } finally {
        await world.close();
      }
    }),
    {
      numRuns: RUNS,
      ...(process.env['PSYBERG_PROPERTY_SEED'] === undefined ? {} : { seed: Number(process.env['PSYBERG_PROPERTY_SEED']) }),
      interruptAfterTimeLimit: 50_000 + RUNS * 20_000,
    },
  );
});
