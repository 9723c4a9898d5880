// Goal: the manifest of new files, and the list that names it, are those that DuckDB writes. Method: random files of
// every type of partition, and both ways; what DuckDB is to write lies beside many other files.
import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeAvroRows } from '../../src/iceberg/avro-rows.ts';
import type { Snapshot } from '../../src/iceberg/table-metadata.ts';
import { MANIFEST_FILE_WITH_ROW_IDS } from '../../src/model/manifest-schema.ts';
import { type NewDataFiles, type WrittenFile, writeFileManifest } from '../../src/tables/write/data-files.ts';
import { partitionValues } from '../../src/tables/write/manifest.ts';
import { writeStagedList } from '../../src/tables/write/manifest-list.ts';
import {
  COLUMNS,
  EXOTIC,
  FIELDS,
  fields,
  type ManifestContent,
  type ManifestWorld,
  openManifestWorld,
  tableOf,
} from '../support/manifest-tables.ts';
import { propertySeed } from '../support/property-seed.ts';

let world: ManifestWorld;
beforeAll(async () => {
  world = await openManifestWorld();
});
afterAll(() => world.close());

/** Without the files that are only there to be many. */
const withoutOthers = ({ columns, rows }: ManifestContent): ManifestContent => ({
  columns,
  rows: (rows as unknown[][]).filter((row) => !row.some((cell) => `${cell}`.startsWith('/other/'))),
});

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
    let lists = 0;
    await fc.assert(
      fc.asyncProperty(
        fields,
        fc.array(file, { minLength: 1, maxLength: 3 }),
        fc.constantFrom(undefined, 3),
        fc.constantFrom(2, 3),
        async (of, files, sortOrderId, version) => {
          const { metadata, spec } = tableOf(world.folder, of, version);
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
          const here = input(world.newPath());
          const facts = await writeFileManifest(world.engine, here);
          if (facts !== undefined) known += 1;
          expect(facts === undefined || !of.some((name) => EXOTIC.includes(name))).toBe(true);
          const many = input(world.newPath());
          const [other] = many.files;
          const others = Array.from({ length: 251 }, (_, index) => ({
            ...(other as NewDataFiles['files'][number]),
            file: { ...(other as NewDataFiles['files'][number]).file, filename: `/other/${index}` },
          }));
          expect(
            await writeFileManifest(world.engine, { ...many, files: [...many.files, ...others] }),
          ).toBeUndefined();
          const content = await world.contentOf(here.destination);
          expect(content).toEqual(withoutOthers(await world.contentOf(many.destination)));

          const manifest = { path: here.destination, specId: 0, values: here.values, known: facts };
          const parent = await parentList(version);
          lists += 1;
          const place = { metadata, parent, snapshotId: 9n, sequenceNumber: 7n, owner: `o${lists}` };
          const both = [
            await writeStagedList(world.engine, { ...place, manifest }),
            await writeStagedList(world.engine, { ...place, manifest: { ...manifest, known: undefined } }),
          ] as const;
          expect(await world.listOf(both[0])).toEqual(await world.listOf(both[1]));
        },
      ),
      { numRuns: 25, ...propertySeed() },
    );
    expect(known).toBeGreaterThan(5);
  });

  async function parentList(version: number): Promise<Snapshot> {
    const path = world.newPath();
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
