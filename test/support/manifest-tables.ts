/**
 * Tables of every type of partition, for tests of what writes their manifests without DuckDB; and what such a
 * manifest, or a list of some, says to DuckDB.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { newTableMetadata } from '../../src/iceberg/new-table.ts';
import type { PartitionSpec, TableMetadata } from '../../src/iceberg/table-metadata.ts';
import type { LayoutColumn } from '../../src/model/file-layout.ts';
import { type AvroWorld, openAvroWorld } from './avro-table.ts';

export const COLUMNS: readonly LayoutColumn[] = [
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
export const FIELDS = {
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
export type FieldName = keyof typeof FIELDS;
/** Those of whose values only DuckDB knows how they are stored. */
export const EXOTIC: readonly FieldName[] = ['price', 'instant'];

const names = Object.keys(FIELDS) as FieldName[];
/** Up to three of them. */
export const fields = fc.uniqueArray(fc.constantFrom(...names), { maxLength: 3 });

/** A table in the folder `location` that is partitioned by these fields. */
export function tableOf(
  location: string,
  of: readonly FieldName[],
  version = 2,
): { metadata: TableMetadata; spec: PartitionSpec } {
  const metadata = newTableMetadata(
    {
      location,
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

/** What a manifest says: its columns, and a row an entry. */
export interface ManifestContent {
  readonly columns: unknown;
  readonly rows: unknown;
}

export interface ManifestWorld extends AvroWorld {
  /** Of a file that nobody has written yet. */
  readonly newPath: () => string;
  readonly contentOf: (manifest: string) => Promise<ManifestContent>;
  /** `without`: columns that are left out, each behind a comma. */
  readonly listOf: (list: string, without?: string) => Promise<ManifestContent>;
}

export async function openManifestWorld(): Promise<ManifestWorld> {
  const world = await openAvroWorld();
  mkdirSync(join(world.folder, 'metadata'));
  let written = 0;
  const asked = async (sql: string, file: string): Promise<ManifestContent> => {
    const { columns, rows } = await world.engine.table({ sql, parameters: { file } });
    return { columns, rows };
  };
  return {
    ...world,
    newPath: () => {
      written += 1;
      return join(world.folder, 'metadata', `${written}.avro`);
    },
    contentOf: (file) =>
      asked(
        'from (select * exclude (data_file), unnest(data_file) from read_avro($file)) order by all',
        file,
      ),
    listOf: (list, without = '') =>
      asked(`select * exclude (manifest_length ${without}) from read_avro($file) order by all`, list),
  };
}
