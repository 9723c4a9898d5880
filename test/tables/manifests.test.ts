// Goal: manifests are read, rewritten and counted as the Iceberg specification says, and of those that DuckDB
// would misread it is known. Method: small Avro tables; no catalog and no data files.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Schema, Snapshot, TableMetadata } from '../../src/iceberg/table-metadata.ts';
import { hourIntervals } from '../../src/model/hour.ts';
import { deleteKey } from '../../src/tables/read/delete-files.ts';
import { readEachSpec } from '../../src/tables/read/each-spec.ts';
import { type ManifestRow, manifestsOf } from '../../src/tables/read/manifest-list.ts';
import { manifestsOutside } from '../../src/tables/read/prune-manifests.ts';
import { refuseDroppedColumns } from '../../src/tables/views/dropped-columns.ts';
import { misleadingBounds } from '../../src/tables/views/misleading-fields.ts';
import { misleadsReaders } from '../../src/tables/views/misleads-readers.ts';
import { partitionType, rewriteManifests } from '../../src/tables/write/manifest.ts';
import { writeClearedList } from '../../src/tables/write/manifest-list.ts';
import { firstRowIdParameter, metadataPath } from '../../src/tables/write/new-files.ts';
import { describeSnapshot } from '../../src/tables/write/snapshot-summary.ts';
import { AvroTable, type AvroTableOptions, type AvroWorld, openAvroWorld } from '../support/avro-table.ts';
import { hour } from '../support/session-data.ts';

let world: AvroWorld;
beforeAll(async () => {
  world = await openAvroWorld();
});
afterAll(() => world.close());

/** Snapshot 1: files a and b in one manifest; snapshot 2: file c in another. */
async function twoCommits(options: AvroTableOptions = {}): Promise<AvroTable> {
  const table = new AvroTable(world, options);
  await table.commit({
    add: [
      { name: 'a', hours: 1, rows: 3 },
      { name: 'b', hours: 2, rows: 5 },
    ],
  });
  await table.commit({ add: [{ name: 'c', hours: 3, rows: 7 }] });
  return table;
}

/** The entries of manifests as `status name snapshot sequence number`. */
const entriesOf = async (paths: readonly string[]): Promise<string[]> => {
  const rows = await world.engine.query<{ entry: string }>({
    sql: `select concat_ws(' ', status, regexp_extract(data_file.file_path, '([a-z]+)\\.parquet$', 1), coalesce(snapshot_id::varchar, '-'), sequence_number) as entry
      from read_avro($paths) order by all`,
    parameters: { paths },
  });
  return rows.map((row) => row.entry);
};

const clearing = (table: AvroTable, removed: readonly string[], manifests: readonly ManifestRow[]) => ({
  metadata: table.metadata,
  manifestList: table.head['manifest-list'],
  manifests,
  removedFiles: removed.map((name) => table.pathOf(name)),
  keptFiles: [],
  destination: () => metadataPath(table.metadata, 'm0'),
});

/** The manifest of the first snapshot. */
const firstOf = async (table: AvroTable): Promise<ManifestRow> =>
  (await manifestsOf(world.engine, table.head)).find((each) => each.added_snapshot_id === 1n) as ManifestRow;

describe('manifests that are rewritten', () => {
  it('mark what was removed, by whoever commits them, and keep of the others snapshot and sequence number', async () => {
    const table = await twoCommits();
    const rewritten = await rewriteManifests(
      world.engine,
      clearing(table, ['a'], await manifestsOf(world.engine, table.head)),
    );
    // Of one shape they become one manifest.
    expect(rewritten).toHaveLength(1);
    expect(rewritten[0]).toMatchObject({ specId: 0, content: 0 });
    expect(await entriesOf(rewritten.map(({ path }) => path))).toEqual(['0 b 1 1', '0 c 2 2', '2 a - 1']);
  });

  it('hold only the files that were asked for, where some were', async () => {
    const table = await twoCommits();
    const [only] = await rewriteManifests(world.engine, {
      ...clearing(table, [], await manifestsOf(world.engine, table.head)),
      keptFiles: [table.pathOf('b')],
    });
    expect(await entriesOf([only?.path as string])).toEqual(['0 b 1 1']);
  });

  it('stand in the new list in place of the old ones, beside those that nobody touched', async () => {
    const table = await twoCommits();
    const affected = [await firstOf(table)];
    const rewritten = await rewriteManifests(world.engine, clearing(table, ['a'], affected));
    const list = await writeClearedList(world.engine, {
      metadata: table.metadata,
      base: table.head,
      affected,
      rewritten,
      snapshotId: 3n,
      sequenceNumber: 3n,
    });
    const manifests = await manifestsOf(world.engine, { ...table.head, 'manifest-list': list });
    expect(manifests.map((each) => [each.added_snapshot_id, each.live_files]).sort()).toEqual([
      [2n, 1n],
      [3n, 1n],
    ]);
    expect(manifests.map((each) => each.manifest_path)).not.toContain(affected[0]?.manifest_path);
  });
});

describe('a new snapshot', () => {
  const described = async (table: AvroTable, parent: Snapshot | undefined) => {
    const head = table.head;
    return describeSnapshot(world.engine, {
      metadata: table.metadata,
      parent,
      snapshotId: head['snapshot-id'],
      sequenceNumber: head['sequence-number'] ?? 0n,
      manifestList: head['manifest-list'],
      operation: 'overwrite',
      properties: { 'psyberg.kept': 'yes' },
    });
  };

  it('counts what its files are, and leaves out a total that its parent does not know', async () => {
    const table = await twoCommits();
    const before = table.head;
    await table.commit({ operation: 'overwrite', add: [{ name: 'd', hours: 9, rows: 11 }], remove: ['a'] });
    const { summary, ...snapshot } = await described(table, before);
    expect(snapshot).toMatchObject({ 'snapshot-id': 3n, 'parent-snapshot-id': 2n, 'schema-id': 0 });
    expect(summary).toEqual({
      operation: 'overwrite',
      'psyberg.kept': 'yes',
      'added-data-files': '1',
      'added-records': '11',
      'added-files-size': '1000',
      'deleted-data-files': '1',
      'deleted-records': '3',
      'removed-files-size': '1000',
      'changed-partition-count': '1',
      'total-data-files': '3',
      'total-records': '23',
      'total-delete-files': '0',
      'total-position-deletes': '0',
      'total-equality-deletes': '0',
    });
    const knowing = { ...before, summary: { operation: 'append', 'total-files-size': '3000' } } as Snapshot;
    expect((await described(table, knowing)).summary?.['total-files-size']).toBe('3000');
  });

  it('is not older than its parent, whatever the clock says', async () => {
    const table = await twoCommits();
    const parent = { ...table.head, 'timestamp-ms': Date.now() + 3_600_000 };
    expect((await described(table, parent))['timestamp-ms']).toBe(parent['timestamp-ms']);
  });

  it('numbers its rows from version 3 on', async () => {
    const table = await twoCommits({ formatVersion: 3 });
    expect(await described(table, undefined)).toMatchObject({ 'first-row-id': 15n });
    expect(firstRowIdParameter({ ...table.metadata, 'next-row-id': 7n })).toEqual({ first_row_id: 7n });
    expect(firstRowIdParameter((await twoCommits()).metadata)).toEqual({});
  });
});

describe('manifests of other hours', () => {
  const outside = async (table: AvroTable, firstHour: number, lastHour: number): Promise<number[]> => {
    const manifests = await manifestsOf(world.engine, table.head);
    const paths = await manifestsOutside(world.engine, {
      metadata: table.metadata,
      snapshot: table.head,
      manifests,
      fieldId: 2,
      hours: hourIntervals([{ firstHour: hour(firstHour), lastHour: hour(lastHour) }]),
    });
    return manifests
      .filter((each) => paths.has(each.manifest_path))
      .map((each) => Number(each.added_snapshot_id))
      .sort((left, right) => left - right);
  };
  const of = async (options: AvroTableOptions, hours: number): Promise<AvroTable> => {
    const table = new AvroTable(world, options);
    for (let at = 1; at <= hours; at += 1) await table.commit({ add: [{ name: `f${at}`, hours: at }] });
    return table;
  };

  it('need not be opened where there are many of them, and a partition field tells their hours', async () => {
    const table = await of({ partitionedBy: 'hour' }, 9);
    expect(await outside(table, 3, 4)).toEqual([1, 2, 5, 6, 7, 8, 9]);
    expect(await outside(table, 20, 21)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
  it('are opened where there are few, or nothing tells', async () => {
    expect(await outside(await of({ partitionedBy: 'hour' }, 2), 20, 21)).toEqual([]);
    expect(await outside(await of({}, 9), 20, 21)).toEqual([]);
  });
});

describe('manifests of several partition specs', () => {
  const metadata = { 'partition-specs': [{ 'spec-id': 0, fields: [] }] } as unknown as TableMetadata;
  it('are read one spec after the other, each with its spec as far as the table knows it', async () => {
    const asked: string[] = [];
    const rows = await readEachSpec(
      metadata,
      [
        { manifest_path: 'a', partition_spec_id: 0 },
        { manifest_path: 'b', partition_spec_id: 1 },
        { manifest_path: 'c', partition_spec_id: 0 },
      ],
      async (paths, spec) => {
        asked.push(`${spec?.['spec-id']}: ${paths.join('+')}`);
        return paths;
      },
    );
    expect(asked).toEqual(['0: a+c', 'undefined: b']);
    expect(rows).toEqual(['a', 'c', 'b']);
  });
});

describe('bounds by which DuckDB would skip rows that are asked for', () => {
  const question = (mayUse: string) => ({
    mayUse: (name: string) => name === mayUse,
    asksForInfinity: false,
  });
  const misled = async (table: AvroTable, column: string): Promise<boolean> =>
    misleadsReaders(async () => world.engine, table.metadata, question(column));
  const withCountries = async (countries: readonly [string, string]): Promise<AvroTable> => {
    const table = new AvroTable(world, { partitionedBy: 'hour' });
    await table.commit({ add: [{ name: 'a', hours: 1, countries: ['4E4C', '4E4C'] }] });
    await table.commit({ add: [{ name: 'b', hours: 2, countries }] });
    return table;
  };

  it.each<[string, readonly [string, string], boolean]>([
    ['in order', ['4E4C', '5553'], false],
    ['out of order', ['5553', '4E4C'], true],
    // `ü` is C3 BC.
    ['cut within a character', ['61C3', '62'], true],
    ['whole', ['61C3BC', '62'], false],
  ])('are those of texts that are %s: %j', async (_name, countries, expected) => {
    const table = await withCountries(countries);
    const manifests = await manifestsOf(world.engine, table.head);
    const { fields: columns } = table.metadata.schemas[0] as Schema;
    expect(await misleadingBounds(world.engine, { metadata: table.metadata, manifests, columns })).toEqual(
      expected ? [3] : [],
    );
    expect(await misled(table, 'country')).toBe(expected);
  });
  it('are not looked for where the query names no column of such a type', async () => {
    const table = await withCountries(['5553', '4E4C']);
    const nobody = (): never => {
      throw new Error('opened');
    };
    expect(await misleadsReaders(nobody, table.metadata, question('id'))).toBe(false);
    expect(await misleadsReaders(nobody, new AvroTable(world).metadata, question('country'))).toBe(false);
  });
});

describe('a partition column that was dropped', () => {
  const dropped = ({ metadata }: AvroTable): TableMetadata => {
    const [schema] = metadata.schemas as [Schema];
    const rest = { ...schema, 'schema-id': 1, fields: schema.fields.filter((field) => field.id !== 3) };
    return { ...metadata, schemas: [schema, rest], 'current-schema-id': 1 };
  };

  it('is refused while files are partitioned by it alone, by the name that it had', async () => {
    const table = await twoCommits();
    await expect(
      refuseDroppedColumns(world.engine, { metadata: dropped(table), snapshot: table.head, table: 'raw.t' }),
    ).rejects.toMatchObject({
      code: 'partition-column-dropped',
      message: expect.stringContaining('raw.t (snapshot 2) are partitioned by country, which'),
      context: { column: 'country' },
    });
  });
  it('is passed over where no such file lives, and no list is read where no column went', async () => {
    const table = await twoCommits();
    await table.commit({ operation: 'delete', remove: ['a', 'b', 'c'] });
    const input = { metadata: dropped(table), snapshot: table.head, table: 'raw.t' };
    expect((await refuseDroppedColumns(world.engine, input)).map((each) => each.live_files)).toEqual([
      0n,
      0n,
    ]);
    const unread = { ...table.head, 'manifest-list': '/nowhere.avro' };
    expect(
      await refuseDroppedColumns(world.engine, { ...input, metadata: table.metadata, snapshot: unread }),
    ).toEqual([]);
  });
});

it('paths of new metadata name their owner, and are never the same', async () => {
  const { metadata } = new AvroTable(world);
  const [one, other] = [metadataPath(metadata, 'snap-1'), metadataPath(metadata, 'snap-1')];
  expect(one).not.toBe(other);
  expect(one.startsWith(`${metadata.location}/metadata/snap-1-`)).toBe(true);
  expect(metadataPath(metadata, 'snap-1', 'psyberg_a_1')).toContain('/metadata/psyberg_a_1-snap-1-');
});

it('an entry of a delete manifest is named by its path, and a deletion vector by its place in the file', () => {
  expect([deleteKey('/a.parquet', null), deleteKey('/a.puffin', '4')]).toEqual(['/a.parquet', '/a.puffin#4']);
});

it.each([
  ['hour', 2, 'int'],
  ['bucket[4]', 3, 'int'],
  ['identity', 3, 'string'],
  ['truncate[4]', 3, 'string'],
  ['identity', 99, 'none'],
])('values of a partition by %s of the column %i are of the type %s', (transform, column, type) => {
  const [schema] = new AvroTable(world).metadata.schemas as [Schema];
  expect(partitionType(transform, schema, column)).toBe(type);
});
