/** Finds the sessions that a process has had, from metadata alone. Metadata -> ids, or snapshots. Pure. */
import { ancestors, mainSnapshot } from '../iceberg/history.ts';
import type { Snapshot, TableMetadata } from '../iceberg/table-metadata.ts';
import { laterSessionId } from '../model/session-id.ts';
import { lastSessionOf } from './process-progress.ts';
import { SUMMARY } from './summary-keys.ts';
import { retiredProperty } from './target-properties.ts';

/**
 * Those that wrote to a state table in the commits that it still knows, its last hundred: whoever wrote
 * before them began seconds ago.
 */
export function sessionsWritten(metadata: TableMetadata | undefined, processName: string): Set<string> {
  const written = (metadata?.snapshots ?? []).filter(
    ({ summary }) => summary?.[SUMMARY.processName] === processName,
  );
  return new Set(written.map(({ summary }) => summary?.[SUMMARY.sessionId] ?? ''));
}

/** The snapshot in `main`'s history that the session published; undefined if it did not publish there. */
export function snapshotOfSession(
  target: TableMetadata,
  { processName, psybergSessionId }: { readonly processName: string; readonly psybergSessionId: string },
): Snapshot | undefined {
  for (const snapshot of ancestors(target, mainSnapshot(target)))
    if (
      snapshot.summary?.[SUMMARY.processName] === processName &&
      snapshot.summary[SUMMARY.sessionId] === psybergSessionId
    )
      return snapshot;
  return undefined;
}

/**
 * The id, or the next one that is later than every session that published to the target, and than the last
 * one before the process was retired: what one up to that says would count as ended.
 */
export function laterThanPublished(
  id: string,
  target: TableMetadata | undefined,
  processName: string,
): string {
  if (target === undefined) return id;
  const before = [lastSessionOf(target, processName), target.properties?.[retiredProperty(processName)]];
  return before.reduce<string>((later, each) => laterSessionId(later, each ?? null), id);
}
