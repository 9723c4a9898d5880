/** A small table for the tests of the pure commit rules. */
import { expect } from 'vitest';
import { newTableMetadata } from '../../src/iceberg/new-table.ts';
import type { Snapshot, TableMetadata } from '../../src/iceberg/table-metadata.ts';
import type { TableUpdate } from '../../src/iceberg/table-update.ts';
import { applyUpdates } from '../../src/iceberg/updates.ts';

export const NOW_MS = 1_700_000_000_000;

export const newTable = (properties: Record<string, string> = {}): TableMetadata =>
  newTableMetadata(
    {
      schema: {
        type: 'struct',
        fields: [
          { id: 7, name: 'id', required: true, type: 'long' },
          { id: 9, name: 'ts', required: false, type: 'timestamptz' },
          {
            id: 3,
            name: 'address',
            required: false,
            type: { type: 'struct', fields: [{ id: 1, name: 'city', required: false, type: 'string' }] },
          },
        ],
        'identifier-field-ids': [7],
      },
      partitionSpec: { fields: [{ 'source-id': 9, 'field-id': 4000, name: 'ts_hour', transform: 'hour' }] },
      sortOrder: {
        fields: [{ 'source-id': 7, transform: 'identity', direction: 'asc', 'null-order': 'nulls-first' }],
      },
      properties,
      location: '/warehouse/ns/t',
      uuid: 'b8d0b5b4-0000-4000-8000-000000000001',
    },
    NOW_MS,
  );

export const snapshot = (id: bigint, fields: Partial<Snapshot> = {}): Snapshot => ({
  'snapshot-id': id,
  'sequence-number': id,
  'timestamp-ms': NOW_MS + Number(id),
  'manifest-list': `/warehouse/ns/t/metadata/snap-${id}.avro`,
  summary: { operation: 'append' },
  ...fields,
});
export const setMain = (id: bigint): TableUpdate => ({
  action: 'set-snapshot-ref',
  'ref-name': 'main',
  type: 'branch',
  'snapshot-id': id,
});
/** A table whose `main` went through these snapshots, one commit each. */
export const withSnapshots = (ids: readonly bigint[], table = newTable()): TableMetadata =>
  ids.reduce(
    (metadata, id) =>
      applyUpdates(
        metadata,
        [{ action: 'add-snapshot', snapshot: snapshot(id) }, setMain(id)],
        NOW_MS + Number(id),
      ),
    table,
  );

export const apply = (updates: readonly TableUpdate[], table = withSnapshots([1n, 2n])): TableMetadata =>
  applyUpdates(table, updates, NOW_MS + 10_000);

export const refused = (code: string, message: RegExp): unknown =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });
