// Goal: whether DuckDB can compare partitions is told at once, however many deletes and files there are. Method:
// many of both, with one file at the end that it cannot compare; whether it really cannot: the test of that name
// for whole histories.
import { describe, expect, it } from 'vitest';
import type { TableMetadata } from '../../src/iceberg/table-metadata.ts';
import type { DataFile } from '../../src/tables/deletes/files-under.ts';
import { fileBesideUncompared } from '../../src/tables/deletes/partitions-compared.ts';
import type { DeleteFile } from '../../src/tables/deletes/row-delete-files.ts';

const METADATA = {
  'current-schema-id': 0,
  schemas: [
    {
      type: 'struct',
      'schema-id': 0,
      fields: [
        { id: 1, name: 'k', type: 'string', required: false },
        { id: 2, name: 'r', type: 'string', required: false },
      ],
    },
  ],
  'partition-specs': [
    {
      'spec-id': 0,
      fields: [
        { 'field-id': 1000, 'source-id': 1, name: 'k_part', transform: 'identity' },
        { 'field-id': 1001, 'source-id': 2, name: 'r_cut', transform: 'truncate[2]' },
      ],
    },
  ],
  'last-partition-id': 1001,
} as unknown as TableMetadata;
const manifests = [
  { content: 0, partition_spec_id: 0 },
  { content: 1, partition_spec_id: 0 },
] as const;

const deletedAt = (sequenceNumber: number, k: string | null = 'a'): DeleteFile =>
  ({
    specId: 0,
    partition: { k, r_cut: 'xy' },
    sequenceNumber: BigInt(sequenceNumber),
  }) as unknown as DeleteFile;
const dataAt = (sequenceNumber: number, path: string, k: string | null = `${path}`): DataFile =>
  ({
    specId: 0,
    path,
    partition: JSON.stringify({ k, r_cut: 'xy' }),
    sequenceNumber: BigInt(sequenceNumber),
  }) as unknown as DataFile;

describe('partitions of many files beside many deletes', () => {
  const deletes = Array.from({ length: 1_500 }, (_, at) => deletedAt(20_000 + at, `d${at}`));
  const files = Array.from({ length: 10_000 }, (_, at) => dataAt(at, `f${at}`));

  it('are compared in less than a second', () => {
    const begun = performance.now();
    expect(fileBesideUncompared(METADATA, { deletes, files, manifests })).toBeUndefined();
    const last = dataAt(19_999, 'last', null);
    expect(fileBesideUncompared(METADATA, { deletes, files: [...files, last], manifests })).toBe('last');
    expect(performance.now() - begun).toBeLessThan(1_000);
  });

  it('are told by the newest delete of each kind of values', () => {
    const found = (...of: readonly DeleteFile[]): string | undefined =>
      fileBesideUncompared(METADATA, { deletes: of, files: [dataAt(5, 'old'), dataAt(9, 'new')], manifests });
    expect(found(deletedAt(12), deletedAt(5, null))).toBeUndefined();
    expect(found(deletedAt(6, null), deletedAt(3, null), deletedAt(12))).toBe('old');
    const isNull = dataAt(9, 'null', null);
    expect(fileBesideUncompared(METADATA, { deletes: [deletedAt(9)], files: [isNull], manifests })).toBe(
      undefined,
    );
    expect(
      fileBesideUncompared(METADATA, { deletes: [deletedAt(9), deletedAt(10)], files: [isNull], manifests }),
    ).toBe('null');
  });
});
