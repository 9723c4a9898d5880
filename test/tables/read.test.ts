// Goal: manifests and the hours of their files are read the same way by whoever asks. Method: small Avro files, as
// writers leave them, and the statements that read them.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Snapshot } from '../../src/iceberg/table-metadata.ts';
import { queryHours } from '../../src/tables/read/known-entries.ts';
import { knownFiles } from '../../src/tables/read/known-files.ts';
import { readManifests } from '../../src/tables/read/manifest-list.ts';
import { engineInFolder } from '../support/engine-in-folder.ts';

const HOUR_US = 3_600_000_000;
/** 2023-09-14T05:00Z, in hours since 1970. */
const FIVE = 470_765;
const { engine, folder } = await engineInFolder('psyberg-tables-');

async function write(name: string, query: string): Promise<string> {
  const path = join(folder, name);
  await engine.execute({ sql: `copy (${query}) to '${path}' (format avro)`, parameters: {} });
  return path;
}

describe('the manifests of lists', () => {
  it('are each one row, with what any of the lists knows of them', async () => {
    const knowing = await write(
      'v1-own.avro',
      `select 'm1' as manifest_path, 9::bigint as manifest_length, 0 as partition_spec_id, 7::bigint as added_snapshot_id,
         2 as added_data_files_count, 0 as existing_data_files_count, 0 as deleted_data_files_count`,
    );
    const forgetful = await write(
      'v1-carried.avro',
      `select 'm1' as manifest_path, 9::bigint as manifest_length, 0 as partition_spec_id, 7::bigint as added_snapshot_id,
         0 as added_data_files_count, 0 as existing_data_files_count, 0 as deleted_data_files_count
       union all select 'm2', 9, 0, 8::bigint, 0, 0, 3`,
    );
    const row = { partition_spec_id: 0, content: 0, sequence_number: 0n };
    expect(await readManifests(engine, [knowing, forgetful])).toEqual([
      { ...row, manifest_path: 'm1', added_snapshot_id: 7n, live_files: 2n, mixed: true },
      { ...row, manifest_path: 'm2', added_snapshot_id: 8n, live_files: 0n, mixed: true },
    ]);
    expect(await readManifests(engine, [knowing], [7n])).toEqual([
      { ...row, manifest_path: 'm1', added_snapshot_id: 7n, live_files: 2n, mixed: false },
    ]);
    expect(await readManifests(engine, [forgetful], [9n])).toEqual([]);
  });

  it('are the same to statements and to whoever reads them without, whatever counts are known', async () => {
    const counts = ['null', '0', '2'];
    const rows = counts.flatMap((added) =>
      counts.flatMap((existing) => counts.map((deleted) => ({ added, existing, deleted }))),
    );
    const list = await write(
      'counts.avro',
      rows
        .map(
          ({ added, existing, deleted }, index) =>
            `select 'm${index}' as manifest_path, 9::bigint as manifest_length, 1 as partition_spec_id, ${index % 2} as content, 7::bigint as added_snapshot_id,
              ${index % 3}::bigint as sequence_number, ${added}::integer as added_files_count,
              ${existing}::integer as existing_files_count, ${deleted}::integer as deleted_files_count`,
        )
        .join(' union all '),
    );
    const bySql = await engine.query({
      sql: `select manifest_path, partition_spec_id, content, added_snapshot_id, sequence_number,
          case when is_live then greatest(coalesce(added_files_count + existing_files_count, 0), 1) else 0 end::bigint as live_files,
          coalesce(existing_files_count + deleted_files_count > 0 or added_files_count = 0, true) as mixed
        from (
          select * from manifest_list($list)
        )
        order by sequence_number, manifest_path`,
      parameters: { list: [list] },
    });
    expect(bySql).toHaveLength(27);
    expect(await readManifests(engine, [list])).toEqual(bySql);
  });
});

describe('the files of manifests', () => {
  it.each(['', 'file:', 'file://', 'file://localhost'])(
    'have their names as they were given, where another begins with "%s"',
    async (scheme) => {
      const [one, other] = [
        await write('one.avro', 'select 1 as id'),
        await write('other.avro', 'select 2 as id union all select 3'),
      ];
      const paths = [one, `${scheme}${other}`];
      const rows = await engine.query({
        sql: 'select id, filename from read_manifests($paths) order by id',
        parameters: { paths },
      });
      expect(rows).toEqual([1, 2, 3].map((id) => ({ id, filename: paths[id === 1 ? 0 : 1] })));
    },
  );
});

/** Bounds of a file, and what follows: the hours a plan uses, the placement in hours 5..6, whether a view hides them. */
const FILES = {
  right: { lower: FIVE * HOUR_US, upper: FIVE * HOUR_US + 1, partition: FIVE, hours: [FIVE, FIVE] },
  zero: { lower: 0, upper: 0, partition: FIVE, hours: [null, null] },
  'upside down': { lower: FIVE * HOUR_US, upper: (FIVE - 1) * HOUR_US, partition: FIVE, hours: [null, null] },
  'of another partition': {
    lower: (FIVE + 1) * HOUR_US,
    upper: (FIVE + 1) * HOUR_US,
    partition: FIVE,
    // A plan compares these with the partition itself.
    hours: [FIVE + 1, FIVE + 1],
  },
  missing: { lower: null, upper: null, partition: FIVE, hours: [null, null] },
} as const;

describe('the hours of a file', () => {
  it.each(Object.entries(FILES))(
    '%s bounds mean the same to a plan, to an overwrite and to a view',
    async (name, file) => {
      const bounds = (value: number | null): string =>
        value === null ? 'map([], [])::map(integer, blob)' : `map([1], [iceberg_bytes(${value}, 8)])`;
      const manifest = await write(
        `${name.replaceAll(' ', '-')}.avro`,
        `select 1 as status, null::bigint as snapshot_id, struct_pack(
         file_path := 'f', file_format := 'parquet', partition := {'h': ${file.partition}::integer}, record_count := 3::bigint,
         file_size_in_bytes := 9::bigint, null_value_counts := map([1], [0::bigint]),
         lower_bounds := ${bounds(file.lower)}, upper_bounds := ${bounds(file.upper)}) as data_file`,
      );
      const column = { manifests: [manifest], field_id: 1, type: 'timestamptz', unit: 'us' };
      const partition = { partition_position: 1, partition_transform: 'hour' };
      const [planned] = await queryHours(engine, 'tables/data_files', { ...column, statuses: [1] });
      expect([planned?.first_hour, planned?.last_hour]).toEqual(file.hours);
      const inHours = (firstHour: number, lastHour: number) =>
        queryHours(engine, 'tables/files_in_hours', {
          ...{ ...column, ...partition },
          ...{ first_hours: [firstHour], last_hours: [lastHour] },
        });
      // What is remembered for the sessions of a backlog is what each of them would have read.
      let reads = 0;
      for (const hour of [FIVE - 1, FIVE, FIVE + 1]) {
        const remembered = await knownFiles({ 'manifest-list': manifest } as Snapshot, {
          time: { fieldId: 1, type: 'timestamptz', unit: 'us' },
          ...{ firstHour: hour, lastHour: hour, later: [FIVE + 1] },
          async read(range) {
            reads += 1;
            return { manifests: [], files: await inHours(range.firstHour, range.lastHour) };
          },
        });
        const alone = await inHours(hour, hour);
        expect(remembered.files.map(({ path }) => path)).toEqual(alone.map(({ path }) => path));
      }
      expect(reads).toBe(1);
      const [replaced] = await inHours(FIVE, FIVE);
      expect(replaced).toMatchObject({
        placement: name === 'right' ? 'inside' : 'straddles',
        rows: 3n,
        bytes: 9n,
      });
      const misleading = await queryHours(engine, 'tables/misleading_manifests', {
        ...column,
        ...partition,
      });
      expect(misleading.map((row) => row.manifest_path)).toEqual(
        name === 'right' || name === 'missing' ? [] : [manifest],
      );
    },
  );
});
