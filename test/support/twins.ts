/**
 * A target that was disturbed beside one that was not, loaded from the same source by the same SQL. World +
 * two processes -> nothing, or a failed expectation.
 */
import { expect } from 'vitest';
import { mainSnapshot } from '../../src/iceberg/history.ts';
import { orphans } from './orphans.ts';
import type { World } from './world.ts';

export interface Twins {
  /** A process and the target `facts.<process>`, as of its twin. */
  readonly victim: string;
  readonly twin: string;
  /** Columns of the targets that must agree; default: all. */
  readonly columns?: string;
  /** Told with whatever differs. */
  readonly what: string;
}

/**
 * Runs both once more; then they differ in nothing: rows, files, references and watermarks, and nothing is
 * left in the warehouse that no table reaches.
 */
export async function expectTwins(world: World, { victim, twin, columns = '*', what }: Twins): Promise<void> {
  for (const name of [twin, victim])
    expect((await world.run([name]))[0]?.error ?? null, `${what}: ${name}`).toBeNull();
  expect(await world.rows(`select ${columns} from facts.${victim}`), what).toEqual(
    await world.rows(`select ${columns} from facts.${twin}`),
  );
  expect(await world.leftovers(), what).toEqual([]);
  expect(await orphans(world), what).toEqual([]);
  const watermarks = (name: string) =>
    world.rows(
      `select src_table, snapshot_id, owed_hours, newest_hour, complete_to_hour from psyberg.high_water_mark_table where process_name = '${name}'`,
    );
  expect(await watermarks(victim), what).toEqual(await watermarks(twin));
  expect(await held(world, victim), what).toEqual(await held(world, twin));
}

/** References by name and kind, and how many files and rows `main` holds by its own account. */
async function held(world: World, name: string) {
  const metadata = await world.metadata(`facts.${name}`);
  const summary = mainSnapshot(metadata)?.summary ?? {};
  return {
    refs: Object.entries(metadata.refs ?? {}).map(([ref, { type }]) => `${type} ${ref}`),
    counts: ['total-data-files', 'total-delete-files', 'total-records'].map((count) => summary[count]),
  };
}
