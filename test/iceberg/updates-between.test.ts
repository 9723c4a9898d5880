// Goal: the updates between two states of a table make one of the other, and leave out what came and went.
// Method: several commits on a small table, and what lies between the first state and the last applied at once.
import { describe, expect, it } from 'vitest';
import type { TableMetadata } from '../../src/iceberg/table-metadata.ts';
import type { TableUpdate } from '../../src/iceberg/table-update.ts';
import { applyUpdates } from '../../src/iceberg/updates.ts';
import { updatesBetween } from '../../src/iceberg/updates-between.ts';
import { NOW_MS, newTable, setMain, snapshot, withSnapshots } from './table.ts';

const LATER_MS = NOW_MS + 10_000;
const commits = (base: TableMetadata, ...each: readonly (readonly TableUpdate[])[]): TableMetadata =>
  each.reduce((table, updates) => applyUpdates(table, updates, LATER_MS), base);
/** What readers of the table see of it. */
const seen = ({ 'snapshot-log': log, ...table }: TableMetadata): unknown => ({
  ...table,
  'last-updated-ms': 0,
  current: log?.at(-1)?.['snapshot-id'],
});
const staged = (id: bigint, name = 'staging'): TableUpdate[] => [
  { action: 'add-snapshot', snapshot: snapshot(id, { 'parent-snapshot-id': 2n }) },
  { action: 'set-snapshot-ref', 'ref-name': name, type: 'branch', 'snapshot-id': id },
];
const published = (id: bigint, parent: bigint): TableUpdate[] => [
  { action: 'add-snapshot', snapshot: snapshot(id, { 'parent-snapshot-id': parent }) },
  setMain(id),
];

describe('updates between two states', () => {
  it('hold the published snapshots in their order, and not those that were staged for them', () => {
    const before = withSnapshots([1n, 2n]);
    const after = commits(
      before,
      staged(3n),
      [
        ...published(4n, 2n),
        { action: 'remove-snapshot-ref', 'ref-name': 'staging' },
        { action: 'remove-snapshots', 'snapshot-ids': [3n, 1n] },
        { action: 'set-properties', updates: { 'psyberg.last-session.a': '1', owner: 'me' } },
      ],
      [...published(5n, 4n), { action: 'remove-properties', removals: ['owner'] }],
    );
    const { requirements, updates } = updatesBetween(before, after);
    expect(updates.map(({ action }) => action)).toEqual([
      'set-properties',
      'add-snapshot',
      'add-snapshot',
      'set-snapshot-ref',
      'remove-snapshots',
    ]);
    expect(requirements).toEqual([
      { type: 'assert-table-uuid', uuid: before['table-uuid'] },
      { type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': 2n },
    ]);
    expect(seen(applyUpdates(before, updates, LATER_MS))).toEqual(seen(after));
  });

  it('hold new columns, tags that moved, limits of a branch and a newer format', () => {
    const before = withSnapshots([1n, 2n]);
    const [{ fields } = { fields: [] }] = before.schemas;
    const after = commits(
      before,
      [
        {
          action: 'add-schema',
          schema: {
            type: 'struct',
            fields: [...fields, { id: 9, name: 'note', required: false, type: 'string' }],
          },
        },
        { action: 'set-current-schema', 'schema-id': -1 },
      ],
      [
        { action: 'set-snapshot-ref', 'ref-name': 'seen', type: 'tag', 'snapshot-id': 1n },
        { ...(setMain(2n) as object), 'min-snapshots-to-keep': 3 } as TableUpdate,
        { action: 'upgrade-format-version', 'format-version': 3 },
      ],
    );
    const { requirements, updates } = updatesBetween(before, after);
    expect(requirements.map(({ type }) => type)).toContain('assert-last-assigned-field-id');
    expect(requirements).toContainEqual({
      type: 'assert-ref-snapshot-id',
      ref: 'seen',
      'snapshot-id': null,
    });
    expect(seen(applyUpdates(before, updates, LATER_MS))).toEqual(seen(after));
  });

  it('are none where what came went again, and a tag that went is one', () => {
    const before = commits(withSnapshots([1n, 2n]), [
      { action: 'set-snapshot-ref', 'ref-name': 'seen', type: 'tag', 'snapshot-id': 1n },
    ]);
    const same = commits(before, staged(3n), [
      { action: 'remove-snapshot-ref', 'ref-name': 'staging' },
      { action: 'remove-snapshots', 'snapshot-ids': [3n] },
    ]);
    expect(updatesBetween(before, same).updates).toEqual([]);
    const untagged = commits(before, [{ action: 'remove-snapshot-ref', 'ref-name': 'seen' }]);
    expect(updatesBetween(before, untagged).updates).toEqual([
      { action: 'remove-snapshot-ref', 'ref-name': 'seen' },
    ]);
  });

  it('are refused where they would leave something out', () => {
    const before = newTable();
    const moved = commits(before, [{ action: 'set-location', location: '/elsewhere' }]);
    expect(() => updatesBetween(before, moved)).toThrow(
      expect.objectContaining({ code: 'unsupported', message: expect.stringContaining('location') }),
    );
  });
});
