/**
 * Overwrites that only rewrote files: a compaction by a writer that does not know `replace`, or an update that changed few rows of many. Changes -> changes, with what
 * really differs. As many rows and the same hours make an overwrite suspect; its rows, compared, decide. This alone reads data in planning: those files, once.
 */
import type { Engine } from '../engine/index.ts';
import { currentSchema } from '../iceberg/event-time.ts';
import { snapshotById } from '../iceberg/history.ts';
import type { IcebergType, NestedField, Snapshot, TableMetadata } from '../iceberg/table-metadata.ts';
import type { Hour } from '../model/hour.ts';
import type { ChangedFile, SnapshotChange } from '../model/session.ts';
import { fileSchemaFragment, renderStatement, statementFragment, storedEventTimeFragment } from '../statements/index.ts';
import { type SourceTable, readAllManifests } from './read-files.ts';

export interface JudgedChanges {
  readonly changes: readonly SnapshotChange[];
  /** The files of each change, by its snapshot. */
  readonly bySnapshot: ReadonlyMap<bigint, readonly ChangedFile[]>;
  /** The snapshot that the (only) change is compared with, where it is not the parent. */
  readonly before?: Snapshot;
}

/** The same changes; one that changed no row does not count, and one that changed rows of some hours touches those alone. */
export async function withoutRewrites(engine: Engine, table: SourceTable, { changes, bySnapshot, before }: JudgedChanges): Promise<JudgedChanges> {
  const judged: SnapshotChange[] = [];
  const files = new Map(bySnapshot);
  for (const change of changes) {
    const own = bySnapshot.get(change.snapshotId) ?? [];
    const differing = isSuspect(change, own) ? await differingHours(engine, table, { change, files: own, before }) : undefined;
    if (differing === undefined) judged.push(change);
    else if (differing.length === 0) judged.push({ ...change, counted: false, reason: 'files were rewritten, no row changed (the rows were compared)' });
    else {
      judged.push({
        ...change,
        reason: `${change.reason === undefined ? '' : `${change.reason}; `}files were rewritten, and rows of ${hoursIn(differing)} changed (the rows were compared)`,
      });
      files.set(
        change.snapshotId,
        own.map((file) => inHours(file, differing, table.lastAllowedHour)),
      );
    }
  }
  return { changes: judged, bySnapshot: files };
}

interface DifferingHours {
  /** Undefined for rows without an event time. */
  readonly firstHour: Hour | undefined;
  readonly lastHour: Hour | undefined;
}

/** As many rows came as went, within the same hours. */
function isSuspect(change: SnapshotChange, files: readonly ChangedFile[]): boolean {
  if (!change.counted || change.operation !== 'overwrite' || change.addedRows === 0n || change.addedRows !== change.removedRows) return false;
  const spanOf = (status: ChangedFile['status']): string => {
    const own = files.filter((file) => file.status === status && file.rows > 0n);
    const least = own.reduce((hour, file) => Math.min(hour, file.firstHour ?? hour), Number.POSITIVE_INFINITY);
    const greatest = own.reduce((hour, file) => Math.max(hour, file.lastHour ?? hour, ...(file.futureHours ?? [])), Number.NEGATIVE_INFINITY);
    return `${least}:${greatest}`;
  };
  return spanOf('added') === spanOf('removed');
}

/** Undefined when the rows cannot be compared: the change then counts as it is, with all its hours. */
async function differingHours(
  engine: Engine,
  table: SourceTable,
  { change, files, before }: { readonly change: SnapshotChange; readonly files: readonly ChangedFile[]; readonly before: Snapshot | undefined },
): Promise<DifferingHours[] | undefined> {
  const { metadata, eventTime } = table;
  const schema = currentSchema(metadata);
  const columns = fileSchemaFragment(schema.fields);
  const parent = before ?? parentOf(metadata, change.snapshotId);
  // A default for files without the column (version 3) is not known to read_parquet.
  if (columns === undefined || parent === undefined || schema.fields.some((field) => field['initial-default'] !== undefined)) return undefined;
  const paths = (status: ChangedFile['status']): string[] => files.filter((file) => file.status === status).map((file) => file.path);
  try {
    // A deleted row is still in its file: a rewrite with the same rows in its files would bring it back.
    if ((await readAllManifests(engine, table, parent)).some((manifest) => manifest.content === 1)) return undefined;
    const members = schema.fields.flatMap((field) => membersOf(field.type));
    const [row] = await engine.query<{ unmatched: boolean }>({
      sql: renderStatement('session/unmatched_columns'),
      parameters: {
        files: files.map((file) => file.path),
        member_ids: members.map((member) => String(member.id)),
        member_names: members.map((member) => member.name),
        partition_ids: identityColumns(metadata),
      },
    });
    if (row?.unmatched !== false) return undefined;
    const found = await engine.query<{ first_hour: number | null; last_hour: number | null }>({
      sql: renderStatement('session/differing_hours', {
        stored_event_time: eventTime === undefined ? statementFragment('null::bigint') : storedEventTimeFragment(eventTime.column.name, eventTime.unit, eventTime.column.type),
        file_columns: columns,
      }),
      parameters: { added: paths('added'), removed: paths('removed'), unit: eventTime?.unit ?? 'us' },
    });
    return found.map((each) => ({ firstHour: each.first_hour ?? undefined, lastHour: each.last_hour ?? undefined }));
  } catch {
    // A file that is gone, or of another format: what cannot be compared counts as changed.
    return undefined;
  }
}

function parentOf(metadata: TableMetadata, snapshotId: bigint): Snapshot | undefined {
  const parent = snapshotById(metadata, snapshotId)?.['parent-snapshot-id'];
  return parent === undefined ? undefined : snapshotById(metadata, parent);
}

const identityColumns = (metadata: TableMetadata): string[] => [
  ...new Set(metadata['partition-specs'].flatMap((spec) => spec.fields.filter((field) => field.transform === 'identity').map((field) => String(field['source-id'])))),
];

/** The members of structs within a type: DuckDB finds them by name. */
function membersOf(type: IcebergType): NestedField[] {
  if (typeof type === 'string') return [];
  if (type.type === 'struct') return type.fields.flatMap((field) => [field, ...membersOf(field.type)]);
  return type.type === 'list' ? membersOf(type.element) : [...membersOf(type.key), ...membersOf(type.value)];
}

const hoursIn = (differing: readonly DifferingHours[]): string => `${differing.length} ${differing.length === 1 ? 'hour' : 'hours'}`;

function inHours(file: ChangedFile, differing: readonly DifferingHours[], lastAllowedHour: Hour): ChangedFile {
  const { futureHours: future, ...rest } = file;
  const within = differing.flatMap(({ firstHour, lastHour }) => {
    if (firstHour === undefined || lastHour === undefined) return [];
    return Array.from({ length: lastHour - firstHour + 1 }, (_, index) => firstHour + index);
  });
  const ahead = future?.filter((hour) => within.includes(hour)) ?? [];
  return {
    ...rest,
    differingHours: within.filter(
      (hour) => hour <= lastAllowedHour && file.firstHour !== undefined && file.lastHour !== undefined && hour >= file.firstHour && hour <= file.lastHour,
    ),
    ...(ahead.length === 0 ? {} : { futureHours: ahead }),
  };
}
