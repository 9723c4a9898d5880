/**
 * The data files behind snapshots, with the hours of their event times. Snapshots -> ChangedFile[]. Reads
 * manifests through DuckDB. Cost follows the change: only manifests that a new snapshot added are opened (a
 * first load opens all live ones).
 */
import { type Engine, togetherOrSingly } from '../engine/index.ts';
import {
  type StoredUnit,
  columnOf,
  currentSchema,
  partitionTuple,
  processingUri,
  storedUnit,
} from '../iceberg/event-time.ts';
import { hoursOfPartition } from '../iceberg/partition-hours.ts';
import type { NestedField, Snapshot, TableMetadata } from '../iceberg/table-metadata.ts';
import { PsybergError, refusal } from '../model/errors.ts';
import type { Hour } from '../model/hour.ts';
import { tableName } from '../model/names.ts';
import { sourceUnreadable } from '../model/source-unreadable.ts';
import type { ProcessSpec, SourceSpec } from '../model/process-spec.ts';
import type { ChangedFile, Watermark } from '../model/session.ts';
import { renderStatement } from '../statements/index.ts';
import { type StatedBounds, boundsOf, withScannedHours } from './bounds.ts';
import type { ViewPorts } from './show-views.ts';
import type { VerifiedRewrites } from './verified-rewrites.ts';
import { fileInMessage, unreadableFile } from './unreadable-file.ts';

/** What reading files needs to know of a source. */
export interface SourceTable extends ViewPorts {
  readonly spec: SourceSpec;
  readonly metadata: TableMetadata;
  /** Undefined when the process names no event-time column for the source. */
  readonly eventTime: { readonly column: NestedField; readonly unit: StoredUnit } | undefined;
  /**
   * The hour in which the clock plus the tolerance lies. Event times in a later hour are set aside (whole
   * hours, as everything here): one bad row may not drag a range along.
   */
  readonly lastAllowedHour: Hour;
  /** Rewrites that need not be compared again. */
  readonly verified?: VerifiedRewrites;
}

export interface Manifest {
  readonly manifest_path: string;
  readonly partition_spec_id: number;
  readonly content: number;
  readonly snapshot_id: string;
  readonly sequence_number: string;
  /** True when the manifest also holds entries that its snapshot did not add: a merge, or a removal. */
  readonly mixed: boolean;
}

interface FileRow extends Record<string, unknown>, StatedBounds {
  readonly manifest_path: string;
  readonly path: string;
  readonly status: number;
  readonly snapshot_id: string | null;
  readonly rows: bigint;
  readonly bytes: bigint;
  readonly partition: string | null;
}

/** All manifests with live files of one snapshot. */
export async function readAllManifests(
  engine: Engine,
  table: SourceTable,
  snapshot: Snapshot,
): Promise<Manifest[]> {
  return reading(
    table,
    snapshot,
    () =>
      engine.query<Manifest & Record<string, unknown>>({
        sql: renderStatement('session/all_manifests'),
        parameters: { manifest_list: snapshot['manifest-list'] },
      }),
    { engine, files: [snapshot['manifest-list']] },
  );
}

/** Manifests whose entries have the same columns, as far as the manifest list tells. */
export interface LikeManifests {
  readonly specId: number;
  readonly paths: readonly string[];
}

/**
 * Manifests in groups that one statement can read: DuckDB reads several Avro files with the columns and the
 * partition struct of the first. Apart are the partition specs, and what was written in format version 1
 * (number 0: Iceberg specification, "Reading v1 metadata for v2"), whose entries have no sequence numbers.
 */
export function likeManifests(manifests: readonly Manifest[]): LikeManifests[] {
  const groups = new Map<string, LikeManifests & { readonly paths: string[] }>();
  for (const {
    manifest_path: path,
    partition_spec_id: specId,
    sequence_number: sequenceNumber,
  } of manifests) {
    const key = `${specId} ${sequenceNumber === '0'}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { specId, paths: [path] });
    else group.paths.push(path);
  }
  return [...groups.values()];
}

/**
 * The files in `manifests`, with hours. `statuses`: which entries count (`0` existing, `1` added, `2`
 * removed). An entry without a snapshot id belongs to its manifest's snapshot (Iceberg specification,
 * "Snapshot ID Inheritance").
 */
export async function readFiles(
  engine: Engine,
  table: SourceTable,
  head: Snapshot,
  manifests: readonly Manifest[],
  statuses: readonly number[],
): Promise<ChangedFile[]> {
  const byPath = new Map(manifests.map((manifest) => [manifest.manifest_path, manifest]));
  const files: (ChangedFile & { readonly unknown: boolean })[] = [];
  const { eventTime } = table;
  const column = eventTime === undefined ? undefined : { id: eventTime.column.id, unit: eventTime.unit };
  for (const { specId, paths } of likeManifests(manifests)) {
    const spec = table.metadata['partition-specs'].find((each) => each['spec-id'] === specId);
    const read = (manifestPaths: readonly string[]): Promise<FileRow[]> =>
      engine.query<FileRow>({
        sql: renderStatement('session/changed_files'),
        parameters: {
          manifests: manifestPaths,
          field_id: eventTime?.column.id ?? 0,
          unit: eventTime?.unit ?? 'us',
          type: String(eventTime?.column.type ?? 'timestamptz'),
          statuses: statuses.map(String),
        },
      });
    const rows = await reading(table, head, () => togetherOrSingly(paths, read), { engine, files: paths });
    for (const row of rows) {
      const tuple = partitionTuple(row.partition, spec);
      files.push({
        path: row.path,
        snapshotId: BigInt(row.snapshot_id ?? (byPath.get(row.manifest_path) as Manifest).snapshot_id),
        status: row.status === 2 ? 'removed' : 'added',
        rows: row.rows,
        bytes: row.bytes,
        partition: processingUri(tuple, spec, currentSchema(table.metadata)),
        ...boundsOf(row, table, hoursOfPartition(tuple, spec, column)),
      });
    }
  }
  return withScannedHours(engine, table, files);
}

/** The live files in data manifests among `manifests`, with hours; see {@link readFiles}. */
export const readLiveFiles = (
  engine: Engine,
  table: SourceTable,
  snapshot: Snapshot,
  manifests: readonly Manifest[],
): Promise<ChangedFile[]> =>
  readFiles(
    engine,
    table,
    snapshot,
    manifests.filter((manifest) => manifest.content === 0),
    [0, 1],
  );

/** The source's event-time column and unit. Throws `event-time-missing` or `event-time-type`. */
export function eventTimeOf(spec: SourceSpec, metadata: TableMetadata): SourceTable['eventTime'] {
  if (spec.eventTime === undefined) return undefined;
  const schema = currentSchema(metadata);
  const column = columnOf(schema, spec.eventTime);
  const table = tableName(spec.table);
  if (column === undefined)
    throw new PsybergError('event-time-missing', `the source ${table} has no column '${spec.eventTime}'`, {
      hint: `name one of its columns as event_time: ${schema.fields.map((field) => field.name).join(', ')}`,
      context: { table, column: spec.eventTime },
    });
  const unit = storedUnit(column.type, spec.eventTimeUnit);
  if (unit === undefined)
    throw new PsybergError(
      'event-time-type',
      `the event time ${table}.${column.name} is of type ${typeof column.type === 'string' ? column.type : column.type.type}, expected a timestamp, a date, or an integer with a unit`,
      {
        hint: 'for an integer column add event_time_unit: epoch_s, epoch_ms or epoch_us',
        context: { table, column: column.name },
      },
    );
  return { column, unit };
}

/**
 * A column is its field id, not its name: one that was dropped (or renamed) and added again under its name
 * has other values, and the hours that were loaded are not those of its rows. Throws `event-time-replaced`.
 */
export function refuseOtherEventTime(
  process: ProcessSpec,
  {
    source,
    metadata,
    eventTime,
  }: {
    readonly source: SourceSpec;
    readonly metadata: TableMetadata;
    readonly eventTime: SourceTable['eventTime'];
  },
  watermarks: readonly Watermark[],
): void {
  const known = watermarks.map((each) => each.eventTimeId);
  if (
    eventTime === undefined ||
    known.length === 0 ||
    known.some((id) => id === undefined || id === eventTime.column.id)
  )
    return;
  const { column } = eventTime;
  const table = tableName(source.table);
  const before = currentSchema(metadata).fields.find((field) => field.id === known[0]);
  throw refusal(
    'event-time-replaced',
    `the event time ${table}.${column.name} is another column (field ${column.id}) than the one by whose hours ${process.processName} has loaded so far (field ${known[0]}, ${before === undefined ? 'which was dropped' : `now named ${before.name}`})`,
    {
      hint: `${before === undefined ? '' : `name ${before.name} as event_time in ${process.file}; or `}drop the target ${tableName(process.target.table)} and run again to load it by the other column`,
      context: { table, column: column.name, expected: known[0] ?? null, found: column.id },
    },
  );
}

/**
 * Runs a metadata read of `files`; a failure names the table, the snapshot and the file that could not be
 * read, and moves nothing.
 */
export async function reading<T>(
  table: SourceTable,
  snapshot: Snapshot | undefined,
  read: () => Promise<T>,
  from?: { readonly engine: Engine; readonly files: readonly string[] },
): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof PsybergError && error.code !== 'sql-failed') throw error;
    const name = tableName(table.spec.table);
    const { message } = error as Error;
    const file =
      from === undefined ? fileInMessage(message) : await unreadableFile(from.engine, from.files, message);
    throw sourceUnreadable({
      table: name,
      snapshotId: snapshot === undefined ? undefined : String(snapshot['snapshot-id']),
      file,
      cause: error,
    });
  }
}
