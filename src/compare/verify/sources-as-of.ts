/**
 * Finds the sources of a process as of its watermarks. Progress + metadata -> snapshots. Does not use what
 * sessions conclude from changes: a snapshot's live files are its rows.
 */
import { columnOf, currentSchema } from '../../iceberg/event-time.ts';
import { ancestors, mainSnapshot, snapshotById } from '../../iceberg/history.ts';
import type { Snapshot, TableMetadata } from '../../iceberg/table-metadata.ts';
import { PsybergError, refusal, usageError } from '../../model/errors.ts';
import { tableName } from '../../model/names.ts';
import type { ProcessSpec, SourceSpec } from '../../model/process-spec.ts';
import type { Watermark } from '../../model/session.ts';
import { schemaOfThen } from '../../session/columns-replaced.ts';
import { eventTimeOf } from '../../session/event-time.ts';
import { startSnapshot } from '../../session/start.ts';
import { type ProcessProgress, progressEverSaid, watermarkFor } from '../../state/process-progress.ts';
import type { Workspace } from '../../workspace/open-workspace.ts';
import type { PinnedTable } from '../pinned-tables.ts';

export interface SourceAsOf {
  readonly spec: SourceSpec;
  readonly metadata: TableMetadata;
  readonly eventTime: PinnedTable['eventTime'];
  /** What the process has consumed; undefined: nothing. */
  readonly snapshot: Snapshot | undefined;
  /** Where the process began with it; `unknown`: that can no longer be told. */
  readonly begin: Snapshot | 'unknown' | undefined;
  /**
   * Only for a lookup whose changes are ignored: the schema by which it was read; undefined: the current
   * one.
   */
  readonly schemaId?: number | undefined;
}

/**
 * Finds a source that is a table. Throws `source-missing`, `source-replaced`, `history-expired` and the
 * errors of the event time.
 */
export async function sourceAsOf(
  { client }: Pick<Workspace, 'client'>,
  process: ProcessSpec,
  spec: SourceSpec,
  { progress, target }: { readonly progress: ProcessProgress; readonly target: TableMetadata },
): Promise<SourceAsOf> {
  const name = tableName(spec.table);
  const metadata = (await client.loadTableToRead(spec.table))?.metadata;
  if (metadata === undefined)
    throw usageError('source-missing', `the source ${name} of ${process.processName} does not exist`, {
      hint: `correct the name in ${process.file}, or create the table`,
      context: { process_name: process.processName, table: name },
    });
  const watermark = watermarkFor(progress, { name, tableUuid: metadata['table-uuid'] });
  const time = eventTimeOf(spec, metadata);
  const eventTime =
    time === undefined
      ? undefined
      : { fieldId: time.column.id, type: String(time.column.type), unit: time.unit };
  // No watermark: so far the process has read an empty table.
  if (watermark === undefined) return { spec, metadata, eventTime, snapshot: undefined, begin: undefined };
  if (watermark.tableUuid !== metadata['table-uuid'])
    throw refusal(
      'source-replaced',
      `the source ${name} is another table than the one that ${process.processName} has read: its uuid is ${metadata['table-uuid']}, expected ${watermark.tableUuid}`,
      {
        hint: `what the target was made of is gone: drop ${tableName(process.target.table)} and run again to make it from the new table`,
        context: { process_name: process.processName, table: name },
      },
    );
  const snapshot = snapshotById(metadata, watermark.snapshotId);
  if (snapshot === undefined) throw expired(process, name, watermark, metadata);
  return {
    spec,
    metadata,
    eventTime,
    snapshot,
    ...(spec.lookup?.onChange === 'ignore' ? { schemaId: schemaOfThen(metadata, watermark) } : {}),
    begin: beginOf(process, spec, { metadata, snapshot, target }),
  };
}

function expired(
  { processName }: ProcessSpec,
  table: string,
  { snapshotId }: Watermark,
  metadata: TableMetadata,
): PsybergError {
  const head = mainSnapshot(metadata)?.['snapshot-id'];
  return refusal(
    'history-expired',
    `the snapshot ${snapshotId} of ${table}, up to which ${processName} has read it, was expired: what the target should hold cannot be computed`,
    {
      hint: `run "psyberg run ${processName}": it moves the watermark to a snapshot that is there, and then verify again`,
      context: { process_name: processName, table, snapshot_id: String(snapshotId), head: String(head) },
    },
  );
}

/** Finds the snapshot after which the process has read the source, from its first session on. */
function beginOf(
  { processName }: ProcessSpec,
  { start, table, lookup }: SourceSpec,
  {
    metadata,
    snapshot,
    target,
  }: { readonly metadata: TableMetadata; readonly snapshot: Snapshot; readonly target: TableMetadata },
): SourceAsOf['begin'] {
  if (start.kind === 'beginning' || lookup !== undefined) return undefined;
  if (start.kind === 'now') {
    const first = firstSaid(target, processName, tableName(table));
    return (first === undefined ? undefined : snapshotById(metadata, first)) ?? 'unknown';
  }
  try {
    return startSnapshot(metadata, snapshot, { start, table: tableName(table) });
  } catch (error) {
    if (error instanceof PsybergError && error.code === 'start-unknown') return 'unknown';
    throw error;
  }
}

/** The watermark that the first session set, if the target still knows it. */
function firstSaid(target: TableMetadata, processName: string, table: string): bigint | undefined {
  const oldest = [...ancestors(target, mainSnapshot(target))].at(-1);
  // Its history no longer goes back to the first session.
  if (oldest === undefined || oldest['parent-snapshot-id'] !== undefined) return undefined;
  const said = progressEverSaid(target, processName).flatMap(({ watermarks }) =>
    watermarks.filter((each) => each.table.toLowerCase() === table.toLowerCase()),
  );
  return said.reduce<Watermark | undefined>(
    (first, each) => (first === undefined || each.sequenceNumber < first.sequenceNumber ? each : first),
    undefined,
  )?.snapshotId;
}

/** Shows a source as a table of a view. */
export const pinnedSource = (
  { spec, metadata, eventTime, schemaId }: SourceAsOf,
  name: string,
  snapshot: Snapshot | undefined,
): PinnedTable => ({
  ...{ name, table: spec.table, metadata, snapshot, eventTime },
  ...(schemaId === undefined ? {} : { schemaId }),
});

/** Finds the event time of a target. */
export function targetEventTime(
  { target }: ProcessSpec,
  metadata: TableMetadata,
): { readonly fieldId: number; readonly name: string; readonly isDate: boolean } | undefined {
  const column =
    target.eventTime === undefined ? undefined : columnOf(currentSchema(metadata), target.eventTime);
  return column === undefined
    ? undefined
    : { fieldId: column.id, name: column.name, isDate: column.type === 'date' };
}
