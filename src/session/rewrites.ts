/**
 * Commits that only rewrote files: a compaction by a writer that does not know `replace`, one that took deleted rows out of files, or an update that changed few rows
 * of many. Changes -> changes, with what really differs. Counts and hours make a commit suspect; its rows, compared, decide. This alone reads data in planning: those
 * files, once, and what changed no row is remembered.
 */
import type { Engine } from '../engine/index.ts';
import { currentSchema } from '../iceberg/event-time.ts';
import { snapshotById } from '../iceberg/history.ts';
import type { IcebergType, NestedField, Snapshot, TableMetadata } from '../iceberg/table-metadata.ts';
import type { Hour } from '../model/hour.ts';
import type { ChangedFile, SnapshotChange } from '../model/session.ts';
import { composeFilesView } from '../manifests/compose.ts';
import { type SqlFragment, fileSchemaFragment, renderStatement, statementFragment, storedEventTimeFragment } from '../statements/index.ts';
import { type Manifest, type SourceTable, readAllManifests } from './read-files.ts';
import { inTemporaryFolder, withViews } from './show-views.ts';

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
    const differing = await differingHours(engine, table, { change, files: own, before });
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
const looksRewritten = (change: SnapshotChange, files: readonly ChangedFile[]): boolean =>
  change.operation === 'overwrite' && change.addedRows === change.removedRows && spanOf(files, 'added') === spanOf(files, 'removed');

/** Where rows had been deleted one by one, a rewrite has fewer rows in its files than the files it replaces. */
const looksRewrittenWithoutDeleted = (change: SnapshotChange): boolean => ['overwrite', 'replace'].includes(change.operation) && change.addedRows <= change.removedRows;

function spanOf(files: readonly ChangedFile[], status: ChangedFile['status']): string {
  const own = files.filter((file) => file.status === status && file.rows > 0n);
  const least = own.reduce((hour, file) => Math.min(hour, file.firstHour ?? hour), Number.POSITIVE_INFINITY);
  const greatest = own.reduce((hour, file) => Math.max(hour, file.lastHour ?? hour, ...(file.futureHours ?? [])), Number.NEGATIVE_INFINITY);
  return `${least}:${greatest}`;
}

interface ComparedInput {
  readonly change: SnapshotChange;
  readonly files: readonly ChangedFile[];
  readonly before: Snapshot | undefined;
}

/** Undefined when the commit is no suspect, or its rows cannot be compared: the change then counts as it is, with all its hours. */
async function differingHours(engine: Engine, table: SourceTable, { change, files, before }: ComparedInput): Promise<DifferingHours[] | undefined> {
  const parent = before ?? parentOf(table.metadata, change.snapshotId);
  if (parent === undefined || !change.counted || change.addedRows === 0n || !looksRewrittenWithoutDeleted(change)) return undefined;
  // The columns compared are the schema's, and what a commit is compared with may be another snapshot than its parent.
  const key = [table.metadata['table-uuid'], change.snapshotId, parent['snapshot-id'], currentSchema(table.metadata)['schema-id']].join(':');
  if (table.verified?.has(key)) return [];
  try {
    const own = snapshotById(table.metadata, change.snapshotId);
    const [inParent, inOwn] = [await readAllManifests(engine, table, parent), own === undefined ? [] : await readAllManifests(engine, table, own)];
    // Beside its parent a snapshot's new files stand in the manifests that it added; beside an older one, in any.
    const added = before === undefined ? inOwn.filter((manifest) => manifest.content === 1 || BigInt(manifest.snapshot_id) === change.snapshotId) : inOwn;
    // A deleted row is still in its file: a rewrite with the same rows in its files would bring it back, and one without them loses nothing.
    const found = [...inParent, ...inOwn].some((manifest) => manifest.content === 1)
      ? own && (await compareLiveRows(engine, table, { files, before: { snapshot: parent, manifests: inParent }, after: { snapshot: own, manifests: added } }))
      : looksRewritten(change, files)
        ? await compareFiles(engine, table, files)
        : undefined;
    if (found?.length === 0) table.verified?.add(key);
    return found?.map((each) => ({ firstHour: each.first_hour ?? undefined, lastHour: each.last_hour ?? undefined }));
  } catch {
    // A file that is gone, or of another format: what cannot be compared counts as changed.
    return undefined;
  }
}

interface DifferingHourRow extends Record<string, unknown> {
  readonly first_hour: number | null;
  readonly last_hour: number | null;
}

const pathsOf = (files: readonly ChangedFile[], status: ChangedFile['status']): string[] => files.filter((file) => file.status === status).map((file) => file.path);

/** The event time as a statement reads it; rows of a source without one are compared as a whole. */
const storedEventTime = ({ eventTime }: SourceTable): SqlFragment =>
  eventTime === undefined ? statementFragment('null::bigint') : storedEventTimeFragment(eventTime.column.name, eventTime.unit, eventTime.column.type);

async function compareFiles(engine: Engine, table: SourceTable, files: readonly ChangedFile[]): Promise<DifferingHourRow[] | undefined> {
  const { metadata, eventTime } = table;
  const schema = currentSchema(metadata);
  const columns = fileSchemaFragment(schema.fields);
  // A default for files without the column (version 3) is not known to read_parquet.
  if (columns === undefined || schema.fields.some((field) => field['initial-default'] !== undefined)) return undefined;
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
  const stored = (name: string): SqlFragment => statementFragment(renderStatement(name, { file_columns: columns }));
  return engine.query<DifferingHourRow>({
    sql: renderStatement('session/differing_hours', { stored_event_time: storedEventTime(table), before: stored('session/removed_files'), after: stored('session/added_files') }),
    parameters: { added: pathsOf(files, 'added'), removed: pathsOf(files, 'removed'), unit: eventTime?.unit ?? 'us' },
  });
}

interface Side {
  readonly snapshot: Snapshot;
  readonly manifests: readonly Manifest[];
}

interface LiveRowsInput {
  readonly files: readonly ChangedFile[];
  readonly before: Side;
  readonly after: Side;
}

/** The files that went, with the row-level deletes of the snapshot before, beside those that came. */
async function compareLiveRows(engine: Engine, table: SourceTable, { files, before, after }: LiveRowsInput): Promise<DifferingHourRow[]> {
  return inTemporaryFolder(async (directory) => {
    const viewOf = ({ snapshot, manifests }: Side, status: ChangedFile['status']): Promise<Snapshot> =>
      composeFilesView(engine, {
        metadata: table.metadata,
        from: snapshot,
        manifests: manifests.filter((manifest) => manifest.content === 0),
        files: pathsOf(files, status),
        withDeletes: true,
        directory,
      });
    const views = { before: await viewOf(before, 'removed'), after: await viewOf(after, 'added') };
    return withViews(engine, table, table.spec.table, views, (tables) =>
      engine.query<DifferingHourRow>({
        sql: renderStatement('session/differing_hours', { ...tables, stored_event_time: storedEventTime(table) }),
        parameters: { unit: table.eventTime?.unit ?? 'us' },
      }),
    );
  });
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
