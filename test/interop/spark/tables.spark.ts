// Goal: Spark reads everything that sessions write, at every snapshot, and sessions load whatever Spark
// writes. Method: Spark's rows and metadata tables against DuckDB's rows and the summaries; sources changed
// by Spark in every way it has, each followed by a session and a full recompute.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { playWalkthrough } from '../../../warehouse/member-lifecycle/walkthrough.ts';
import { openSampleProject } from '../../../warehouse/sample-project.ts';
import { type OpenedProject, open } from '../../support/open-project.ts';
import { createWorld, hourAt, processFile, type World } from '../../support/world.ts';
import { type Spark, startSpark } from './spark.ts';

let spark: Spark;
beforeAll(async () => {
  spark = await startSpark();
});
afterAll(() => spark?.close());

const asText = (value: unknown): string | null =>
  value === null || value === undefined ? null : String(value);

/** What Spark's metadata tables say about the current snapshot of a table. */
async function countsOf(
  table: string,
): Promise<
  Record<
    | 'files'
    | 'rows_in_files'
    | 'live_entries'
    | 'live_in_manifests'
    | 'rows_in_partitions'
    | 'other_refs'
    | 'delete_files',
    number
  >
> {
  const numbers = async (statement: string): Promise<number[][]> =>
    (await spark.sql(statement)).rows.map((row) => row.map(Number));
  const sum = (rows: number[][], column: number): number =>
    rows.reduce((total, row) => total + (row[column] ?? 0), 0);
  const files = await numbers(`select content, record_count from ${table}.files`);
  const data = files.filter(([content]) => content === 0);
  const entries = await numbers(`select status, data_file.content from ${table}.entries`);
  const manifests = await numbers(
    `select content, added_data_files_count, existing_data_files_count from ${table}.manifests`,
  );
  const live = manifests.filter(([content]) => content === 0);
  const refs = (await spark.sql(`select name from ${table}.refs`)).rows.map(([name]) => String(name));
  return {
    files: data.length,
    rows_in_files: sum(data, 1),
    live_entries: entries.filter(([status, content]) => status !== 2 && content === 0).length,
    live_in_manifests: sum(live, 1) + sum(live, 2),
    rows_in_partitions: sum(await numbers(`select record_count from ${table}.partitions`), 0),
    // A tag keeps the snapshot of a watermark.
    other_refs: refs.filter((name) => name !== 'main' && !name.startsWith('psyberg')).length,
    delete_files: files.length - data.length,
  };
}

/**
 * Every table of a catalog: rows at the head, the number of rows at every snapshot, metadata tables and
 * summaries. Returns the number of snapshots read.
 */
async function expectAgreement(catalog: string, psyberg: OpenedProject): Promise<number> {
  const { client } = psyberg.internals;
  let read = 0;
  for (const namespace of await client.listNamespaces())
    for (const id of await client.listTables(namespace)) {
      const name = [...id.namespace, id.name].join('.');
      const table = `${catalog}.${name}`;
      const { columns } = await psyberg.sql(`select * from ${name} limit 0`);
      const casts = columns.map((column) =>
        column.type.startsWith('TIMESTAMP')
          ? `epoch_us("${column.name}")::varchar`
          : `"${column.name}"::varchar`,
      );
      const expected = (await psyberg.sql(`select ${casts.join(', ')} from ${name}`)).rows
        .map((row) => JSON.stringify(row))
        .sort();
      const seen = (await spark.sql(`select * from ${table}`)).rows
        .map((row) => JSON.stringify(row.map((value) => asText(value))))
        .sort();
      expect(seen, name).toEqual(expected);

      const counts = await countsOf(table);
      const ofSpark = name.startsWith('raw.');
      expect([counts.live_entries, counts.live_in_manifests], name).toEqual([counts.files, counts.files]);
      if (!ofSpark)
        expect(
          [counts.rows_in_files, counts.rows_in_partitions, counts.other_refs, counts.delete_files],
          name,
        ).toEqual([expected.length, expected.length, 0, 0]);

      const metadata = (await client.loadTable(id))?.metadata;
      const snapshots = metadata?.snapshots ?? [];
      const listed = (await spark.sql(`select snapshot_id, operation, summary from ${table}.snapshots`)).rows;
      expect(listed.map((row) => String(row[0])).sort(), name).toEqual(
        snapshots.map((snapshot) => String(snapshot['snapshot-id'])).sort(),
      );
      const counted = snapshots.map(
        (snapshot) =>
          `select '${snapshot['snapshot-id']}' as id, count(*) as n from ${table} version as of ${snapshot['snapshot-id']}`,
      );
      if (counted.length === 0) continue;
      const bySpark = new Map(
        (await spark.sql(counted.join(' union all '))).rows.map((row) => [row[0], Number(row[1])]),
      );
      for (const snapshot of snapshots) {
        const snapshotId = String(snapshot['snapshot-id']);
        const [row] = (
          await psyberg.sql(`select count(*) as n from ${name} at (version => ${snapshotId})`)
        ).toObjects();
        expect(bySpark.get(snapshotId), `${name} at ${snapshotId}`).toBe(Number(row?.['n']));
        const total = snapshot.summary?.['total-records'];
        if (total !== undefined && !ofSpark)
          expect(Number(total), `${name} at ${snapshotId}`).toBe(Number(row?.['n']));
        read += 1;
      }
      const totalFiles = snapshots.find(
        (snapshot) => snapshot['snapshot-id'] === metadata?.['current-snapshot-id'],
      )?.summary?.['total-data-files'];
      if (totalFiles !== undefined) expect(Number(totalFiles), name).toBe(counts.files);
    }
  return read;
}

describe('what sessions wrote', () => {
  it('the sample world: appends, overwrites, a dimension and the state tables', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'psyberg-spark-world-'));
    const project = await openSampleProject({
      from: fileURLToPath(new URL('../../../warehouse/member-lifecycle', import.meta.url)),
      to: join(folder, 'project'),
    });
    try {
      await playWalkthrough(project);
      const opened = await open({ project: join(folder, 'project') });
      onTestFinished(() => opened.close());
      const { uri, token } = opened.internals.catalog;
      await spark.attach('sample', { uri, token });
      expect(await expectAgreement('sample', opened)).toBeGreaterThan(20);
    } finally {
      await project.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

const event = (catalog: string, values: string): string =>
  `insert into ${catalog}.raw.events values ${values}`;
const at = (hour: number): string => `timestamp '${hourAt(hour).replace('T', ' ').replace('Z', '')}'`;

describe('what Spark wrote', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({
      processes: [
        processFile(
          {
            process_name: 'count_load',
            pattern: 'stateful',
            sources: [{ table: 'raw.events', event_time: 'ts' }],
            target: { table: 'facts.counts', event_time: 'hour_ts', partition_by: ['hour(hour_ts)'] },
          },
          "select date_trunc('hour', ts) as hour_ts, kind, count(*) as events, sum(id)::bigint as ids from events group by all",
        ),
        processFile(
          {
            process_name: 'copy_load',
            pattern: 'stateless',
            sources: [{ table: 'raw.appended', event_time: 'ts' }],
            target: { table: 'facts.copies', event_time: 'ts', partition_by: ['day(ts)'] },
          },
          'select id, kind, ts from appended',
        ),
      ],
    });
    const { uri, token } = world.psyberg.internals.catalog;
    await spark.attach('lake', { uri, token });
    await spark.sql('create namespace lake.raw');
    await spark.sql(
      `create table lake.raw.events (id bigint, kind string, ts timestamp) using iceberg partitioned by (hour(ts)) tblproperties (
         'format-version' = '2', 'commit.manifest.min-count-to-merge' = '2', 'commit.manifest-merge.enabled' = 'true',
         'write.delete.mode' = 'merge-on-read', 'write.update.mode' = 'copy-on-write', 'write.merge.mode' = 'merge-on-read', 'write.wap.enabled' = 'true')`,
    );
  });
  afterAll(() => world?.close());

  const counts =
    "select date_trunc('hour', ts) as hour_ts, kind, count(*) as events, sum(id)::bigint as ids from raw.events group by all";
  async function expectLoaded(): Promise<string> {
    const [record] = await world.run(['count_load']);
    expect([record?.status, record?.error?.message]).toEqual([
      record?.status === 'nothing-new' ? 'nothing-new' : 'published',
      undefined,
    ]);
    expect(await world.rows('select hour_ts, kind, events, ids from facts.counts')).toEqual(
      await world.rows(counts),
    );
    return record?.status ?? '';
  }

  it('is loaded: appends into merged manifests, whole files and single rows deleted, updates and merges', async () => {
    for (const hour of [0, 1, 2, 3])
      await spark.sql(event('lake', `(${hour}, 'a', ${at(hour)}), (${hour + 10}, 'b', ${at(hour)})`));
    expect(
      Number(await spark.value('select count(*) from lake.raw.events.entries where status = 0')),
    ).toBeGreaterThan(0);
    expect(await expectLoaded()).toBe('published');
    await spark.sql(event('lake', `(20, 'late', ${at(1)}), (21, 'new', ${at(4)})`));
    await spark.sql(event('lake', `(22, 'late', ${at(0)})`));
    expect(await expectLoaded()).toBe('published');
    await spark.sql(`delete from lake.raw.events where ts >= ${at(2)} and ts < ${at(3)}`);
    expect(await expectLoaded()).toBe('published');
    await spark.sql("update lake.raw.events set kind = 'changed' where id = 3");
    expect(await expectLoaded()).toBe('published');
    await spark.sql('delete from lake.raw.events where id = 11');
    expect(await expectLoaded()).toBe('published');
    await spark.sql(
      `merge into lake.raw.events as t using (select 10 as id, 'merged' as kind, ${at(0)} as ts union all select 50, 'added', ${at(3)}) as s on t.id = s.id
       when matched then update set * when not matched then insert *`,
    );
    expect(await expectLoaded()).toBe('published');
  });

  it('is no work when only files moved: data files and manifests rewritten, snapshots expired', async () => {
    await spark.sql(event('lake', `(60, 'x', ${at(3)})`));
    expect(await expectLoaded()).toBe('published');
    const compact =
      "call lake.system.rewrite_data_files(table => 'raw.events', options => map('min-input-files', '2', 'delete-file-threshold', '1'))";
    // Rows that were deleted one by one leave their files here, so the files' counts differ: hours may be
    // computed again, to the same result.
    await spark.sql(compact);
    expect(['published', 'nothing-new']).toContain(await expectLoaded());
    for (const id of [62, 63]) await spark.sql(event('lake', `(${id}, 'small', ${at(3)})`));
    expect(await expectLoaded()).toBe('published');
    await spark.sql(compact);
    expect(await expectLoaded()).toBe('nothing-new');
    await spark.sql("call lake.system.rewrite_manifests('raw.events')");
    expect(await expectLoaded()).toBe('nothing-new');
    await spark.sql(
      "call lake.system.expire_snapshots(table => 'raw.events', older_than => timestamp '2100-01-01 00:00:00', retain_last => 1)",
    );
    expect(await expectLoaded()).toBe('nothing-new');
    await spark.sql(event('lake', `(61, 'after', ${at(2)})`));
    expect(await expectLoaded()).toBe('published');
  });

  it('is loaded: staged commits published late, rollback, cherry-pick and branches', async () => {
    await spark.configure({ 'spark.wap.id': 'w1' });
    await spark.sql(event('lake', `(70, 'staged', ${at(1)})`));
    await spark.configure({ 'spark.wap.id': null });
    await spark.sql(event('lake', `(71, 'between', ${at(5)})`));
    expect(await expectLoaded()).toBe('published');
    await spark.sql("call lake.system.publish_changes('raw.events', 'w1')");
    expect(await expectLoaded()).toBe('published');
    const before = String(
      await spark.value("select snapshot_id from lake.raw.events.refs where name = 'main'"),
    );
    await spark.sql(event('lake', `(72, 'undone', ${at(0)})`));
    expect(await expectLoaded()).toBe('published');
    await spark.sql(`call lake.system.rollback_to_snapshot('raw.events', ${before})`);
    expect(await expectLoaded()).toBe('published');
    await spark.sql('alter table lake.raw.events create branch work');
    await spark.sql(`insert into lake.raw.events.branch_work values (80, 'branch', ${at(3)})`);
    expect(await expectLoaded()).toBe('nothing-new');
    await spark.sql("call lake.system.fast_forward('raw.events', 'main', 'work')");
    await spark.sql('alter table lake.raw.events drop branch work');
    expect(await expectLoaded()).toBe('published');
  });

  it('is loaded once by a stateless process, also from manifests with existing entries', async () => {
    await spark.sql(
      "create table lake.raw.appended (id bigint, kind string, ts timestamp) using iceberg tblproperties ('commit.manifest.min-count-to-merge' = '2')",
    );
    const statuses: (string | undefined)[] = [];
    for (const hour of [0, 1, 2]) {
      await spark.sql(
        `insert into lake.raw.appended values (${hour}, 'a', ${at(hour)}), (${hour}, 'b', ${at(0)})`,
      );
      if (hour === 1) continue;
      const [record] = await world.run(['copy_load']);
      statuses.push(record?.error?.message ?? record?.status);
    }
    expect(statuses).toEqual(['published', 'published']);
    await spark.sql(
      "call lake.system.rewrite_data_files(table => 'raw.appended', options => map('min-input-files', '2'))",
    );
    expect((await world.run(['copy_load'])).map((record) => record.status)).toEqual(['nothing-new']);
    expect(await world.rows('select id, kind, ts from facts.copies')).toEqual(
      await world.rows('select id, kind, ts from raw.appended'),
    );
  });

  it('and what sessions made of it agrees with Spark at every snapshot', async () => {
    expect(await expectAgreement('lake', world.psyberg)).toBeGreaterThan(15);
  });
});
