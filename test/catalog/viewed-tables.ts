/**
 * Tables in every state that a view can meet: each format version, with and without snapshots, and with and
 * without a staging branch.
 */
import type { TableIdentifier } from '../../src/iceberg/table-metadata.ts';
import { append, type CatalogFixture, SCHEMA, snapshot } from './fixture.ts';

export const SEEN: TableIdentifier = { namespace: ['sources'], name: 'seen' };

let tables = 0;

/**
 * States of a table: its format version, the snapshots of `main`, and where a branch `staging`, a branch
 * `side` and a tag `release` point.
 */
export interface TableState {
  readonly version: '1' | '2' | '3';
  readonly history: 0 | 1 | 3;
  readonly staging: boolean;
}

/**
 * What a snapshot of that version says of its place among the others: version 1 knows no sequence numbers.
 */
const sequenceOf = (version: string) => (version === '1' ? { 'sequence-number': 0n } : {});

/** A new table in that state, under a name of its own. */
export async function makeTable(
  { client }: CatalogFixture,
  { version, history, staging }: TableState,
): Promise<TableIdentifier> {
  tables += 1;
  const id = { namespace: ['facts'], name: `viewed_${tables}` };
  await client.createTable(id, { schema: SCHEMA, properties: { 'format-version': version } });
  let nextRow = 1000n;
  const add = async (snapshotId: bigint, parent: bigint | null): Promise<void> => {
    const rows = version === '3' ? { 'first-row-id': nextRow, 'added-rows': 1n } : {};
    nextRow += 1n;
    await client.commitTable(id, append(snapshotId, parent, { ...rows, ...sequenceOf(version) }));
  };
  for (let n = 1n; n <= BigInt(history); n += 1n) await add(n, n === 1n ? null : n - 1n);
  if (history > 0) {
    await client.commitTable(id, {
      requirements: [],
      updates: [
        { action: 'set-snapshot-ref', 'ref-name': 'side', type: 'branch', 'snapshot-id': 1n },
        { action: 'set-snapshot-ref', 'ref-name': 'release', type: 'tag', 'snapshot-id': BigInt(history) },
      ],
    });
  }
  if (staging) {
    const parent = history > 0 ? { 'parent-snapshot-id': BigInt(history) } : {};
    const added = snapshot(10n, {
      ...parent,
      ...(version === '3' ? { 'first-row-id': nextRow, 'added-rows': 1n } : {}),
      ...sequenceOf(version),
    });
    await client.commitTable(id, {
      requirements: [],
      updates: [
        { action: 'add-snapshot', snapshot: added },
        { action: 'set-snapshot-ref', 'ref-name': 'staging', type: 'branch', 'snapshot-id': 10n },
      ],
    });
  }
  return id;
}
