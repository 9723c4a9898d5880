// Goal: a source that is damaged gives one clear error with table, snapshot and file, and nothing moves. Method: real tables, then files removed or overwritten.
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { mainSnapshot } from '../../src/iceberg/history.ts';
import { manifestsOf } from '../../src/manifests/compose.ts';
import { hourAt, processFile, type World, worldForTest } from '../support/world.ts';

const rows = (first: number, hour: number): string => `select ${first} + i as id, timestamptz '${hourAt(hour)}' + to_seconds(i) as ts from range(5) t(i)`;
const process = (pattern: 'stateless' | 'stateful', source: object = {}) =>
  processFile(
    {
      process_name: `${pattern}_load`,
      pattern,
      sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e', ...source }],
      target: { table: `facts.${pattern}`, event_time: 'ts' },
    },
    'select id, ts from e',
  );

/** Hours 0 and 1 loaded by both processes, hour 2 new. */
async function worldWithNews(): Promise<World> {
  const world = await worldForTest({ processes: [process('stateless'), process('stateful')] });
  await world.create('raw.events', 'id bigint, ts timestamptz');
  await world.land('raw.events', rows(0, 0));
  await world.land('raw.events', rows(10, 1));
  await world.run();
  await world.land('raw.events', rows(20, 2));
  return world;
}

/** A file of the newest snapshot. */
async function newestFile(world: World, kind: 'manifest list' | 'manifest' | 'data file'): Promise<string> {
  const head = mainSnapshot(await world.metadata('raw.events'));
  if (head === undefined) throw new Error('no head');
  if (kind === 'manifest list') return head['manifest-list'];
  if (kind === 'data file') return String((await world.sql('select distinct filename from raw.events where id = 20'))[0]?.['filename']);
  const manifests = await manifestsOf(await world.psyberg.internals.engine(), head);
  return manifests.find((manifest) => manifest.added_snapshot_id === String(head['snapshot-id']))?.manifest_path as string;
}

const DAMAGES: Readonly<Record<string, (file: string) => void>> = {
  missing: (file) => rmSync(file),
  'cut off': (file) => truncateSync(file, Math.floor(readFileSync(file).length / 2)),
  'of other bytes': (file) => writeFileSync(file, 'not an Avro or Parquet file at all'),
};

describe.each(['manifest list', 'manifest', 'data file'] as const)('a %s', (kind) => {
  it.each(Object.keys(DAMAGES))('that is %s is named, and nothing moves', async (damage) => {
    const world = await worldWithNews();
    const file = await newestFile(world, kind);
    const head = String(mainSnapshot(await world.metadata('raw.events'))?.['snapshot-id']);
    const before = await world.rows('select src_table, snapshot_id, process_name from psyberg.high_water_mark_table');
    const whole = readFileSync(file);
    DAMAGES[damage]?.(file);
    for (const record of await world.run())
      expect(record).toMatchObject({
        status: 'refused',
        error: { code: 'source-unreadable', retryable: false, context: { table: 'raw.events', snapshot_id: head, file, exit_code: 5 }, message: expect.stringContaining(file) },
      });
    expect(await world.rows('select src_table, snapshot_id, process_name from psyberg.high_water_mark_table')).toEqual(before);
    expect(await world.rows('select id from facts.stateful')).toHaveLength(10);
    expect(await world.leftovers()).toEqual([]);
    // Restored, it is loaded as if nothing had been.
    writeFileSync(file, whole);
    expect((await world.run()).map((record) => record.status)).toEqual(['published', 'published']);
    expect(await world.rows('select id from facts.stateful')).toHaveLength(15);
  });
});

describe('a source', () => {
  it('without a snapshot is waited for or has nothing new, and loads once it has rows', async () => {
    const world = await worldForTest({ processes: [process('stateless'), process('stateful')] });
    await world.create('raw.events', 'id bigint, ts timestamptz');
    expect((await world.run()).map((record) => record.status)).toEqual(['nothing-new', 'nothing-new']);
    await world.land('raw.events', rows(0, 0));
    expect((await world.run()).map((record) => record.status)).toEqual(['published', 'published']);
  });

  it('without the event-time column is a mistake of the project, with the columns that there are', async () => {
    const world = await worldForTest({ processes: [process('stateful', { event_time: 'happened' })] });
    await world.create('raw.events', 'id bigint, ts timestamptz');
    await world.land('raw.events', rows(0, 0));
    expect((await world.run())[0]).toMatchObject({
      status: 'failed',
      error: { code: 'event-time-missing', hint: expect.stringContaining('id, ts'), context: { table: 'raw.events', column: 'happened', exit_code: 2 } },
    });
  });

  it('whose event-time column was dropped since is refused the same way', async () => {
    const world = await worldWithNews();
    await world.sql('alter table raw.events drop column ts');
    for (const record of await world.run()) expect(record).toMatchObject({ status: 'failed', error: { code: 'event-time-missing', context: { exit_code: 2 } } });
  });
});
