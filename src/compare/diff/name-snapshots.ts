/** Finds the two snapshots that a request names. Metadata + words -> snapshots. Pure. */
import { mainSnapshot, snapshotById } from '../../iceberg/history.ts';
import type { Snapshot, TableMetadata } from '../../iceberg/table-metadata.ts';
import { type PsybergError, usageError } from '../../model/errors.ts';

export interface NamedSnapshot {
  readonly name: string;
  /** Undefined: the table before its first snapshot. */
  readonly snapshot: Snapshot | undefined;
}

export interface SnapshotsAsked {
  /** Is compared with `main`. */
  readonly branch?: string;
  /** `FROM..TO`, or one snapshot that is compared with its parent: ids, tags or branches. */
  readonly at?: string;
}

/** Throws `snapshot-unknown`, and `usage` if it is not clear which two are meant. */
export function namedSnapshots(
  table: string,
  metadata: TableMetadata,
  { branch, at }: SnapshotsAsked,
): { readonly from: NamedSnapshot; readonly to: NamedSnapshot } {
  if ((branch === undefined) === (at === undefined))
    throw usageError('usage', 'name either a branch or two snapshots', {
      hint: `psyberg diff ${table} --branch NAME, or psyberg diff ${table} --at SNAPSHOT..SNAPSHOT`,
    });
  if (branch !== undefined)
    return {
      from: { name: 'main', snapshot: mainSnapshot(metadata) },
      to: found(table, metadata, branch),
    };
  const text = at as string;
  const place = text.indexOf('..');
  if (place < 0) {
    const to = found(table, metadata, text);
    return { from: parentOf(table, metadata, to), to };
  }
  const [from, to] = [text.slice(0, place), text.slice(place + 2)];
  if (from === '' || to === '')
    throw usageError('usage', `two snapshots are FROM..TO, found '${text}'`, {
      hint: `psyberg diff ${table} --at FROM..TO, or --at SNAPSHOT for what one snapshot changed`,
    });
  return { from: found(table, metadata, from), to: found(table, metadata, to) };
}

function found(table: string, metadata: TableMetadata, name: string): NamedSnapshot {
  if (name === 'main') return { name, snapshot: mainSnapshot(metadata) };
  const ref = metadata.refs?.[name]?.['snapshot-id'];
  const id = ref ?? (/^\d{1,19}$/.test(name) ? BigInt(name) : undefined);
  const snapshot = id === undefined ? undefined : snapshotById(metadata, id);
  if (snapshot === undefined) throw unknown(table, metadata, name);
  return { name, snapshot };
}

function parentOf(table: string, metadata: TableMetadata, { name, snapshot }: NamedSnapshot): NamedSnapshot {
  const parent = snapshot?.['parent-snapshot-id'];
  if (parent === undefined) return { name: 'nothing', snapshot: undefined };
  const before = snapshotById(metadata, parent);
  if (before !== undefined) return { name: String(parent), snapshot: before };
  throw usageError(
    'snapshot-unknown',
    `the snapshot before ${name} of ${table}, ${parent}, was expired: what ${name} changed cannot be told`,
    {
      hint: `compare with one that is there: psyberg diff ${table} --at SNAPSHOT..${name}`,
      context: { table, snapshot_id: String(parent) },
    },
  );
}

/** At most this many names are listed in an error. */
const LISTED = 5;

function unknown(table: string, metadata: TableMetadata, name: string): PsybergError {
  const refs = Object.keys(metadata.refs ?? {});
  const ids = (metadata.snapshots ?? []).slice(-LISTED).map((each) => String(each['snapshot-id']));
  const known = [...refs.slice(0, LISTED), ...ids].join(', ');
  return usageError('snapshot-unknown', `${table} has no snapshot, branch or tag '${name}' (any more)`, {
    hint: known === '' ? `${table} has no snapshot yet` : `it has ${known}`,
    context: { table, found: name },
  });
}
