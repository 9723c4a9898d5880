// Goal: what a Spark elsewhere is told, without one. Method: settings of both ways to find tables, names of
// tables in statements, tables of a session put as files, and a clock that is set by hand for statements that
// stand still.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Collected, startCatalog } from '../../src/catalog/index.ts';
import { parseTableMetadata } from '../../src/iceberg/read-metadata.ts';
import { connectError, stalledError } from '../../src/workload/spark/connect/errors.ts';
import { noActivity, watchForStall } from '../../src/workload/spark/connect/stall.ts';
import { sessionFiles, sessionTablesIn } from '../../src/workload/spark/session-files.ts';
import { fileSettings, sessionSettings } from '../../src/workload/spark/settings.ts';

const SERVED = { warehouse: 'psyberg_x_1', uri: 'http://127.0.0.1:4711', token: 'secret' };

describe('the settings of a session', () => {
  it('have plans of few rows interpreted, unless the project says otherwise', () => {
    const at = { kind: 'folder', folder: '/lake', files: {} } as const;
    const compiles = (rows: bigint | undefined, conf = {}): string | undefined =>
      sessionSettings({ conf }, at, rows)['spark.sql.codegen.factoryMode'];
    expect([100_000n, 100_001n, undefined].map((rows) => compiles(rows))).toEqual([
      'NO_CODEGEN',
      undefined,
      undefined,
    ]);
    expect(compiles(1n, { 'spark.sql.codegen.factoryMode': 'FALLBACK' })).toBe('FALLBACK');
  });

  it('name the catalog that psyberg serves, at the address by which Spark sees it', () => {
    const settings = sessionSettings(
      {
        conf: {
          'spark.sql.ansi.enabled': 'false',
          'spark.sql.storeAssignmentPolicy': 'LEGACY',
          'spark.sql.timestampType': 'TIMESTAMP_NTZ',
          'spark.sql.maxPlanStringLength': '60',
          'spark.x': '1',
        },
        catalogUri: 'https://etl:{port}/c',
      },
      { kind: 'served', catalog: SERVED },
    );
    expect(settings).toMatchObject({
      'spark.x': '1',
      'spark.sql.ansi.enabled': 'true',
      'spark.sql.storeAssignmentPolicy': 'ANSI',
      'spark.sql.timestampType': 'TIMESTAMP_LTZ',
      'spark.sql.maxPlanStringLength': '2147483632',
      'spark.sql.catalog.psyberg_session.type': 'rest',
      'spark.sql.catalog.psyberg_session.uri': 'https://etl:4711/c',
      'spark.sql.catalog.psyberg_session.warehouse': 'psyberg_x_1',
      'spark.sql.catalog.psyberg_session.token': 'secret',
    });
  });

  it('name nothing of psyberg where Spark cannot call back', () => {
    const files = fileSettings({
      type: 'rest',
      uri: 'http://other',
      token: 'other',
      's3.endpoint': 'http://store',
      'hadoop.fs.s3a.path.style.access': 'true',
      'cache-enabled': 'true',
    });
    expect(files).toEqual({
      's3.endpoint': 'http://store',
      'hadoop.fs.s3a.path.style.access': 'true',
      'io-impl': 'org.apache.iceberg.io.ResolvingFileIO',
    });
    const settings = sessionSettings(
      { conf: { 'spark.sql.catalog.psyberg_session.s3.endpoint': 'http://mine' }, catalog: 'lake' },
      { kind: 'folder', folder: 's3://b/t/metadata/psyberg_x_1/spark-1', files },
    );
    const ours = Object.entries(settings).filter(([key]) => key.includes('psyberg_session.'));
    expect(Object.fromEntries(ours)).toEqual({
      'spark.sql.catalog.psyberg_session.cache-enabled': 'false',
      'spark.sql.catalog.psyberg_session.hadoop.fs.s3a.path.style.access': 'true',
      'spark.sql.catalog.psyberg_session.io-impl': 'org.apache.iceberg.io.ResolvingFileIO',
      'spark.sql.catalog.psyberg_session.s3.endpoint': 'http://mine',
      'spark.sql.catalog.psyberg_session.type': 'hadoop',
      'spark.sql.catalog.psyberg_session.warehouse': 's3a://b/t/metadata/psyberg_x_1/spark-1',
    });
    expect(fileSettings({ type: 'hive' })).toEqual({});
    expect(fileSettings({ type: 'rest', 'io-impl': 'mine' })).toEqual({ 'io-impl': 'mine' });
  });
});

describe('tables as files', () => {
  it('are those that a statement names', () => {
    const sql = `with "e" as (select * from "psyberg_session"."sources"."a ""b""" -- psyberg_session.sources.no
      union select * from psyberg_session.whole.\`x\`), b as (select 'psyberg_session.sources.no')
      select * from "psyberg_session"."sources"."a ""b""", psyberg_session.sources`;
    expect(sessionTablesIn(sql)).toEqual([
      { namespace: 'sources', name: 'a "b"' },
      { namespace: 'whole', name: 'x' },
    ]);
  });

  it('have a version for each state that is shown, and one that Spark commits becomes what was collected', async () => {
    const warehouse = mkdtempSync(join(tmpdir(), 'psyberg-files-'));
    const catalog = await startCatalog({ warehouse, catalogName: 'lake' });
    onTestFinished(async () => {
      await catalog.close();
      rmSync(warehouse, { recursive: true, force: true });
    });
    const id = { namespace: ['raw'], name: 'events' };
    await catalog.client.createNamespace(['raw']);
    const { metadata } = await catalog.client.createTable(id, {
      schema: {
        type: 'struct',
        'schema-id': 0,
        fields: [{ id: 1, name: 'id', type: 'long', required: false }],
      },
      properties: {
        'write.metadata.path': join(warehouse, 'raw/events/other'),
        'write.metadata.delete-after-commit.enabled': 'true',
        'write.metadata.compression-codec': 'gzip',
      },
    });
    const collected: Collected = { metadata: undefined };
    const show = (into: Collected): void =>
      catalog.views.open({
        name: SERVED.warehouse,
        tables: [
          {
            identifier: { namespace: ['sources'], name: 'e' },
            table: id,
            show: { kind: 'branch', branch: 'b' },
          },
          {
            identifier: { namespace: ['collected'], name: 't' },
            table: id,
            show: { kind: 'collected', folder: 'psyberg_x_1', into },
          },
        ],
      });
    show(collected);
    const served = { ...SERVED, uri: catalog.uri, token: catalog.token };
    const files = sessionFiles({ served, folder: join(warehouse, 'views'), collected });
    const versions = (table: string): string[] => readdirSync(join(files.folder, table, 'metadata')).sort();
    const read = (table: string, version: number) =>
      parseTableMetadata(
        readFileSync(join(files.folder, table, 'metadata', `v${version}.metadata.json`), 'utf8'),
      );
    const statement =
      'insert into psyberg_session.collected.t select * from psyberg_session.sources.e, psyberg_session.sources.gone';
    await files.bring(statement);
    await files.bring(statement);
    expect([versions('sources/e'), versions('collected/t')]).toEqual([
      ['v1.metadata.json'],
      ['v1.metadata.json'],
    ]);
    // Spark deletes what the log counts as old, takes no other place for the metadata of such a table, and names
    // compressed metadata otherwise.
    expect(read('collected/t', 1)).toMatchObject({
      'table-uuid': metadata['table-uuid'],
      'metadata-log': [],
      properties: {
        'write.metadata.delete-after-commit.enabled': 'false',
        'write.metadata.compression-codec': 'none',
      },
    });
    expect(read('collected/t', 1).properties).not.toHaveProperty('write.metadata.path');
    expect(read('collected/t', 1).properties?.['write.data.path']).toMatch(/\/data\/psyberg_x_1$/);
    await files.take();
    expect(collected.metadata).toBeUndefined();
    // As Spark commits.
    const place = join(files.folder, 'collected/t/metadata');
    writeFileSync(join(place, 'v2.metadata.json'), readFileSync(join(place, 'v1.metadata.json')));
    writeFileSync(join(place, '.v10.metadata.json.crc'), '');
    await files.take();
    expect(collected.metadata).toEqual(read('collected/t', 2));
    await files.bring(statement);
    expect(versions('collected/t').filter((name) => name.startsWith('v'))).toHaveLength(2);
    // The source as it is now.
    await catalog.client.commitTable(id, {
      requirements: [],
      updates: [{ action: 'set-properties', updates: { changed: 'yes' } }],
    });
    await files.bring(statement);
    expect(versions('sources/e')).toEqual(['v1.metadata.json', 'v2.metadata.json']);
    expect(read('sources/e', 2).properties).toMatchObject({ changed: 'yes' });
  });

  it('need a folder that psyberg reaches', () => {
    expect(() =>
      sessionFiles({
        served: SERVED,
        folder: 's3://nobody/t/metadata/x',
        collected: { metadata: undefined },
      }),
    ).toThrow(expect.objectContaining({ code: 'engine-cannot' }));
  });
});

describe('a statement that stands still', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const watched = (timeoutMs: number | undefined, activity = noActivity()) => {
    const said: string[] = [];
    const watch = watchForStall({
      activity,
      timeoutMs,
      onWaiting: ({ done, total }) => said.push(`waits ${done}/${total}`),
      onStalled: (tasks) => said.push(`stalled ${tasks?.done ?? '-'}`),
    });
    return { said, watch };
  };

  it('is told of once, and ends when no task has ended for too long', () => {
    const { said, watch } = watched(30_000);
    watch.note({ done: 1, total: 4, running: 0 });
    vi.advanceTimersByTime(4_000);
    expect(said).toEqual([]);
    vi.advanceTimersByTime(20_000);
    expect(said).toEqual(['waits 1/4']);
    // Another task has ended: the time begins anew.
    watch.note({ done: 2, total: 4, running: 1 });
    vi.advanceTimersByTime(29_000);
    expect(said).toEqual(['waits 1/4']);
    vi.advanceTimersByTime(2_000);
    expect(said).toEqual(['waits 1/4', 'stalled 2']);
    vi.advanceTimersByTime(100_000);
    expect(said).toHaveLength(2);
  });

  it('goes on for ever without a timeout, and is not waiting while tasks are at work', () => {
    const { said, watch } = watched(undefined);
    for (let second = 0; second < 60; second += 1) {
      watch.note({ done: 0, total: 4, running: 2 });
      vi.advanceTimersByTime(1_000);
    }
    expect(said).toEqual([]);
    watch.stop();
    vi.advanceTimersByTime(1_000_000);
    expect(said).toEqual([]);
  });

  it('does not stand still while another one of its session goes on', () => {
    const activity = noActivity();
    const [load, count] = [watched(30_000, activity), watched(30_000, activity)];
    count.watch.note({ done: 0, total: 2, running: 0 });
    for (let done = 0; done < 6; done += 1) {
      load.watch.note({ done, total: 6, running: 2 });
      vi.advanceTimersByTime(20_000);
    }
    expect(count.said.filter((each) => each.startsWith('stalled'))).toEqual([]);
    vi.advanceTimersByTime(11_000);
    expect([load.said.at(-1), count.said.at(-1)]).toEqual(['stalled 5', 'stalled 0']);
  });

  it('ends also where nothing of it has begun', () => {
    const { said } = watched(5_000);
    vi.advanceTimersByTime(6_000);
    expect(said).toEqual(['stalled -']);
    const remote = { host: 'h', port: 1, usesTls: false, headers: {} };
    const stalled = stalledError(remote, { tasks: undefined, timeoutMs: 5_000, cause: undefined });
    expect(stalled).toMatchObject({ code: 'spark-timeout', retryable: true });
    expect(stalled.message).toBe(
      'no task of the statement on Spark at h:1 has ended for 5 s: none has begun',
    );
    const late = Object.assign(new Error('Deadline exceeded'), { code: 4 });
    expect(connectError(late, remote)).toMatchObject({ code: 'spark-timeout', retryable: true });
  });
});
