// Goal: the manifest and the list of a state table say what the specification asks, and what other writers
// left there stays. Method: written, and read by DuckDB; a manifest in a codec that only DuckDB reads.
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeAvroRows } from '../../src/iceberg/avro-rows.ts';
import type { AvroObject } from '../../src/iceberg/avro-values.ts';
import { newTableMetadata } from '../../src/iceberg/new-table.ts';
import type { Snapshot, TableMetadata } from '../../src/iceberg/table-metadata.ts';
import { MANIFEST_FILE } from '../../src/model/manifest-schema.ts';
import { readAvroFile } from '../../src/tables/avro-files.ts';
import {
  type SingleManifest,
  singleContent,
  writeSingleManifest,
} from '../../src/tables/write/single-manifest.ts';
import { type AvroWorld, openAvroWorld } from '../support/avro-table.ts';
import { withSnappy } from '../support/with-snappy.ts';

let world: AvroWorld;
let metadata: TableMetadata;
beforeAll(async () => {
  world = await openAvroWorld();
  mkdirSync(join(world.folder, 'metadata'));
  metadata = newTableMetadata(
    {
      location: world.folder,
      uuid: '6b0e1c5a-6b3e-4d0a-9d0e-1c5a6b3e4d0a',
      schema: {
        type: 'struct',
        fields: [{ id: 1, name: 'process_name', required: false, type: 'string' }],
      },
      partitionSpec: {
        fields: [{ name: 'process_name', transform: 'identity', 'source-id': 1, 'field-id': 1000 }],
      },
      properties: { 'format-version': '2' },
    },
    0,
  );
});
afterAll(() => world.close());

let count = 0;
/** Writes a snapshot on what another one holds. */
async function written(
  base: Snapshot | undefined,
  change: Pick<SingleManifest, 'added'> & { readonly removed?: readonly string[] },
): Promise<Snapshot> {
  count += 1;
  const paths = {
    manifest: join(world.folder, `${count}-m0.avro`),
    list: join(world.folder, `${count}.avro`),
  };
  await writeSingleManifest(world.engine, {
    metadata,
    content: await singleContent(world.engine, metadata, base),
    added: change.added,
    removed: new Set(change.removed ?? []),
    snapshotId: BigInt(count) + 2n ** 60n,
    sequenceNumber: BigInt(count),
    ...paths,
  });
  return {
    'snapshot-id': BigInt(count) + 2n ** 60n,
    'sequence-number': BigInt(count),
    'timestamp-ms': count,
    'manifest-list': paths.list,
  };
}

const file = (processName: string, rows: bigint): SingleManifest['added'] => ({
  path: `${processName}-${rows}.parquet`,
  processName,
  rows,
  bytes: 10n * rows,
});

const sql = (text: string, parameters = {}): Promise<Record<string, unknown>[]> =>
  world.engine.query({ sql: text, parameters });

/** `status path snapshot number rows` of the entries of a snapshot's manifest. */
async function entriesOf(snapshot: Snapshot): Promise<unknown[]> {
  const [list] = await sql('select manifest_path from read_avro($list) where content = 0', {
    list: snapshot['manifest-list'],
  });
  const rows = await sql(
    `select concat_ws(' ', status, data_file.file_path, coalesce((snapshot_id - (1::bigint << 60))::varchar, '-'),
       coalesce(sequence_number::varchar, '-'), data_file.record_count) as entry from read_avro($path) order by all`,
    { path: list?.['manifest_path'] },
  );
  return rows.map(({ entry }) => entry);
}

describe('the one manifest of a state table', () => {
  it('adds a file, keeps those of others with their numbers, and marks what goes', async () => {
    const first = await written(undefined, { added: file('b', 3n) });
    const second = await written(first, { added: file('a', 5n) });
    const third = await written(second, { added: file('b', 7n), removed: ['b-3.parquet'] });
    const [n1, n2] = [first, second].map((each) => each['sequence-number']);
    expect(await entriesOf(third)).toEqual([
      `0 a-5.parquet ${n2} ${n2} 5`,
      '1 b-7.parquet - - 7',
      `2 b-3.parquet - ${n1} 3`,
    ]);
    // What went is gone from the next one.
    const fourth = await written(third, { added: undefined, removed: ['a-5.parquet'] });
    const n3 = third['sequence-number'];
    expect(await entriesOf(fourth)).toEqual([`0 b-7.parquet ${n3} ${n3} 7`, `2 a-5.parquet - ${n2} 5`]);
    const [{ manifest_path: path, manifest_length: bytes, ...row } = {}] = await sql(
      `select min_sequence_number, added_files_count, existing_files_count, deleted_files_count, added_rows_count,
         existing_rows_count, deleted_rows_count, manifest_length, manifest_path,
         decode(partitions[1].lower_bound) as least, decode(partitions[1].upper_bound) as greatest
       from read_avro($list)`,
      { list: third['manifest-list'] },
    );
    expect(Number(bytes)).toBe(statSync(`${path}`).size);
    expect(row).toEqual({
      min_sequence_number: n2,
      added_files_count: 1,
      existing_files_count: 1,
      deleted_files_count: 1,
      added_rows_count: 7n,
      existing_rows_count: 5n,
      deleted_rows_count: 3n,
      least: 'a',
      greatest: 'b',
    });
  });

  it('takes over what another writer packed otherwise, and his manifests of row-level deletes', async () => {
    const first = await written(undefined, { added: file('a', 2n) });
    const [list] = await sql('select manifest_path as path from read_avro($list)', {
      list: first['manifest-list'],
    });
    const [manifest, deletes] = [join(world.folder, 'other.avro'), join(world.folder, 'deletes.avro')];
    const listed = join(world.folder, 'other-list.avro');
    writeFileSync(manifest, withSnappy(readFileSync(`${list?.['path']}`)));
    const lists = await readAvroFile<AvroObject>(world.engine, first['manifest-list'], MANIFEST_FILE);
    const rows = [
      { ...lists[0], manifest_path: manifest },
      { ...lists[0], manifest_path: deletes, content: 1 },
    ];
    writeFileSync(listed, withSnappy(writeAvroRows(MANIFEST_FILE, {}, rows)));
    const second = await written({ ...first, 'manifest-list': listed }, { added: file('b', 4n) });
    const n1 = first['sequence-number'];
    expect(await entriesOf(second)).toEqual([`0 a-2.parquet ${n1} ${n1} 2`, '1 b-4.parquet - - 4']);
    expect(
      await sql('select manifest_path, added_snapshot_id from read_avro($list) where content = 1', {
        list: second['manifest-list'],
      }),
    ).toEqual([{ manifest_path: deletes, added_snapshot_id: first['snapshot-id'] }]);
  });
});
