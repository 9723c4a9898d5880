/** Takes from a source's metadata what is kept with a session. Metadata -> parts of SourceState. Pure. */

import type { SourceTable } from '../changes/source.ts';
import { countInSummary } from '../iceberg/history.ts';
import type { Snapshot, TableMetadata } from '../iceberg/table-metadata.ts';
import { given } from '../model/given.ts';
import { protectionTag } from '../model/names.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import type { SourcePosition, SourceState } from '../model/session.ts';

/** A source before anything of it was looked at. */
export const NOTHING_NEW = {
  awaited: false,
  detectedBy: 'snapshots',
  changes: [],
  files: [],
  listedBy: 'manifests',
  manifestLists: [],
} as const satisfies Partial<SourceState>;

export const positionOf = (metadata: TableMetadata, snapshot: Snapshot): SourcePosition => ({
  tableUuid: metadata['table-uuid'],
  snapshotId: snapshot['snapshot-id'],
  sequenceNumber: snapshot['sequence-number'] ?? 0n,
  committedAtMs: snapshot['timestamp-ms'],
});

/** The event-time column, in the form in which a later session compares it. */
export const eventTimeFacts = (eventTime: SourceTable['eventTime']): Partial<SourceState> =>
  eventTime === undefined
    ? {}
    : {
        eventTimeId: eventTime.column.id,
        eventTimeType: String(eventTime.column.type),
        eventTimeUnit: eventTime.unit,
      };

/** The counts that a later session checks, should history be expired by then. */
export const headCounts = (head: Snapshot): Pick<SourceState, 'totalRecords' | 'addedRecords'> =>
  given({
    totalRecords: countInSummary(head, 'total-records'),
    addedRecords: countInSummary(head, 'added-records'),
  });

/** The snapshot that the process's tag keeps from being expired. */
export const protectionFacts = (
  metadata: TableMetadata | undefined,
  { processName }: Pick<ProcessSpec, 'processName'>,
): Pick<SourceState, 'protectedSnapshotId'> =>
  given({ protectedSnapshotId: metadata?.refs?.[protectionTag(processName)]?.['snapshot-id'] });
