/**
 * Decides which snapshots and references of a table expire. Metadata + limits -> what expires. Pure. The
 * rules are those of Apache Iceberg's `ExpireSnapshots`: every branch keeps its newest snapshots by number
 * and by age, a tag keeps its own, a reference that is too old goes as a whole, and a snapshot that no branch
 * reaches goes by age. On top of that, snapshots that somebody still needs stay.
 */
import { DAY_MS } from '../model/hour.ts';
import { ancestors, snapshotById } from './history.ts';
import type { Snapshot, SnapshotId, SnapshotReference, TableMetadata } from './table-metadata.ts';

/** Table properties and their defaults (Iceberg, "Table behavior properties"). */
const MAX_SNAPSHOT_AGE = 'history.expire.max-snapshot-age-ms';
const MIN_SNAPSHOTS = 'history.expire.min-snapshots-to-keep';
const MAX_REF_AGE = 'history.expire.max-ref-age-ms';
const MAX_SNAPSHOT_AGE_DEFAULT_MS = 5 * DAY_MS;

export interface RetentionLimits {
  readonly nowMs: number;
  /** Age from which snapshots expire; undefined: the table's property, or five days. */
  readonly olderThanMs?: number | undefined;
  /** How many snapshots a branch keeps whatever their age; undefined: the table's property, or 1. */
  readonly retainLast?: number | undefined;
  /** References to keep whatever their age. */
  readonly keepsRef?: (name: string) => boolean;
  /** References to drop whatever their age. */
  readonly dropsRef?: (name: string) => boolean;
}

export interface Expiry {
  readonly snapshots: readonly Snapshot[];
  readonly refs: readonly string[];
}

/** What expires by the rules. `needed` snapshots stay, whatever the rules say. */
export function expiredBy(
  metadata: TableMetadata,
  limits: RetentionLimits,
  needed: ReadonlySet<SnapshotId> = new Set(),
): Expiry {
  const properties = metadata.properties ?? {};
  const oldestMs =
    limits.nowMs -
    (limits.olderThanMs ?? numberOf(properties[MAX_SNAPSHOT_AGE], MAX_SNAPSHOT_AGE_DEFAULT_MS));
  const leastCount = limits.retainLast ?? numberOf(properties[MIN_SNAPSHOTS], 1);
  const refs = Object.entries(metadata.refs ?? {});
  const keptRefs = refs.filter(
    ([name, ref]) =>
      name === 'main' ||
      limits.keepsRef?.(name) === true ||
      (limits.dropsRef?.(name) !== true && isYoung(metadata, ref, limits.nowMs)),
  );
  const kept = new Set<SnapshotId>(needed);
  const referenced = new Set<SnapshotId>();
  for (const [, ref] of keptRefs) {
    kept.add(ref['snapshot-id']);
    const head = snapshotById(metadata, ref['snapshot-id']);
    if (ref.type === 'tag') {
      referenced.add(ref['snapshot-id']);
      continue;
    }
    const branchOldestMs =
      ref['max-snapshot-age-ms'] === undefined ? oldestMs : limits.nowMs - ref['max-snapshot-age-ms'];
    const branchCount = ref['min-snapshots-to-keep'] ?? leastCount;
    let count = 0;
    let keeping = true;
    for (const snapshot of ancestors(metadata, head)) {
      referenced.add(snapshot['snapshot-id']);
      keeping &&= count < branchCount || snapshot['timestamp-ms'] >= branchOldestMs;
      if (keeping) kept.add(snapshot['snapshot-id']);
      count += 1;
    }
  }
  return {
    snapshots: (metadata.snapshots ?? []).filter((snapshot) => {
      const id = snapshot['snapshot-id'];
      return !kept.has(id) && (referenced.has(id) || snapshot['timestamp-ms'] < oldestMs);
    }),
    refs: refs.filter((entry) => !keptRefs.includes(entry)).map(([name]) => name),
  };
}

/** A reference to a snapshot that is gone is no use to anybody. */
function isYoung(metadata: TableMetadata, ref: SnapshotReference, nowMs: number): boolean {
  const snapshot = snapshotById(metadata, ref['snapshot-id']);
  if (snapshot === undefined) return false;
  const maxAgeMs =
    ref['max-ref-age-ms'] ?? numberOf(metadata.properties?.[MAX_REF_AGE], Number.POSITIVE_INFINITY);
  return nowMs - snapshot['timestamp-ms'] <= maxAgeMs;
}

const numberOf = (text: string | undefined, otherwise: number): number => {
  const value = Number(text);
  return text === undefined || text.trim() === '' || Number.isNaN(value) ? otherwise : value;
};

/** False if the table's owner forbids deleting its files: other tables may share them. */
export const mayDeleteFiles = (metadata: TableMetadata): boolean =>
  metadata.properties?.['gc.enabled']?.toLowerCase() !== 'false';
