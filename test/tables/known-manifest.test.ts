// Goal: manifests and lists that are written without DuckDB are those that it writes. Method: random files of every
// type of partition, random manifests as writers of every format version leave them, and both ways; what DuckDB is
// to write lies in a codec that only it reads, or beside many other files.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readAvroRows, writeAvroRows } from '../../src/iceberg/avro-rows.ts';
import type { AvroObject } from '../../src/iceberg/avro-values.ts';
import { newTableMetadata } from '../../src/iceberg/new-table.ts';
import type { PartitionSpec, Snapshot, TableMetadata } from '../../src/iceberg/table-metadata.ts';
import type { AvroRecord, AvroType } from '../../src/model/avro-schema.ts';
import type { LayoutColumn } from '../../src/model/file-layout.ts';
import { MANIFEST_FILE_WITH_ROW_IDS, manifestEntry } from '../../src/model/manifest-schema.ts';
import { composeFilesView } from '../../src/tables/views/files-view.ts';
import { composeReadableView } from '../../src/tables/views/readable-view.ts';
import { type NewDataFiles, type WrittenFile, writeFileManifest } from '../../src/tables/write/data-files.ts';
import {
  partitionValues,
  type RewrittenManifest,
  rewriteManifests,
} from '../../src/tables/write/manifest.ts';
import { writeClearedList, writeStagedList } from '../../src/tables/write/manifest-list.ts';
import { describeSnapshot } from '../../src/tables/write/snapshot-summary.ts';
import { type AvroWorld, openAvroWorld } from '../support/avro-table.ts';
import { propertySeed } from '../support/property-seed.ts';
import { withSnappy } from '../support/with-snappy.ts';

let world: AvroWorld;
beforeAll(async () => {
  world = await openAvroWorld();
  mkdirSync(join(world.folder, 'metadata'));
});
afterAll(() => world.close());

let written = 0;
const newPath = (): string => {
  written += 1;
  return join(world.folder, 'metadata', `${written}.avro`);
};

const COLUMNS: readonly LayoutColumn[] = [
  { id: 1, name: 'id', type: 'long' },
  { id: 2, name: 'n', type: 'int' },
  { id: 3, name: 'day', type: 'date' },
  { id: 4, name: 'at', type: 'timestamp' },
  { id: 5, name: 'at tz', type: 'timestamptz' },
  { id: 6, name: 'text', type: 'string' },
  { id: 7, name: 'real', type: 'double' },
  { id: 8, name: 'is', type: 'boolean' },
  { id: 9, name: 'price', type: 'decimal(9, 2)' },
];
const source = (name: string): number => COLUMNS.find((column) => column.name === name)?.id as number;

/** Of a partition field: its transform and source, and texts of its values. */
const FIELDS = {
  hour: { of: 'at tz', transform: 'hour', texts: ['470736', '-1', '0', null] },
  'a day': { of: 'at', transform: 'day', texts: ['19600', '-7', null] },
  month: { of: 'day', transform: 'month', texts: ['-5', '640'] },
  bucket: { of: 'id', transform: 'bucket[4]', texts: ['0', '3'] },
  long: { of: 'id', transform: 'identity', texts: ['-9007199254740993', '9223372036854775807', '5', null] },
  int: { of: 'n', transform: 'identity', texts: ['-2147483648', '300', null] },
  date: { of: 'day', transform: 'identity', texts: ['2023-09-14', '1969-12-31', '0044-03-15', null] },
  'a text': { of: 'text', transform: 'identity', texts: ['', 'ü', 'z', '👩‍👩‍👧x', '|', null] },
  cut: { of: 'text', transform: 'truncate[2]', texts: ['ab', 'é', null] },
  boolean: { of: 'is', transform: 'identity', texts: ['true', 'false', null] },
  gone: { of: 'id', transform: 'void', texts: [null] },
  price: { of: 'price', transform: 'identity', texts: ['1.50', '-20.00', null] },
  instant: { of: 'at', transform: 'identity', texts: ['2023-09-14 05:00:00', null] },
} as const;
type FieldName = keyof typeof FIELDS;
/** Those of whose values only DuckDB knows how they are stored. */
const EXOTIC: readonly FieldName[] = ['price', 'instant'];

const names = Object.keys(FIELDS) as FieldName[];
const fields = fc.uniqueArray(fc.constantFrom(...names), { maxLength: 3 });

function tableOf(of: readonly FieldName[], version = 2): { metadata: TableMetadata; spec: PartitionSpec } {
  const metadata = newTableMetadata(
    {
      location: world.folder,
      uuid: '6b0e1c5a-6b3e-4d0a-9d0e-1c5a6b3e4d0a',
      schema: { type: 'struct', fields: COLUMNS.map((column) => ({ ...column, required: false })) as never },
      partitionSpec: {
        fields: of.map((name, index) => ({
          name,
          transform: FIELDS[name].transform,
          'source-id': source(FIELDS[name].of),
          'field-id': 1000 + index,
        })),
      },
      properties: { 'format-version': String(version) },
    },
    0,
  );
  return { metadata, spec: metadata['partition-specs'][0] as PartitionSpec };
}

const contentOf = async (file: string): Promise<{ columns: unknown; rows: unknown }> => {
  const sql = 'from (select * exclude (data_file), unnest(data_file) from read_avro($file)) order by all';
  const { columns, rows } = await world.engine.table({ sql, parameters: { file } });
  return { columns, rows };
};

/** Without the files that are only there to be many. */
const withoutOthers = ({ columns, rows }: { columns: unknown; rows: unknown }): unknown => ({
  columns,
  rows: (rows as unknown[][]).filter((row) => !row.some((cell) => `${cell}`.startsWith('/other/'))),
});

const listOf = async (list: string, without = ''): Promise<unknown> => {
  const { columns, rows } = await world.engine.table({
    sql: `select * exclude (manifest_length ${without}) from read_avro($list) order by all`,
    parameters: { list },
  });
  return { columns, rows };
};

describe('the manifest of new files', () => {
  const long = 'ä'.repeat(64);
  const texts: Readonly<Record<string, readonly string[]>> = {
    long: ['-9223372036854775808', '9007199254740993', '0', '-1'],
    int: ['-2147483648', '7'],
    date: ['2023-09-14', '1969-12-31', '0001-01-01'],
    timestamp: ['2023-09-14 05:00:00', '1969-12-31 23:59:59.999999', '2023-09-14 05:00:00.12'],
    timestamptz: ['2023-09-14 05:00:00+00', '0044-03-15 00:00:00.5+00'],
    string: ['', 'a\'"ü', long, `${long}ä`, '👩‍👩‍👧'.repeat(20), '🇳🇱'.repeat(33)],
    double: ['1.5', 'nan'],
    boolean: ['true'],
    'decimal(9, 2)': ['1.50'],
  };
  /** What only DuckDB reads. */
  const odd: Readonly<Record<string, readonly string[]>> = {
    date: ['290309-12-22 (BC)', 'infinity'],
    timestamp: ['12023-01-01 00:00:00', '-infinity'],
    timestamptz: ['0044-03-15 (BC) 00:00:00+00', 'infinity'],
  };
  const statistics = fc.record({
    column_size_bytes: fc.constantFrom(undefined, '12', '4294967296'),
    num_values: fc.constantFrom(undefined, '3'),
    null_count: fc.constantFrom(undefined, '0', '3'),
    min: fc.nat(),
    max: fc.nat(),
    has: fc.constantFrom('none', 'both', 'both', 'both'),
  });
  const file = fc.record({
    of: fc.tuple(...COLUMNS.map(() => fc.option(statistics, { nil: undefined }))),
    partition: fc.array(fc.nat(), { minLength: 3, maxLength: 3 }),
    isOdd: fc.constantFrom(false, false, false, true),
  });
  type File = typeof file extends fc.Arbitrary<infer T> ? T : never;

  const writtenFile = ({ of, isOdd }: File, path: string): WrittenFile => ({
    filename: path,
    count: 3n,
    file_size_bytes: 900n,
    partition_keys: null,
    column_statistics: Object.fromEntries(
      COLUMNS.flatMap(({ name, type }, index) => {
        const { min, max, has, ...counts } = of[index] ?? {};
        const known = (isOdd ? odd[`${type}`] : undefined) ?? (texts[`${type}`] as readonly string[]);
        const value = (at: number | undefined): string => known[(at ?? 0) % known.length] as string;
        const all = { ...counts, ...(has === 'both' ? { min: value(min), max: value(max) } : {}) };
        return of[index] === undefined
          ? []
          : [[`"${name}"`, Object.fromEntries(Object.entries(all).filter(([, each]) => each !== undefined))]];
      }),
    ) as WrittenFile['column_statistics'],
  });

  it('is written as DuckDB does it, and listed the same', async () => {
    let known = 0;
    await fc.assert(
      fc.asyncProperty(
        fields,
        fc.array(file, { minLength: 1, maxLength: 3 }),
        fc.constantFrom(undefined, 3),
        fc.constantFrom(2, 3),
        async (of, files, sortOrderId, version) => {
          const { metadata, spec } = tableOf(of, version);
          const partition = (each: File): (string | null)[] =>
            of.map((name, at) => {
              const spelled = FIELDS[name].texts;
              return spelled[(each.partition[at] as number) % spelled.length] ?? null;
            });
          const input = (destination: string): NewDataFiles => ({
            metadata,
            spec,
            values: partitionValues(metadata, spec),
            columns: COLUMNS,
            location: world.folder,
            files: files.map((each, index) => ({
              file: writtenFile(each, `/data/${index} "ü'.parquet`),
              partition: partition(each),
            })),
            sortOrderId,
            destination,
          });
          const here = input(newPath());
          const facts = await writeFileManifest(world.engine, here);
          if (facts !== undefined) known += 1;
          expect(facts === undefined || !of.some((name) => EXOTIC.includes(name))).toBe(true);
          const many = input(newPath());
          const [other] = many.files;
          const others = Array.from({ length: 251 }, (_, index) => ({
            ...(other as NewDataFiles['files'][number]),
            file: { ...(other as NewDataFiles['files'][number]).file, filename: `/other/${index}` },
          }));
          expect(
            await writeFileManifest(world.engine, { ...many, files: [...many.files, ...others] }),
          ).toBeUndefined();
          const content = await contentOf(here.destination);
          expect(content).toEqual(withoutOthers(await contentOf(many.destination)));

          const manifest = { path: here.destination, specId: 0, values: here.values, known: facts };
          const parent = await parentList(version);
          const place = { metadata, parent, snapshotId: 9n, sequenceNumber: 7n, owner: `o${written}` };
          const lists = [
            await writeStagedList(world.engine, { ...place, manifest }),
            await writeStagedList(world.engine, { ...place, manifest: { ...manifest, known: undefined } }),
          ] as const;
          expect(await listOf(lists[0])).toEqual(await listOf(lists[1]));
        },
      ),
      { numRuns: 25, ...propertySeed() },
    );
    expect(known).toBeGreaterThan(5);
  });

  async function parentList(version: number): Promise<Snapshot> {
    const path = newPath();
    const row = {
      manifest_path: 'older.avro',
      manifest_length: 5n,
      partition_spec_id: 0,
      content: 1,
      sequence_number: 7n,
      min_sequence_number: 3n,
      added_snapshot_id: 2n ** 60n,
      added_files_count: 1,
      existing_files_count: 0,
      deleted_files_count: 0,
      added_rows_count: 3n,
      existing_rows_count: 0n,
      deleted_rows_count: 0n,
      partitions: null,
      first_row_id: version === 3 ? 0n : null,
    };
    const rows = [
      row,
      { ...row, content: 0, manifest_path: 'ü.avro' },
      { ...row, content: 0, manifest_path: 'z' },
    ];
    writeFileSync(path, writeAvroRows(MANIFEST_FILE_WITH_ROW_IDS, {}, rows));
    return { 'snapshot-id': 1n, 'timestamp-ms': 0, 'manifest-list': path };
  }
});

describe('manifests that are written anew', () => {
  const OPTIONAL = [
    'column_sizes',
    'value_counts',
    'null_value_counts',
    'nan_value_counts',
    'key_metadata',
    'split_offsets',
    'equality_ids',
    'sort_order_id',
    'first_row_id',
    'referenced_data_file',
    'content_offset',
    'content_size_in_bytes',
  ] as const;
  const bytes = fc
    .constantFrom('61', 'c3bc', 'c3', 'ff', '', '00', 'eda080', 'f09f9880')
    .map((hex) => Buffer.from(hex, 'hex'));
  const keyed = <T>(value: fc.Arbitrary<T>) =>
    fc.option(
      fc
        .uniqueArray(fc.constantFrom(1, 5, 6), { maxLength: 3 })
        .chain((keys) => fc.tuple(...keys.map((key) => value.map((each) => ({ key, value: each }))))),
    );
  const counts = keyed(fc.constantFrom(0n, 3n, 2n ** 40n));
  const id = fc.constantFrom(null, 5n, 9007199254740993n);
  const entry = fc.record({
    status: fc.constantFrom(0, 1, 1, 2),
    snapshot_id: id,
    sequence_number: fc.constantFrom(null, 1n, 4n),
    file_sequence_number: fc.constantFrom(null, 1n),
    file: fc.constantFrom('a', 'b', 'c', "d'ü"),
    rows: fc.constantFrom(1n, 4n),
    at: fc.nat(),
    optional: fc.record({
      column_sizes: counts,
      value_counts: counts,
      null_value_counts: counts,
      nan_value_counts: counts,
      lower_bounds: keyed(bytes),
      upper_bounds: keyed(bytes),
      key_metadata: fc.option(bytes),
      split_offsets: fc.option(fc.array(fc.constantFrom(4n, 2n ** 33n))),
      equality_ids: fc.option(fc.array(fc.constantFrom(1, 2), { minLength: 1 })),
      sort_order_id: fc.constantFrom(null, 0, 2),
      first_row_id: fc.constantFrom(null, 1000n),
      referenced_data_file: fc.constantFrom(null, '', 'a.parquet'),
      content_offset: fc.constantFrom(null, 4n),
      content_size_in_bytes: fc.constantFrom(null, 4n),
    }),
  });
  type Entry = typeof entry extends fc.Arbitrary<infer T> ? T : never;
  const manifest = fc.record({
    entries: fc.array(entry, { minLength: 1, maxLength: 3 }),
    columns: fc.subarray([...OPTIONAL]),
    content: fc.constantFrom(0, 0, 0, 1),
    snapshot: fc.constantFrom(3n, 9007199254740995n),
    sequence: fc.constantFrom(4n, 5n),
    rowId: fc.constantFrom(null, 40n),
    summaries: fc.constantFrom('none', 'some', 'nulls', 'nulls or some'),
    at: fc.nat(),
  });
  type Manifest = typeof manifest extends fc.Arbitrary<infer T> ? T : never;
  /** How writers spell the partition: with the type of Avro, and by place where the name is another one. */
  const spelling = fc.constantFrom('plain', 'days as dates', 'other names');

  const STORED: Readonly<
    Record<
      FieldName,
      { type: AvroType; values: readonly (string | number | bigint | boolean | null | Buffer)[] }
    >
  > = {
    hour: { type: 'int', values: [470736, -1, null] },
    'a day': { type: 'int', values: [19600, -7, null] },
    month: { type: 'int', values: [640, -5] },
    bucket: { type: 'int', values: [0, 3] },
    long: { type: 'long', values: [-9007199254740993n, 5n, null] },
    int: { type: 'int', values: [-2147483648, null] },
    date: { type: { type: 'int', logicalType: 'date' }, values: [-1, 19600, null] },
    'a text': { type: 'string', values: ['', 'ü', null] },
    cut: { type: 'string', values: ['ab', null] },
    boolean: { type: 'boolean', values: [true, false, null] },
    gone: { type: 'int', values: [null] },
    price: { type: 'bytes', values: [Buffer.from([1]), null] },
    instant: { type: { type: 'long', logicalType: 'timestamp-micros' }, values: [5n, null] },
  };
  const BOUNDS = [
    Buffer.from([1, 0, 0, 0]),
    Buffer.from([255, 255, 255, 255]),
    Buffer.from([0, 1, 0, 0, 0, 0, 0, 0]),
  ];

  interface Made {
    readonly path: string;
    readonly twin: string;
    readonly row: AvroObject;
  }

  /** Writes a manifest twice, the second time so that only DuckDB reads it. */
  function made(
    of: readonly FieldName[],
    { entries, columns, content, snapshot, sequence, rowId, summaries, at }: Manifest,
    { version, spelled }: { readonly version: 1 | 2 | 3; readonly spelled: string },
  ): Made {
    const partition = of.map((name, index) => ({
      name: spelled === 'other names' ? `f${index}` : name,
      fieldId: 1000 + index,
      type:
        spelled === 'days as dates' && name === 'a day'
          ? { type: 'int', logicalType: 'date' }
          : STORED[name].type,
    }));
    const required = [
      'content',
      'file_path',
      'file_format',
      'partition',
      'record_count',
      'file_size_in_bytes',
    ];
    const schema = manifestEntry(partition, [...required, 'lower_bounds', 'upper_bounds', ...columns]);
    const avro = Object.keys(Object.fromEntries(partition.map(({ name }) => [name, 0])));
    const rows = entries.map((each) => ({
      status: each.status,
      snapshot_id: each.snapshot_id,
      sequence_number: each.sequence_number,
      file_sequence_number: each.file_sequence_number,
      data_file: {
        content,
        file_path: `/data/${each.file}.parquet`,
        file_format: 'PARQUET',
        record_count: each.rows,
        file_size_in_bytes: 9n,
        ...each.optional,
        partition: Object.fromEntries(
          avro.map((name, index) => {
            const { values } = STORED[of[index] as FieldName];
            return [name.replaceAll(' ', '_x20'), values[(each.at + index) % values.length] ?? null];
          }),
        ),
      },
    }));
    const shape: AvroRecord =
      version === 1
        ? { ...schema, fields: schema.fields.filter(({ name }) => !name.endsWith('sequence_number')) }
        : schema;
    const file = writeAvroRows(shape, {}, rows as unknown as AvroObject[]);
    const [path, twin] = [newPath(), newPath()];
    writeFileSync(path, file);
    writeFileSync(twin, withSnappy(file));
    const of2 = (status: number): Entry[] => entries.filter((each) => each.status === status);
    const sum = (some: readonly Entry[]): bigint => some.reduce((all, each) => all + each.rows, 0n);
    const bound = (index: number): Buffer => BOUNDS[(at + index) % BOUNDS.length] as Buffer;
    const nulls = (index: number): boolean =>
      summaries === 'nulls' || (summaries === 'nulls or some' && (at + index) % 2 === 0);
    return {
      path,
      twin,
      row: {
        manifest_length: 9n,
        partition_spec_id: 0,
        content,
        sequence_number: sequence,
        min_sequence_number: 1n,
        added_snapshot_id: snapshot,
        added_files_count: of2(1).length,
        existing_files_count: of2(0).length,
        deleted_files_count: of2(2).length,
        added_rows_count: sum(of2(1)),
        existing_rows_count: sum(of2(0)),
        deleted_rows_count: sum(of2(2)),
        partitions:
          summaries === 'none'
            ? null
            : of.map((_name, index) => ({
                contains_null: nulls(index),
                contains_nan: at % 3 === 0 ? null : false,
                lower_bound: nulls(index) ? null : bound(index),
                upper_bound: nulls(index) ? null : bound(index + 1),
              })),
        first_row_id: version === 3 && content === 0 ? rowId : null,
      },
    };
  }

  function snapshotOf(manifests: readonly Made[], which: 'path' | 'twin'): Snapshot {
    const list = newPath();
    const rows = manifests.map((each) => ({ ...each.row, manifest_path: each[which] }));
    writeFileSync(list, writeAvroRows(MANIFEST_FILE_WITH_ROW_IDS, {}, rows));
    return { 'snapshot-id': 11n, 'sequence-number': 6n, 'timestamp-ms': 0, 'manifest-list': list };
  }

  const asManifests = (manifests: readonly Made[], which: 'path' | 'twin') =>
    manifests.map((each) => ({
      manifest_path: each[which],
      partition_spec_id: 0,
      content: each.row['content'] as number,
    }));

  const allOf = async (rewritten: readonly RewrittenManifest[]): Promise<unknown[]> => {
    const contents: unknown[] = [];
    for (const { path } of rewritten) contents.push(await contentOf(path));
    return contents
      .map((content) =>
        JSON.stringify(content, (_key, value) => (typeof value === 'bigint' ? `${value}n` : value)),
      )
      .sort();
  };
  /** Of a list whose manifests have other names. */
  const shownBy = async ({ 'manifest-list': list }: Snapshot): Promise<unknown[]> => {
    const paths = (readAvroRows(readFileSync(list), MANIFEST_FILE_WITH_ROW_IDS) ?? []).map(
      (row) => `${row['manifest_path']}`,
    );
    return [
      await listOf(list, ', manifest_path'),
      await allOf(paths.map((path) => ({ path, specId: 0, content: 0 }))),
    ];
  };

  it('are those that DuckDB writes, and so are the lists that name them', async () => {
    let known = 0;
    await fc.assert(
      fc.asyncProperty(
        fields,
        fc.array(manifest, { minLength: 1, maxLength: 3 }),
        fc.record({
          version: fc.constantFrom<1 | 2 | 3>(1, 2, 2, 3),
          spelled: spelling,
          removed: fc.subarray(['a', 'b', "d'ü"]),
          kept: fc.subarray(['a', 'b', 'c']),
          withoutBounds: fc.subarray([1, 6]),
          withDeletes: fc.boolean(),
          sameColumns: fc.boolean(),
        }),
        async (
          of,
          contents,
          { version, spelled, removed, kept, withoutBounds, withDeletes, sameColumns },
        ) => {
          const { metadata } = tableOf(of, Math.max(version, 2));
          const columns = (contents[0] as Manifest).columns;
          const manifests = contents
            .map((each) => (sameColumns ? { ...each, columns } : each))
            .map((each) => made(of, each, { version, spelled }));
          // Which of several entries of a file is taken when both are live and alike, nobody says.
          fc.pre(isEachOnce(contents));
          const [one, other] = [snapshotOf(manifests, 'path'), snapshotOf(manifests, 'twin')];
          const files = (some: readonly string[]): string[] => some.map((name) => `/data/${name}.parquet`);
          const both: RewrittenManifest[][] = [];
          for (const [snapshot, which] of [
            [one, 'path'],
            [other, 'twin'],
          ] as const)
            both.push(
              await rewriteManifests(world.engine, {
                metadata,
                manifestList: snapshot['manifest-list'],
                manifests: asManifests(manifests, which),
                removedFiles: files(removed),
                keptFiles: [],
                destination: newPath,
                ...(withoutBounds.length === 0 ? {} : { withoutBoundsOf: withoutBounds }),
              }),
            );
          const [here, byDuckdb] = both as [RewrittenManifest[], RewrittenManifest[]];
          expect(byDuckdb.every(({ facts }) => facts === undefined)).toBe(true);
          if (here.every(({ facts }) => facts !== undefined)) known += 1;
          expect(await allOf(here)).toEqual(await allOf(byDuckdb));

          const place = {
            metadata,
            base: one,
            affected: asManifests(manifests, 'path'),
            snapshotId: 12n,
            sequenceNumber: 7n,
          };
          const lists = [
            await writeClearedList(world.engine, { ...place, rewritten: here }),
            await writeClearedList(world.engine, {
              ...place,
              rewritten: here.map(({ path, specId, content }) => ({ path, specId, content })),
            }),
          ] as const;
          expect(await listOf(lists[0])).toEqual(await listOf(lists[1]));

          const counts: unknown[] = [];
          for (const parent of [one, other])
            counts.push(
              (
                await describeSnapshot(world.engine, {
                  metadata,
                  parent: undefined,
                  snapshotId: 3n,
                  sequenceNumber: 4n,
                  manifestList: parent['manifest-list'],
                  operation: 'overwrite',
                })
              ).summary,
            );
          expect(counts[0]).toEqual(counts[1]);

          const views: Snapshot[] = [];
          const readable: (Snapshot | undefined)[] = [];
          for (const [from, which] of [
            [one, 'path'],
            [other, 'twin'],
          ] as const) {
            const directory = join(world.folder, 'metadata');
            const all = asManifests(manifests, which);
            views.push(
              await composeFilesView(world.engine, {
                metadata,
                from,
                manifests: all.filter(({ content }) => content === 0),
                files: files(kept),
                directory,
                withDeletes,
              }),
            );
            const [left] = all;
            readable.push(
              (
                await composeReadableView(world.engine, {
                  metadata,
                  from,
                  table: 't',
                  eventTime: undefined,
                  directory,
                  leftOut: new Set(all.length > 1 && left !== undefined ? [left.manifest_path] : []),
                })
              )?.snapshot,
            );
          }
          expect(await shownBy(views[0] as Snapshot)).toEqual(await shownBy(views[1] as Snapshot));
          if (readable[0] !== undefined && readable[1] !== undefined)
            expect(await shownBy(readable[0])).toEqual(await shownBy(readable[1]));
        },
      ),
      { numRuns: 30, ...propertySeed() },
    );
    expect(known).toBeGreaterThan(5);
  });

  function isEachOnce(contents: readonly Manifest[]): boolean {
    const live = contents.flatMap(({ entries, content }) =>
      entries.filter(({ status }) => status < 2).map((each) => `${content} ${each.file} ${each.status}`),
    );
    return new Set(live).size === live.length;
  }
});
