/**
 * Refuses sources that a session cannot read: missing, replaced by another table, without a snapshot, or
 * with rows that have no event time. SourceSpec + metadata -> nothing, or an error.
 */
import type { SourceTable } from '../changes/source.ts';
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import { patternOf } from '../kinds/patterns/index.ts';
import { type PsybergError, refusal, usageError } from '../model/errors.ts';
import { sameTable, tableName } from '../model/names.ts';
import type { SourceSpec } from '../model/process-spec.ts';
import type { ChangedFile, Watermark } from '../model/session.ts';
import { type ProcessProgress, watermarkFor } from '../state/process-progress.ts';
import type { OpenSessionInput } from './session-input.ts';

/** Refuses a missing source, unless a process of the project is going to create it. */
export function refuseMissing(input: OpenSessionInput, spec: SourceSpec): void {
  if (input.project.processes.some((each) => sameTable(each.target.table, spec.table))) return;
  const name = tableName(spec.table);
  throw usageError('source-missing', `the source table ${name} of ${input.spec.processName} does not exist`, {
    hint: `create it, or name an existing table under sources: in ${input.spec.file} (psyberg sql "show all tables" lists them)`,
    context: { table: name, process_name: input.spec.processName },
  });
}

export const sourceReplaced = (
  { spec }: OpenSessionInput,
  name: string,
  { watermark, found }: { readonly watermark: Watermark; readonly found: string },
): PsybergError =>
  refusal(
    'source-replaced',
    `the source ${name} was dropped and created again: the watermark of ${spec.processName} is of table uuid ${watermark.tableUuid}, found ${found}`,
    {
      hint: `rebuild the target ${tableName(spec.target.table)} from the new source: drop it and run again`,
      context: { table: name, expected: watermark.tableUuid, found },
    },
  );

/**
 * Throws `source-read-before` for a source that a process without hours names again after it had gone on
 * without it: from the beginning it would append once more what it had loaded then. One of hours computes
 * them anew. A place at which the header begins the source says what is there.
 */
export function refuseReadBefore(
  { spec: process, adoptAt, lookUpTo }: OpenSessionInput,
  spec: SourceSpec,
  {
    progress,
    metadata,
  }: { readonly progress: ProcessProgress | undefined; readonly metadata: TableMetadata },
): void {
  if (patternOf(process).operation !== 'append' || spec.start.kind !== 'beginning') return;
  if (adoptAt !== undefined || lookUpTo !== undefined) return;
  const name = tableName(spec.table);
  const former = watermarkFor(
    { watermarks: progress?.former ?? [] },
    { name, tableUuid: metadata['table-uuid'] },
  );
  // As a lookup none of its rows was loaded.
  if (former === undefined || former.onChange !== undefined) return;
  const target = tableName(process.target.table);
  throw refusal(
    'source-read-before',
    `${process.processName} had loaded ${name} up to snapshot ${former.snapshotId}, went on without it, and names it again: from the beginning it would load those rows into ${target} once more`,
    {
      hint: `to go on after them write start: '${former.snapshotId}' at this source in ${process.file}; or drop ${target} and run "psyberg run ${process.processName}"`,
      context: { process_name: process.processName, table: name, snapshot_id: String(former.snapshotId) },
    },
  );
}

export const sourceRewound = ({ spec }: OpenSessionInput, name: string, watermark: Watermark): PsybergError =>
  refusal(
    'source-rewound',
    `the source ${name} has no snapshot any more, but ${spec.processName} consumed it up to snapshot ${watermark.snapshotId}`,
    { hint: `restore the main branch of ${name}` },
  );

/**
 * Refuses new rows without an event time if the source says `nulls: refuse`. Such rows belong to no hour, so
 * a process that loads hours never sees them; otherwise they are only counted.
 */
export function refuseNulls(
  { spec }: OpenSessionInput,
  table: SourceTable,
  files: readonly ChangedFile[],
): void {
  if (table.spec.nulls !== 'refuse') return;
  const file = files.find((each) => each.status === 'added' && each.nullEventTimes > 0n);
  if (file === undefined) return;
  const name = tableName(table.spec.table);
  const count = files.reduce((sum, each) => sum + (each.status === 'added' ? each.nullEventTimes : 0n), 0n);
  throw refusal(
    'null-event-times',
    `${count} new rows of ${name} have no ${table.spec.eventTime}, and its source in ${spec.processName} says nulls: refuse; the first are in ${file.path}`,
    {
      hint: `correct them in ${name}, or set nulls: skip for this source to go on without them`,
      context: { table: name, snapshot_id: String(file.snapshotId), file: file.path, rows: String(count) },
    },
  );
}
