/**
 * The same process on DuckDB and on Spark, as twins over the same sources, and what of both must agree. World,
 * twins -> nothing, or a failed expectation.
 */
import { expect } from 'vitest';
import { hourAt, type World, worldForTest } from '../support/world.ts';
import { sharedSpark } from './spark/shared.ts';
import { type Twin, twins } from './spark/worlds.ts';

export const TARGET = { event_time: 'hour', partition_by: ['hour(hour)'] };
export const EVENTS = { table: 'raw.events', event_time: 'ts', alias: 'e' };

export const events = (first: number, count: number, hour: number): string =>
  `select range as id, timestamptz '${hourAt(hour)}' + to_minutes(range % 60) as ts, range % 3 as kind from range(${first}, ${first + count})`;

export const worldOf = (all: readonly Twin[]): Promise<World> =>
  worldForTest({
    processes: all.flatMap(twins),
    files: {},
    catalog: { warehouse: 'warehouse' },
  });

/** `more`: other settings of `engines.spark`. */
export async function withSpark(world: World, more: Readonly<Record<string, unknown>> = {}): Promise<World> {
  const engines = JSON.stringify({ spark: { remote: await sharedSpark(), ...more } });
  world.write('psyberg.yaml', `name: world\ncatalog: { warehouse: warehouse }\nengines: ${engines}\n`);
  await world.reopen();
  return world;
}

/**
 * Runs all, and expects every twin to do, and to hold, what its other one does. `ahead`: a session of one of
 * them may have published before, so that they only hold the same.
 */
export async function expectTwins(
  world: World,
  names: readonly string[],
  { ahead = false }: { readonly ahead?: boolean } = {},
): Promise<void> {
  const records = await world.run();
  expect(records.filter(({ error }) => error !== null)).toEqual([]);
  const outcome = (name: string) => {
    const record = records.find(({ process_name: of }) => of === name);
    return [record?.status, record?.rows_read, record?.rows_written];
  };
  if (!ahead)
    for (const name of names) expect(outcome(`${name}_spark`), name).toEqual(outcome(`${name}_duckdb`));
  for (const name of names)
    expect(await world.rows(`from facts.${name}_spark`), name).toEqual(
      await world.rows(`from facts.${name}_duckdb`),
    );
  expect(await world.leftovers()).toEqual([]);
}

export const COUNTED: Twin = {
  name: 'counted',
  header: {
    pattern: 'stateful',
    sources: [EVENTS],
    target: TARGET,
    audits: [{ unique: { columns: ['hour'] } }],
  },
  duckdb:
    "select date_trunc('hour', ts) as hour, count(*) as n, cast(sum(id) as bigint) as total from e group by 1",
};
export const RUNNING: Twin = {
  name: 'running',
  header: { pattern: 'dimension', sources: [EVENTS], target: TARGET },
  duckdb:
    "select $range_start at time zone 'UTC' as hour, cast((select coalesce(max(total), 0) from previous) + count(*) as bigint) as total from e",
  spark:
    'select $range_start as hour, cast((select coalesce(max(total), 0) from previous) + count(*) as bigint) as total from e',
};
