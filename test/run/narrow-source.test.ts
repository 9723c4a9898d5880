// Goal: of a source of many files a session opens only the manifests that may list files of its hours, and among those
// are such whose partition is hours beside that of their rows. Method: a table of Avro files alone, of which the
// manifests of other hours are removed, and a file that a writer of another time zone put into its partition.
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Snapshot } from '../../src/iceberg/table-metadata.ts';
import type { Plan, PlanSource } from '../../src/model/plan.ts';
import { narrowSource } from '../../src/run/views/narrow-source.ts';
import { manifestsOf } from '../../src/tables/read/manifest-list.ts';
import { AvroTable, type AvroWorld, openAvroWorld } from '../support/avro-table.ts';
import { liveFiles } from '../support/file-change.ts';
import { hourAt } from '../support/world.ts';

let world: AvroWorld;
beforeAll(async () => {
  world = await openAvroWorld();
});
afterAll(() => world.close());

const COMMITS = 9;
const FILES = 25;

/** Nine commits of 25 files, an hour each, 100 hours apart; then one of a file whose partition is another hour. */
async function manyFiles(hours: number, partitionHour: number): Promise<AvroTable> {
  const table = new AvroTable(world, { partitionedBy: 'hour' });
  for (let commit = 1; commit <= COMMITS; commit += 1)
    await table.commit({
      add: Array.from({ length: FILES }, (_, at) => ({ name: `f${commit}-${at}`, hours: commit * 100 + at })),
    });
  const summary = { 'total-data-files': String(COMMITS * FILES + 1) };
  await table.commit({ add: [{ name: 'odd', hours, partitionHour }], summary });
  return table;
}

const narrowed = (table: AvroTable, hour: number): Promise<Snapshot | undefined> => {
  const source = {
    alias: 'events',
    table: 'raw.events',
    read: { kind: 'snapshot', snapshot_id: String(table.head['snapshot-id']) },
    event_time: 'ts',
    event_time_unit: 'us',
  } as PlanSource;
  const plan = {
    pattern: 'stateful',
    range: { first_hour: hourAt(hour), last_hour: hourAt(hour) },
    hours: [{ hour: hourAt(hour) }],
    owed_hours: [],
    sources: [source],
  } as unknown as Plan;
  const catalog = { loadTableToRead: async () => ({ metadata: table.metadata }) } as never;
  const named = { namespace: ['raw'], name: 'events' };
  return narrowSource({ ...world, catalog, plan, source, table: named, directory: world.folder });
};

// The first hour of a day: from there on files are looked for.
it.each([
  ['of an hour before', 504, 504 - 12],
  ['of an hour behind', 504, 504 + 14],
])(
  'finds a file that its partition says to be %s, and opens no manifest far away',
  async (_name, hour, other) => {
    const table = await manyFiles(hour, other);
    for (const { added_snapshot_id: id, manifest_path: path } of await manifestsOf(world.engine, table.head))
      if (id !== 5n && id !== BigInt(COMMITS + 1)) rmSync(path);
    const found = await liveFiles(world.engine, await narrowed(table, hour));
    expect(found.map(({ path }) => path).sort()).toEqual([table.pathOf('f5-4'), table.pathOf('odd')].sort());
  },
);
