// Goal: a commit lands only on the table it was prepared on. Method: each requirement of the specification,
// met and failed.
import { describe, expect, it } from 'vitest';
import { checkRequirements } from '../../src/iceberg/requirements.ts';
import type { TableRequirement } from '../../src/iceberg/table-update.ts';
import { newTable, withSnapshots } from './table.ts';

const table = withSnapshots([1n, 2n]);
const MET: readonly TableRequirement[] = [
  { type: 'assert-table-uuid', uuid: table['table-uuid'].toUpperCase() },
  { type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': 2n },
  { type: 'assert-ref-snapshot-id', ref: 'other', 'snapshot-id': null },
  { type: 'assert-last-assigned-field-id', 'last-assigned-field-id': 4 },
  { type: 'assert-current-schema-id', 'current-schema-id': 0 },
  { type: 'assert-last-assigned-partition-id', 'last-assigned-partition-id': 1000 },
  { type: 'assert-default-spec-id', 'default-spec-id': 0 },
  { type: 'assert-default-sort-order-id', 'default-sort-order-id': 1 },
];
const FAILED: readonly [TableRequirement, string][] = [
  [{ type: 'assert-create' }, 'Requirement failed: table already exists'],
  [
    { type: 'assert-table-uuid', uuid: 'x' },
    `Requirement failed: UUID does not match: expected ${table['table-uuid']} != x`,
  ],
  [
    { type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': 1n },
    'Requirement failed: branch main has changed: expected id 1 != 2',
  ],
  [
    { type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': null },
    'Requirement failed: branch main was created concurrently',
  ],
  [
    { type: 'assert-ref-snapshot-id', ref: 'constructor', 'snapshot-id': 1n },
    'Requirement failed: branch or tag constructor is missing, expected 1',
  ],
  [
    { type: 'assert-last-assigned-field-id', 'last-assigned-field-id': 3 },
    'Requirement failed: last assigned field id changed: expected id 3 != 4',
  ],
  [
    { type: 'assert-current-schema-id', 'current-schema-id': 1 },
    'Requirement failed: current schema changed: expected id 1 != 0',
  ],
  [
    { type: 'assert-last-assigned-partition-id', 'last-assigned-partition-id': 999 },
    'Requirement failed: last assigned partition id changed: expected id 999 != 1000',
  ],
  [
    { type: 'assert-default-spec-id', 'default-spec-id': 1 },
    'Requirement failed: default partition spec changed: expected id 1 != 0',
  ],
  [
    { type: 'assert-default-sort-order-id', 'default-sort-order-id': 0 },
    'Requirement failed: default sort order changed: expected id 0 != 1',
  ],
];

describe('requirements', () => {
  it.each(MET)('hold: %o', (requirement) =>
    expect(() => checkRequirements(table, [requirement])).not.toThrow(),
  );
  it.each(FAILED)('fail as a retryable conflict: %o', (requirement, message) => {
    expect(() => checkRequirements(table, [requirement])).toThrow(
      expect.objectContaining({ code: 'commit-conflict', retryable: true, message }),
    );
  });
  it('let a table be created only where there is none', () => {
    expect(() => checkRequirements(undefined, [{ type: 'assert-create' }])).not.toThrow();
    expect(() => checkRequirements(undefined, [{ type: 'assert-table-uuid', uuid: 'x' }])).toThrow(
      expect.objectContaining({ code: 'commit-conflict' }),
    );
  });
  it('refuse to create and assert something else', () => {
    expect(() =>
      checkRequirements(undefined, [{ type: 'assert-create' }, { type: 'assert-table-uuid', uuid: 'x' }]),
    ).toThrow(expect.objectContaining({ code: 'invalid-table-update' }));
  });
  it('never count an unknown requirement as met', () => {
    const unknown = { type: 'assert-moon-phase' } as unknown as TableRequirement;
    expect(() => checkRequirements(newTable(), [unknown])).toThrow(
      expect.objectContaining({ code: 'unknown-requirement' }),
    );
  });
});
