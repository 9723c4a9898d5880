// Goal: maintenance frees exactly what nobody needs. Method: loads, maintenance with no grace, then rows,
// watermarks and the files on disk.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mainSnapshot } from '../../src/iceberg/history.ts';
import type { MaintainRecord, MaintainRequest } from '../../src/index.ts';
import { progressInSummary } from '../../src/state/process-progress.ts';
import { filesOf, reachedFiles } from '../support/reachable.ts';
import { hourAt, processFile, type World, worldForTest } from '../support/world.ts';

const AT_ONCE: MaintainRequest = {
  olderThanMs: 0,
  orphanGraceMs: 0,
  force: true,
  only: ['expire', 'orphans'],
};

const copyLoad = processFile(
  {
    process_name: 'copy_load',
    pattern: 'stateless',
    sources: [{ table: 'raw.events', event_time: 'ts' }],
    target: { table: 'facts.copy', event_time: 'ts', partition_by: ['hour(ts)'] },
  },
  'select id, ts from events',
);
const countLoad = processFile(
  {
    process_name: 'count_load',
    pattern: 'stateful',
    sources: [{ table: 'facts.copy', event_time: 'ts' }],
    target: { table: 'facts.counts', event_time: 'h', partition_by: ['hour(h)'] },
  },
  "select date_trunc('hour', ts) as h, count(*) as n from copy group by 1",
);
const EXPECTED = "select date_trunc('hour', ts) as h, count(*) as n from raw.events group by 1";

/** Ten rows of an hour, and one of the hour before. */
const landing = (hour: number): string =>
  `select ${hour * 100} + i as id, timestamptz '${hourAt(hour)}' - to_hours(case when i = 10 then 1 else 0 end) as ts from range(11) as t(i)`;

async function loadedWorld(): Promise<World> {
  const world = await worldForTest({ processes: [copyLoad, countLoad] });
  await world.create('raw.events', 'id bigint, ts timestamptz', { partitionedBy: 'hour(ts)' });
  return world;
}
const recordOf = (records: readonly MaintainRecord[], table: string): MaintainRecord =>
  records.find((record) => record.table === table) as MaintainRecord;

async function expectTidy(world: World, tables: readonly string[]): Promise<void> {
  for (const table of tables)
    expect({ table, files: await filesOf(world, table) }).toEqual({
      table,
      files: await reachedFiles(world, table),
    });
}

describe('expiry', () => {
  it('keeps what a process that is behind has not read, and takes it once it has', async () => {
    const world = await loadedWorld();
    for (let hour = 0; hour < 3; hour += 1) {
      await world.land('raw.events', landing(hour));
      await world.run();
    }
    for (let hour = 3; hour < 7; hour += 1) {
      await world.land('raw.events', landing(hour));
      await world.publish('copy_load');
    }
    const first = await world.psyberg.maintain(undefined, AT_ONCE);
    expect(first.tables.map((record) => record.error)).toEqual(first.tables.map(() => null));
    // count_load read up to the third snapshot of facts.copy: that one stays by its tag, and the four after
    // it for the watermark (the head stays anyway).
    expect(recordOf(first.tables, 'facts.copy').expired).toMatchObject({
      snapshots: 3,
      kept: 5,
      kept_for: [{ who: 'watermark of count_load', snapshots: 3 }],
    });
    expect(recordOf(first.tables, 'raw.events').expired).toMatchObject({
      snapshots: 6,
      kept: 1,
      kept_for: [],
    });
    expect((await world.plan('count_load')).sources[0]).toMatchObject({ detected_by: 'snapshots' });
    expect((await world.run()).map((record) => record.status)).toEqual(['nothing-new', 'published']);
    expect(await world.rows('select h, n from facts.counts')).toEqual(await world.rows(EXPECTED));
    const second = await world.psyberg.maintain(undefined, AT_ONCE);
    expect(recordOf(second.tables, 'facts.copy').expired).toMatchObject({
      snapshots: 4,
      kept: 1,
      kept_for: [],
    });
    // The overwrites' replaced files went with the snapshots that held them.
    expect(recordOf(second.tables, 'facts.counts').freed.data_files).toBeGreaterThan(0);
    await expectTidy(world, [
      'raw.events',
      'facts.copy',
      'facts.counts',
      'psyberg.high_water_mark_table',
      'psyberg.psyberg_session_f',
      'psyberg.psyberg_signal',
    ]);
    expect((await world.run()).map((record) => record.status)).toEqual(['nothing-new', 'nothing-new']);
    await world.land('raw.events', landing(7));
    await world.run();
    expect(await world.rows('select h, n from facts.counts')).toEqual(await world.rows(EXPECTED));
    expect(progressInSummary(await world.metadata('facts.copy'), 'copy_load')).toBeDefined();
  });

  it('with --dry-run says the same and changes nothing', async () => {
    const world = await loadedWorld();
    for (let hour = 0; hour < 3; hour += 1) {
      await world.land('raw.events', landing(hour));
      await world.run();
    }
    const before = {
      files: await filesOf(world, 'facts.counts'),
      snapshot: mainSnapshot(await world.metadata('facts.counts')),
      events: await filesOf(world, 'raw.events'),
    };
    const said = await world.psyberg.maintain(undefined, { ...AT_ONCE, dryRun: true });
    expect({
      files: await filesOf(world, 'facts.counts'),
      snapshot: mainSnapshot(await world.metadata('facts.counts')),
      events: await filesOf(world, 'raw.events'),
    }).toEqual(before);
    const did = await world.psyberg.maintain(undefined, AT_ONCE);
    const facts = (record: MaintainRecord) => ({ ...record, dry_run: null, seconds: null });
    expect(said.tables.filter((record) => record.table.startsWith('facts')).map(facts)).toEqual(
      did.tables.filter((record) => record.table.startsWith('facts')).map(facts),
    );
  });

  it('leaves a table alone that forbids it, and keeps tagged snapshots and running sessions', async () => {
    const world = await loadedWorld();
    for (let hour = 0; hour < 4; hour += 1) await world.land('raw.events', landing(hour));
    const [first, second] = await world.history('raw.events');
    await world.commit('raw.events', [
      {
        action: 'set-snapshot-ref',
        'ref-name': 'release',
        type: 'tag',
        'snapshot-id': first?.['snapshot-id'] as bigint,
      },
    ]);
    await world.commit('raw.events', [{ action: 'set-properties', updates: { 'gc.enabled': 'false' } }]);
    const [left] = (await world.psyberg.maintain(['raw.events'], AT_ONCE)).tables;
    expect(left).toMatchObject({
      status: 'skipped',
      expired: null,
      notes: [expect.stringContaining('gc.enabled')],
    });
    await world.commit('raw.events', [{ action: 'remove-properties', removals: ['gc.enabled'] }]);
    // A marker of this very process: a session is at work.
    const folder = join(world.warehouse, '.psyberg', 'sessions', 'psyberg_some_load_20230914000000');
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(folder, 'session.json'),
      JSON.stringify({
        pid: process.pid,
        host: 'elsewhere',
        started_at: new Date().toISOString(),
        stepwise: false,
      }),
    );
    utimesSync(join(folder, 'session.json'), new Date(), new Date((second?.['timestamp-ms'] as number) + 1));
    const [busy] = (await world.psyberg.maintain(['raw.events'], AT_ONCE)).tables;
    expect(busy?.expired).toMatchObject({
      snapshots: 0,
      kept_for: [{ who: 'a running session', snapshots: 2 }],
    });
  });

  it('drops the branch of a session whose process is no longer in the project, and nobody is at work on it', async () => {
    const world = await loadedWorld();
    for (let hour = 0; hour < 3; hour += 1) await world.land('raw.events', landing(hour));
    const [first] = await world.history('raw.events');
    const [known] = world.psyberg.project.processes;
    const branches = {
      gone: 'psyberg_taken_out_20230914000000',
      busy: 'psyberg_taken_out_20230914000001',
      own: `psyberg_${known?.processName}_20230914000000`,
    };
    for (const name of Object.values(branches))
      await world.commit('raw.events', [
        {
          action: 'set-snapshot-ref',
          'ref-name': name,
          type: 'branch',
          'snapshot-id': first?.['snapshot-id'] as bigint,
        },
      ]);
    const folder = join(world.warehouse, '.psyberg', 'sessions', branches.busy);
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(folder, 'session.json'),
      JSON.stringify({ pid: 1, host: 'elsewhere', started_at: new Date().toISOString(), stepwise: false }),
    );
    const { tables } = await world.psyberg.maintain(['raw.events'], AT_ONCE);
    expect(recordOf(tables, 'raw.events').expired?.refs).toEqual([branches.gone]);
    expect(Object.keys((await world.metadata('raw.events')).refs ?? {})).toEqual(
      expect.arrayContaining([branches.busy, branches.own]),
    );
  });
});

describe('orphans', () => {
  it('go when they are old, of a known kind and in no metadata; the rest is reported', async () => {
    const world = await loadedWorld();
    await world.land('raw.events', landing(1));
    const data = join(world.warehouse, 'raw', 'events', 'data');
    const metadata = join(world.warehouse, 'raw', 'events', 'metadata');
    const old = new Date(Date.now() - 48 * 3_600_000);
    const plant = (path: string, time: Date = old): string => {
      writeFileSync(path, 'x');
      utimesSync(path, time, time);
      return path;
    };
    const plantBelow = (path: string): string => {
      mkdirSync(dirname(join(metadata, path)), { recursive: true });
      return plant(join(metadata, path));
    };
    const outside = join(world.root, 'outside');
    mkdirSync(outside);
    const linked = plant(join(outside, 'linked.parquet'));
    symlinkSync(outside, join(data, 'link'));
    const gone = [
      plant(join(data, 'left.parquet')),
      plant(join(metadata, 'left-m0.avro')),
      plant(join(metadata, 'snap-1-left.avro')),
      // What an engine elsewhere was shown by a session that nobody cleaned up after.
      plantBelow('psyberg_event_load_20230914061501/changes-e-1.avro'),
      plantBelow('psyberg_event_load_20230914061501/spark-1/sources/e/metadata/v1.metadata.json'),
      plantBelow('psyberg_event_load_20230914061501/spark-1/sources/e/metadata/version-hint.text'),
      // The same of a look that was killed, and of `doctor`.
      plantBelow('psyberg-look-aB3dE6/changes-e-1.avro'),
      plantBelow('psyberg-look-aB3dE6/spark-1/sources/e/metadata/v1.metadata.json'),
      plantBelow('doctor-0b9f6c1e/v1.metadata.json'),
    ];
    const stays = [
      plant(join(data, 'young.parquet'), new Date()),
      plant(join(data, '_SUCCESS')),
      plant(join(metadata, '00099-left.metadata.json')),
      linked,
    ];
    const dropped = join(world.warehouse, 'raw', 'dropped', 'metadata');
    mkdirSync(dropped, { recursive: true });
    plant(join(dropped, 'snap-1.avro'));
    const report = await world.psyberg.maintain(undefined, { only: ['orphans'] });
    expect(recordOf(report.tables, 'raw.events')).toMatchObject({
      status: 'done',
      orphans: { data_files: 1, manifests: 1, manifest_lists: 1, metadata_files: 0, other_files: 6 },
      reported: { metadata_files: 1, unknown_files: 1, bytes: '2' },
    });
    expect(report.dropped_tables).toMatchObject([
      { folder: join(world.warehouse, 'raw', 'dropped'), files: 1, deleted: false },
    ]);
    expect([gone.filter(existsSync), stays.filter(existsSync)]).toEqual([[], stays]);
    // No metadata file says that the folder was a table's: it stays.
    expect(
      (await world.psyberg.maintain(undefined, { only: ['orphans'], droppedTables: true })).dropped_tables,
    ).toMatchObject([{ deleted: false }]);
    await expect(
      world.psyberg.maintain(undefined, { only: ['orphans'], orphanGraceMs: 60_000 }),
    ).rejects.toMatchObject({ code: 'orphan-grace-too-short', kind: 'usage' });
  });

  it('are not what another table of the catalog reaches, nor anything while files are missing', async () => {
    const world = await loadedWorld();
    await world.land('raw.events', landing(1));
    // The rows that come were written by a table that is dropped: its folder holds live files of raw.events.
    await world.changeFiles('raw.events', { operation: 'append', insert: landing(2) });
    const report = await world.psyberg.maintain(undefined, {
      ...AT_ONCE,
      droppedTables: true,
      orphanMetadata: true,
    });
    expect(report.dropped_tables.every((each) => each.deleted)).toBe(true);
    expect(await world.rows('select count(*) from raw.events')).toEqual(['["22"]']);
    expect(
      (await filesOf(world, 'raw.auxiliary_1')).every(
        (file) => file.endsWith('.parquet') || file.endsWith('-m0.avro'),
      ),
    ).toBe(true);
    const folder = join(world.warehouse, 'raw', 'events', 'data');
    const file = readdirSync(folder, { recursive: true })
      .map(String)
      .find((name) => name.endsWith('.parquet')) as string;
    const planted = join(folder, 'planted.parquet');
    writeFileSync(planted, 'x');
    renameSync(join(folder, file), join(world.root, 'away.parquet'));
    const [damaged] = (await world.psyberg.maintain(['raw.events'], { ...AT_ONCE, only: ['orphans'] }))
      .tables;
    expect(damaged?.notes.join()).toContain('do not exist');
    expect(existsSync(planted)).toBe(true);
  });
});
