// Goal: rows that are deleted one by one change exactly their own hours, whichever way a writer deletes.
// Method: DuckDB's DELETE, and delete files as Flink and Spark leave them; expected rows are written out, so
// that an error of the engine that reads them would show.
import { truncateSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { RowDelete } from '../support/row-deletes.ts';
import { hourAt, hourNumbers, processFile, type World, worldForTest } from '../support/world.ts';

const ROWS_PER_HOUR = 5;
/** Rows id 10 * hour .. 10 * hour + 4, one commit an hour. */
const hourRows = (...hours: readonly number[]): string =>
  hours
    .map(
      (hour) =>
        `select ${hour * 10} + i as id, timestamptz '${hourAt(hour)}' + to_minutes(i) as ts, 'k' || (${hour * 10} + i) as k from range(${ROWS_PER_HOUR}) t(i)`,
    )
    .join(' union all ');
const idsOf = (hours: readonly number[], without: readonly number[] = []): string[] =>
  hours
    .flatMap((hour) => Array.from({ length: ROWS_PER_HOUR }, (_, index) => hour * 10 + index))
    .filter((id) => !without.includes(id))
    .map((id) => `["${id}"]`)
    .sort();

const stateful = processFile(
  {
    process_name: 'hours_load',
    pattern: 'stateful',
    sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e' }],
    target: { table: 'facts.hours', event_time: 'ts' },
    hours: 'touched',
  },
  'select id::bigint as id, ts from e',
);
const stateless = (source: object = {}) =>
  processFile(
    {
      process_name: 'rows_load',
      pattern: 'stateless',
      sources: [{ table: 'raw.events', event_time: 'ts', alias: 'e', ...source }],
      target: { table: 'facts.rows' },
      audits: ['source_to_target_count'],
    },
    'select id, ts from e',
  );

interface Layout {
  readonly formatVersion: string;
  readonly partitionedBy?: string;
}
/** Hours 0..3, two in each file of an unpartitioned table, loaded by both processes. */
async function loadedWorld(layout: Layout, source: object = {}): Promise<World> {
  const world = await worldForTest({ processes: [stateful, stateless(source)] });
  await world.create('raw.events', 'id bigint, ts timestamptz, k varchar', layout);
  await world.land('raw.events', hourRows(0, 1));
  await world.land('raw.events', hourRows(2, 3));
  await world.publish('hours_load');
  await world.publish('rows_load');
  return world;
}
const hoursIds = (world: World) => world.rows('select id from facts.hours');
const rowsIds = (world: World) => world.rows('select id from facts.rows');
const deletes = (world: World, ...list: readonly RowDelete[]) =>
  world.changeFiles('raw.events', { operation: 'delete', deletes: list });

/** How a writer deletes the rows of some ids. */
type Delete = (world: World, ids: readonly number[]) => Promise<unknown>;
const byDuckdb: Delete = (world, ids) => world.sql(`delete from raw.events where id in (${ids.join()})`);
const byPosition: Delete = (world, ids) =>
  deletes(world, { kind: 'position', where: `id in (${ids.join()})`, per: 'partition' });
const byEquality: Delete = (world, ids) =>
  deletes(world, { kind: 'equality', columns: ['id'], values: `select unnest([${ids.join()}])::bigint` });
const WAYS: readonly (readonly [string, Delete, Layout])[] = [
  ['position deletes of a file', byDuckdb, { formatVersion: '2' }],
  ['position deletes of a partition', byPosition, { formatVersion: '2', partitionedBy: 'day(ts)' }],
  ['equality deletes', byEquality, { formatVersion: '2' }],
  ['equality deletes in each partition', byEquality, { formatVersion: '2', partitionedBy: 'hour(ts)' }],
  ['deletion vectors', byDuckdb, { formatVersion: '3', partitionedBy: 'bucket(2, id)' }],
];

describe.each(WAYS)('%s', (_name, deleteRows, layout) => {
  it('change the hours of their rows alone, and stop a stateless process', async () => {
    const world = await loadedWorld(layout);
    await deleteRows(world, [11, 34]);
    const plan = await world.plan('hours_load');
    expect(hourNumbers(plan.hours)).toEqual([1, 3]);
    expect(plan.sources[0]).toMatchObject({ bounds_from: 'scan', rows: '0', files: 0 });
    for (const each of plan.hours)
      for (const cause of each.causes) expect(cause.file).toMatch(/deletes\.(parquet|puffin)$/);
    await world.publish('hours_load');
    expect(await hoursIds(world)).toEqual(idsOf([0, 1, 2, 3], [11, 34]));
    expect((await world.run(['rows_load']))[0]).toMatchObject({
      status: 'refused',
      error: { code: 'source-changed', kind: 'refused' },
    });
    // The same files again, with one more row gone: the older deletes are no news.
    await deleteRows(world, [12, 13]);
    expect(hourNumbers((await world.plan('hours_load')).hours)).toEqual([1]);
    await world.publish('hours_load');
    expect(await hoursIds(world)).toEqual(idsOf([0, 1, 2, 3], [11, 34, 12, 13]));
    expect((await world.run(['hours_load']))[0]?.status).toBe('nothing-new');
  });

  it('of rows that came since the watermark leave these out', async () => {
    const world = await loadedWorld(layout);
    await world.land('raw.events', hourRows(4, 5));
    await deleteRows(world, [41, 52]);
    await deleteRows(world, [42, 53]);
    expect(await world.publish('rows_load')).toMatchObject({ rows_read: '6' });
    expect(await rowsIds(world)).toEqual(idsOf([0, 1, 2, 3, 4, 5], [41, 42, 52, 53]));
    await world.publish('hours_load');
    expect(await hoursIds(world)).toEqual(idsOf([0, 1, 2, 3, 4, 5], [41, 42, 52, 53]));
    expect((await world.run()).map((record) => record.status)).toEqual(['nothing-new', 'nothing-new']);
  });
});

describe('row-level deletes', () => {
  it('that hit nothing are no news: an upsert of new keys', async () => {
    const world = await loadedWorld({ formatVersion: '2' });
    // Flink deletes each key before it writes it, also where there is none: rows and deletes in one commit,
    // which the deletes do not apply to.
    await world.changeFiles('raw.events', {
      operation: 'overwrite',
      insert: hourRows(4),
      deletes: [{ kind: 'equality', columns: ['id'], values: 'select unnest(range(40, 45))' }],
    });
    expect(await world.publish('rows_load')).toMatchObject({ rows_read: '5' });
    expect(await rowsIds(world)).toEqual(idsOf([0, 1, 2, 3, 4]));
    await byEquality(world, [999]);
    const plan = await world.plan('rows_load');
    expect(plan).toMatchObject({
      status: 'nothing-new',
      sources: [{ changes: [{ counted: false, reason: 'deletes no row that was there' }] }],
    });
    expect(hourNumbers((await world.plan('hours_load')).hours)).toEqual([4]);
  });

  it('beside on_source_change: append-added take nothing from what was loaded, and leave out new rows that are gone', async () => {
    const world = await loadedWorld({ formatVersion: '2' }, { on_source_change: 'append-added' });
    await world.land('raw.events', hourRows(4));
    await byDuckdb(world, [11, 41]);
    expect(await world.publish('rows_load')).toMatchObject({ rows_read: '4' });
    expect(await rowsIds(world)).toEqual(idsOf([0, 1, 2, 3, 4], [41]));
  });

  it('beside a data manifest that cannot be read name it', async () => {
    const world = await loadedWorld({ formatVersion: '2' });
    const [manifest] = await world.sql(
      `select manifest_path from read_avro('${(await world.history('raw.events')).at(-1)?.['manifest-list']}') order by sequence_number`,
    );
    const file = String(manifest?.['manifest_path']);
    await byDuckdb(world, [11]);
    truncateSync(file, 300);
    expect((await world.run(['hours_load']))[0]).toMatchObject({
      status: 'refused',
      error: { code: 'source-unreadable', context: { table: 'raw.events', file } },
    });
  });

  it('count for all hours of their files when the watermark was expired', async () => {
    const world = await loadedWorld({ formatVersion: '2' });
    await byDuckdb(world, [11]);
    await world.expire(
      'raw.events',
      (await world.history('raw.events')).slice(0, -1).map((snapshot) => snapshot['snapshot-id']),
    );
    const plan = await world.plan('hours_load');
    expect(hourNumbers(plan.hours)).toEqual([0, 1]);
    expect(plan.sources[0]?.bounds_from).toBe('manifest');
    await world.publish('hours_load');
    expect(await hoursIds(world)).toEqual(idsOf([0, 1, 2, 3], [11]));
  });

  it('that are rolled back bring their rows back', async () => {
    const world = await loadedWorld({ formatVersion: '3' });
    const before = (await world.history('raw.events')).at(-1)?.['snapshot-id'] as bigint;
    await byDuckdb(world, [11, 21]);
    await world.publish('hours_load');
    await world.rollback('raw.events', before);
    // One row comes back and another of the same hour goes: as many rows as before, but others.
    await byDuckdb(world, [12]);
    const plan = await world.plan('hours_load');
    expect(plan.sources[0]?.detected_by).toBe('rewound');
    expect(hourNumbers(plan.hours)).toEqual([1, 2]);
    await world.publish('hours_load');
    expect(await hoursIds(world)).toEqual(idsOf([0, 1, 2, 3], [12]));
  });

  it('are followed through renamed columns, and refused where they are older than a widened one', async () => {
    const renamed = processFile(
      { ...stateful.header, sources: [{ table: 'raw.events', event_time: 'happened', alias: 'e' }] },
      'select key::bigint as id, happened as ts from e',
    );
    const world = await worldForTest({ processes: [stateful] });
    await world.create('raw.events', 'id integer, ts timestamptz, k varchar', {
      formatVersion: '2',
      partitionedBy: 'day(ts)',
    });
    await world.land('raw.events', hourRows(0, 1));
    await world.publish('hours_load');
    await deletes(world, { kind: 'equality', columns: ['id'], values: 'select 3::integer' });
    await world.sql('alter table raw.events rename column id to key');
    await world.sql('alter table raw.events rename column ts to happened');
    await deletes(world, { kind: 'equality', columns: ['key'], values: 'select 12::integer' });
    world.writeProcess(renamed);
    await world.reopen();
    expect(hourNumbers((await world.plan('hours_load')).hours)).toEqual([0, 1]);
    await world.publish('hours_load');
    expect(await hoursIds(world)).toEqual(idsOf([0, 1], [3, 12]));
    await world.sql('alter table raw.events alter key type bigint');
    await world.land('raw.events', hourRows(2));
    await deletes(world, { kind: 'equality', columns: ['key'], values: 'select 14::bigint' });
    expect((await world.run(['hours_load']))[0]).toMatchObject({
      status: 'refused',
      error: { code: 'equality-deletes-unreadable', message: expect.stringContaining('widened') },
    });
  });

  it('by a column that holds NULLs are refused, not read wrongly', async () => {
    const world = await loadedWorld({ formatVersion: '2' });
    await world.land('raw.events', `select 99, timestamptz '${hourAt(3)}', null`);
    await world.publish('hours_load');
    await deletes(world, { kind: 'equality', columns: ['k'], values: "select 'k11'" });
    const before = (await world.metadata('facts.hours'))['current-snapshot-id'];
    expect((await world.run(['hours_load']))[0]).toMatchObject({
      status: 'refused',
      error: {
        code: 'equality-deletes-unreadable',
        kind: 'refused',
        context: {
          table: 'raw.events',
          snapshot_id: expect.any(String),
          file: expect.stringMatching(/parquet$/),
        },
      },
    });
    expect((await world.metadata('facts.hours'))['current-snapshot-id']).toBe(before);
  });

  it('by a column that was dropped since are refused', async () => {
    const world = await loadedWorld({ formatVersion: '2' });
    await deletes(world, { kind: 'equality', columns: ['k'], values: "select 'k11'" });
    await world.sql('alter table raw.events drop column k');
    expect((await world.run(['hours_load']))[0]).toMatchObject({
      status: 'refused',
      error: { code: 'equality-deletes-unreadable' },
    });
  });
});
