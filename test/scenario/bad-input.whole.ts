// Goal: a source that is damaged gives one clear error with table, snapshot and file, and nothing moves.
// Method: real tables, then files removed or overwritten.
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { mainSnapshot } from '../../src/iceberg/history.ts';
import { manifestsOf } from '../../src/tables/read/manifest-list.ts';
import { hourAt, processFile, type World, worldForTest } from '../support/world.ts';

const rows = (first: number, hour: number): string =>
  `select ${first} + i as id, timestamptz '${hourAt(hour)}' + to_seconds(i) as ts from range(5) t(i)`;
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
  if (kind === 'data file')
    return String(
      (await world.sql('select distinct filename from raw.events where id = 20'))[0]?.['filename'],
    );
  const manifests = await manifestsOf(await world.psyberg.internals.engine(), head);
  return manifests.find((manifest) => manifest.added_snapshot_id === head['snapshot-id'])
    ?.manifest_path as string;
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
    const before = await world.rows(
      'select src_table, snapshot_id, process_name from psyberg.high_water_mark_table',
    );
    const whole = readFileSync(file);
    DAMAGES[damage]?.(file);
    for (const record of await world.run())
      expect(record).toMatchObject({
        status: 'refused',
        error: {
          code: 'source-unreadable',
          retryable: false,
          kind: 'refused',
          context: { table: 'raw.events', snapshot_id: head, file },
          message: expect.stringContaining(file),
        },
      });
    expect(
      await world.rows('select src_table, snapshot_id, process_name from psyberg.high_water_mark_table'),
    ).toEqual(before);
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
      error: {
        code: 'event-time-missing',
        hint: expect.stringContaining('id, ts'),
        kind: 'usage',
        context: { table: 'raw.events', column: 'happened' },
      },
    });
  });

  it('whose event-time column was dropped since is refused the same way', async () => {
    const world = await worldWithNews();
    await world.sql('alter table raw.events drop column ts');
    for (const record of await world.run())
      expect(record).toMatchObject({
        status: 'failed',
        error: { code: 'event-time-missing', kind: 'usage' },
      });
  });
});

describe('a watermark row that contradicts the target', () => {
  const state = async (world: World) => [
    await world.rows('from psyberg.high_water_mark_table'),
    await world.rows(`from psyberg.psyberg_session_f where status = 'published'`),
    (await world.metadata('facts.stateless'))['current-snapshot-id'],
    await world.leftovers(),
  ];
  const names = 'psyberg.high_water_mark_table';

  async function expectRefused(world: World, context: object, message: string): Promise<void> {
    const before = await state(world);
    await expect(world.plan('stateless_load')).rejects.toMatchObject({
      code: 'watermark-contradiction',
      kind: 'refused',
    });
    const [record] = await world.run(['stateless_load']);
    expect(record).toMatchObject({
      status: 'refused',
      error: {
        code: 'watermark-contradiction',
        retryable: false,
        message: expect.stringContaining(message),
        kind: 'refused',
        context: { table: 'raw.events', ...context },
      },
    });
    expect(record?.error?.hint).toContain(`delete the rows of process_name 'stateless_load' from ${names}`);
    expect(await state(world)).toEqual(before);
  }

  it('that lost its newest session to an older copy of it is refused; with the rows deleted the summaries decide', async () => {
    const world = await worldWithNews();
    const older = (await world.metadata('facts.stateless'))['current-snapshot-id'] as bigint;
    await world.publish('stateless_load');
    const newest = (await world.metadata('facts.stateless'))['current-snapshot-id'] as bigint;
    const head = String(mainSnapshot(await world.metadata('raw.events'))?.['snapshot-id']);
    // Without the snapshot, metadata are what they were before the session: an older copy, put in its place.
    await world.rollback('facts.stateless', older);
    await world.expire('facts.stateless', [newest]);
    await expectRefused(
      world,
      { snapshot_id: head, process_name: 'stateless_load' },
      'the newest session that facts.stateless tells of is',
    );
    await world.sql(`delete from ${names} where process_name = 'stateless_load'`);
    expect(await world.publish('stateless_load')).toMatchObject({ rows_read: '5' });
    expect(await world.rows('from facts.stateless')).toEqual(await world.rows('from raw.events'));
  });

  it.each([
    ['snapshot', 'snapshot_id = 77', { snapshot_id: '77' }],
    ['table', "table_uuid = 'another'", { table_uuid: 'another' }],
  ])('about the %s of one and the same session is refused', async (_what, change, context) => {
    const world = await worldWithNews();
    await world.sql(
      `create temp table changed as from ${names}; update changed set ${change} where process_name = 'stateless_load'`,
    );
    await world.sql(`delete from ${names} where process_name = 'stateless_load'`);
    await world.sql(`insert into ${names} from changed where process_name = 'stateless_load'`);
    await expectRefused(world, context, 'says of the same session snapshot');
    expect((await world.run(['stateful_load']))[0]?.status).toBe('published');
  });

  it('by being behind it is put right by the next session', async () => {
    const world = await worldWithNews();
    await world.sql(`create temp table old as from ${names}`);
    await world.publish('stateless_load');
    await world.sql(`delete from ${names} where process_name = 'stateless_load'`);
    await world.sql(`insert into ${names} from old where process_name = 'stateless_load'`);
    const first = (await world.history('facts.stateless'))[0]?.['snapshot-id'] as bigint;
    await world.expire('facts.stateless', [first]);
    await world.land('raw.events', rows(30, 3));
    expect(await world.publish('stateless_load')).toMatchObject({ rows_read: '5' });
    expect(await world.rows('from facts.stateless')).toEqual(await world.rows('from raw.events'));
    const head = String(mainSnapshot(await world.metadata('raw.events'))?.['snapshot-id']);
    expect(
      await world.rows(`select snapshot_id::varchar from ${names} where process_name = 'stateless_load'`),
    ).toEqual([JSON.stringify([head])]);
  });

  it('is not looked for where nothing is to be done: DuckDB is not started', async () => {
    const world = await worldWithNews();
    await world.run();
    await world.reopen();
    expect((await world.run()).map((record) => record.status)).toEqual(['nothing-new', 'nothing-new']);
    expect(world.psyberg.internals.engineStarted()).toBe(false);
  });
});
