// Goal: what cannot be compared counts as changed, and nothing else is hidden by it. Method: comparisons that
// fail in every way.
import { describe, expect, it } from 'vitest';
import { remembering } from '../../src/changes/rows/compare-rows.ts';
import type { SourceTable } from '../../src/changes/source.ts';
import type { Snapshot } from '../../src/iceberg/table-metadata.ts';
import { PsybergError, refusal } from '../../src/model/errors.ts';

const keys = new Set<string>();
const table = {
  metadata: {
    'table-uuid': 'u',
    'current-schema-id': 0,
    schemas: [{ 'schema-id': 0, type: 'struct', fields: [] }],
  },
  verified: {
    has: (key: string) => keys.has(key),
    add: (key: string) => keys.add(key),
    save: () => undefined,
  },
} as unknown as SourceTable;
const snapshot = (id: bigint) => ({ 'snapshot-id': id }) as Snapshot;
const failing = (error: Error) =>
  remembering(table, { before: snapshot(1n), after: snapshot(2n) }, () => Promise.reject(error));

describe('a comparison of rows', () => {
  it.each([
    'sql-failed',
    'source-unreadable',
    'equality-deletes-unreadable',
    'delete-format-unsupported',
    'partition-column-dropped',
  ] as const)('that ends with %s cannot be made: the change counts, and is compared again', async (code) => {
    expect(await failing(new PsybergError(code, 'as of a file that is gone'))).toBeUndefined();
    expect(keys).toEqual(new Set());
  });
  it.each([
    new PsybergError('interrupted', 'the run was interrupted', { retryable: true }),
    new PsybergError('warehouse-full', 'there is no space left'),
    new PsybergError('catalog-unreachable', 'nobody answers'),
    refusal('source-replaced', 'another table'),
    new TypeError('a mistake of this package'),
  ])('that ends with "$message" ends the session', async (error) => {
    await expect(failing(error)).rejects.toBe(error);
    expect(keys).toEqual(new Set());
  });
});
