// Goal: rows deleted one by one, and files rewritten, between the same two sessions: exactly the hours whose
// rows differ are counted, and an appending process stops only where a row that it loaded is gone. Method:
// both orders, several ways to delete, whole and partial rewrites; every hour and cause is written out.
import { describe, expect, it } from 'vitest';
import type { Plan } from '../../src/model/plan.ts';
import {
  appended,
  events,
  eventWorld,
  expireAllBut,
  inSource,
  overwritten,
  runOne,
  snapshotIds,
} from '../support/event-tables.ts';
import { hourNumbers, type World } from '../support/world.ts';

type Change = (world: World) => Promise<unknown>;
const compact: Change = (world) =>
  world.changeFiles('raw.events', {
    operation: 'replace',
    remove: (files) => files,
    insert: 'select * from raw.events',
  });
const compactAsOverwrite: Change = (world) =>
  world.changeFiles('raw.events', {
    operation: 'overwrite',
    remove: (files) => files,
    insert: 'select * from raw.events order by id desc',
  });
/** Puts the files together that hold ids below `limit`. */
const compactBelow =
  (limit: number): Change =>
  async (world) => {
    const old = (await world.sql(`select distinct filename from raw.events where id < ${limit}`)).map((row) =>
      String(row['filename']),
    );
    await world.changeFiles('raw.events', {
      operation: 'replace',
      remove: (files) => files.filter((file) => old.includes(file.path)),
      insert: `from raw.events where id < ${limit}`,
    });
  };
const deleteRow =
  (id: number): Change =>
  (world) =>
    world.sql(`delete from raw.events where id = ${id}`);
const deleteEqual =
  (id: number): Change =>
  (world) =>
    world.changeFiles('raw.events', {
      operation: 'delete',
      deletes: [{ kind: 'equality', columns: ['id'], values: `select ${id}::bigint` }],
    });
const land =
  (first: number, hour: number): Change =>
  (world) =>
    world.land('raw.events', events(first, 5, hour));
const deletesEqual =
  (first: number): Change =>
  (world) =>
    world.changeFiles('raw.events', {
      operation: 'delete',
      deletes: [
        { kind: 'equality', columns: ['id'], values: `select unnest(range(${first}, ${first + 5}))` },
      ],
    });
const inOrder = async (world: World, changes: readonly Change[]): Promise<void> => {
  for (const change of changes) await change(world);
};

/**
 * Rows 0-4 in hour 0, 10-14 in hour 1, 20-24 in hour 2, 30-34 in hour 3; loaded by both processes. One file
 * may hold several hours.
 */
async function loadedWorld(formatVersion: string): Promise<World> {
  const world = await eventWorld({ partitionedBy: 'day(ts)', formatVersion });
  await inOrder(world, [land(20, 2), land(30, 3)]);
  await world.run();
  return world;
}
const changedHours = ({ hours }: Plan): number[] =>
  hourNumbers(hours.filter((hour) => hour.reason === 'changed'));
const told = (plan: Plan): string[] =>
  (plan.sources[0]?.changes ?? []).map((change) => `${change.operation} ${change.counted}: ${change.reason}`);

const maintain: Change = (world) =>
  world.psyberg.maintain(['raw.events'], { only: ['compact', 'manifests'] });

const SEQUENCES: readonly (readonly [string, readonly Change[], readonly number[]])[] = [
  ['a delete and then a compaction', [deleteRow(11), compact], [1]],
  ['a delete and then a compaction that calls itself an overwrite', [deleteRow(11), compactAsOverwrite], [1]],
  ['a compaction and then a delete', [compact, deleteRow(11)], [1]],
  ['an equality delete between two compactions', [compactAsOverwrite, deleteEqual(31), compact], [3]],
  ['deletes before and after a compaction', [deleteRow(1), compact, deleteRow(31)], [0, 3]],
  [
    'an update and a compaction',
    [(world) => world.sql(`update raw.events set id = 99 where id = 21`), compact],
    [2],
  ],
  [
    'a landing, deletes of its rows and others, and a compaction',
    [land(40, 5), deleteRow(41), deleteRow(2), compact],
    [0, 5],
  ],
  ['rows that came and went, by equality, and a compaction', [land(40, 5), deletesEqual(40), compact], []],
  [
    'a landing, maintenance that puts its rows among the others, and a delete of an old row',
    [land(40, 5), maintain, deleteRow(11)],
    [1, 5],
  ],
  ['maintenance and an equality delete', [land(40, 5), maintain, deleteEqual(31)], [3, 5]],
  [
    'maintenance and an update',
    [land(40, 5), maintain, (world) => world.sql(`update raw.events set id = 99 where id = 21`)],
    [2, 5],
  ],
  ['maintenance and a delete of a row that is new', [land(40, 5), maintain, deleteRow(41)], [5]],
];

describe.each(['2', '3'])('format version %s', (formatVersion) => {
  it.each(SEQUENCES)('%s', async (_name, changes, hours) => {
    const world = await loadedWorld(formatVersion);
    await inOrder(world, changes);
    const plan = await world.plan('overwrite_load');
    expect(changedHours(plan)).toEqual(hours);
    if (hours.length > 0) await world.publish('overwrite_load');
    expect(await overwritten(world)).toEqual(await inSource(world));
    expect((await runOne(world, 'overwrite_load')).status).toBe('nothing-new');
  });
});

describe('a table of version 1 that becomes one of version 2 between two sessions', () => {
  const upgrade: Change = (world) =>
    world.commit('raw.events', [{ action: 'upgrade-format-version', 'format-version': 2 }]);
  it.each([
    ['a landing before, and a delete', [land(40, 5), upgrade, deleteRow(11)]],
    ['a landing before, and an equality delete', [land(40, 5), upgrade, deleteEqual(11)]],
    ['a landing after, and a delete', [upgrade, land(40, 5), deleteRow(11)]],
    ['a landing after, and an equality delete', [upgrade, land(40, 5), deleteEqual(11)]],
    [
      'landings on both sides, and deletes of old and new rows',
      [land(40, 5), upgrade, land(50, 5), deleteRow(11), deleteEqual(41), deleteRow(51)],
    ],
  ] as const)('%s', async (_name, changes) => {
    const world = await loadedWorld('1');
    await inOrder(world, changes);
    expect(changedHours(await world.plan('overwrite_load'))).toEqual([1, 5]);
    await world.publish('overwrite_load');
    expect(await overwritten(world)).toEqual(await inSource(world));
    expect(await runOne(world, 'append_load')).toMatchObject({
      status: 'refused',
      error: { code: 'source-changed' },
    });
  });
});

describe('the plan', () => {
  it('names the files that went and came, and the deletes of files that stayed, for the hours of their rows alone', async () => {
    const world = await eventWorld();
    await inOrder(world, [land(20, 2), land(30, 3)]);
    await world.run();
    // One file an hour: those of hours 0 and 1 are rewritten without a row of hour 0, and a row of hour 3
    // goes from a file that stays.
    const rewritten = (await world.sql('select distinct filename from raw.events where id < 20')).map((row) =>
      String(row['filename']),
    );
    await deleteRow(3)(world);
    await world.changeFiles('raw.events', {
      operation: 'replace',
      remove: (files) => files.filter((file) => rewritten.includes(file.path)),
      insert: 'from raw.events where id < 20',
    });
    await deleteRow(31)(world);
    const plan = await world.plan('overwrite_load');
    expect(changedHours(plan)).toEqual([0, 3]);
    expect(
      plan.hours.map((hour) => hour.causes.map((cause) => `${cause.operation} ${cause.change}`).sort()),
    ).toEqual([['replace added', 'replace removed'], [], [], ['delete deletes']]);
    expect(told(plan)).toEqual([
      'delete false: deletes no row of a file that is still there; the files that were replaced since were compared',
      'replace true: files were rewritten, and rows of 1 hour changed (the rows were compared)',
      'delete true: deletes single rows; their hours were found by comparing the files that they were in',
    ]);
    await world.publish('overwrite_load');
    expect(await overwritten(world)).toEqual(await inSource(world));
  });
});

describe('a stateless process', () => {
  it('goes on with rows that came, whatever happened to their files, while those that it loaded are all there', async () => {
    const world = await loadedWorld('2');
    await inOrder(world, [land(40, 5), deletesEqual(90), compact, land(50, 6)]);
    const plan = await world.plan('append_load');
    expect(plan.sources[0]).toMatchObject({ rows: '10', files: 2 });
    expect(told(plan).filter((change) => change.startsWith('replace'))).toEqual([
      'replace false: files were rewritten, no row changed (the rows were compared)',
    ]);
    expect(await runOne(world, 'append_load')).toMatchObject({ status: 'published', rows_read: '10' });
    // New rows of which some are gone again: more deletes than the file has rows.
    await inOrder(world, [land(60, 5), deletesEqual(62), compactAsOverwrite]);
    expect(await runOne(world, 'append_load')).toMatchObject({ status: 'published', rows_read: '2' });
    expect(await appended(world)).toEqual(await inSource(world));
    expect((await runOne(world, 'append_load')).status).toBe('nothing-new');
  });

  it('stops where a loaded row was deleted and compacted away, and where new rows went into a file of old ones that was changed since', async () => {
    const world = await loadedWorld('2');
    await inOrder(world, [land(40, 5), deleteRow(11), compact]);
    const record = await runOne(world, 'append_load');
    expect(record).toMatchObject({ status: 'refused', error: { code: 'source-changed' } });
    expect(record.error?.message).toContain('rows of 1 hour changed (the rows were compared)');
    const other = await loadedWorld('2');
    await inOrder(other, [land(40, 5), compact, deleteRow(41)]);
    expect(await runOne(other, 'append_load')).toMatchObject({
      status: 'refused',
      error: { code: 'source-changed' },
    });
  });
});

describe('after an expiry that left the watermark’s snapshot', () => {
  async function expiredWorld(changes: readonly Change[]): Promise<World> {
    const world = await loadedWorld('2');
    const mark = (await snapshotIds(world)).at(-1) as bigint;
    await inOrder(world, changes);
    await expireAllBut(world, 1, [mark]);
    return world;
  }

  it('a compaction among appends is told from them, and an appending process goes on', async () => {
    const world = await expiredWorld([land(40, 5), deleteRow(43), compactBelow(40), land(50, 5)]);
    const plan = await world.plan('append_load');
    expect(plan.sources[0]).toMatchObject({ detected_by: 'live-files', files: 2 });
    expect(changedHours(await world.plan('overwrite_load'))).toEqual([5]);
    expect(await runOne(world, 'append_load')).toMatchObject({ status: 'published', rows_read: '9' });
    await world.publish('overwrite_load');
    expect(await appended(world)).toEqual(await inSource(world));
    expect(await overwritten(world)).toEqual(await inSource(world));
  });

  it('a deleted row that was compacted away is the work of its hour, and stops an appending process', async () => {
    const world = await expiredWorld([deleteRow(11), compact, land(40, 5)]);
    expect(changedHours(await world.plan('overwrite_load'))).toEqual([1, 5]);
    expect(await runOne(world, 'append_load')).toMatchObject({
      status: 'refused',
      error: { code: 'source-changed' },
    });
  });
});

it('a rewrite that is rolled back beside row-level deletes brings its old rows back', async () => {
  const world = await loadedWorld('2');
  await deleteRow(31)(world);
  await world.publish('overwrite_load');
  const before = (await snapshotIds(world)).at(-1) as bigint;
  // The files without deletes alone: as many rows go as come.
  const old = (await world.sql('select distinct filename from raw.events where id < 20')).map((row) =>
    String(row['filename']),
  );
  await world.changeFiles('raw.events', {
    operation: 'overwrite',
    remove: (files) => files.filter((file) => old.includes(file.path)),
    insert: 'select case id when 11 then 99 else id end as id, ts from raw.events where id < 20',
  });
  await world.publish('overwrite_load');
  await world.rollback('raw.events', before);
  expect(changedHours(await world.plan('overwrite_load'))).toEqual([1]);
  await world.publish('overwrite_load');
  expect(await overwritten(world)).toEqual(await inSource(world));
});
