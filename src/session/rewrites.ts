/**
 * Commits that only rewrote files: a compaction by a writer that does not know `replace`, one that took
 * deleted rows out of files, or an update that changed few rows of many. Changes -> changes, with what really
 * differs. Counts and hours make a commit suspect; its rows, compared, decide. This alone reads data in
 * planning: those files, once, and what changed no row is remembered.
 */
import type { Engine } from '../engine/index.ts';
import { currentSchema } from '../iceberg/event-time.ts';
import { snapshotById } from '../iceberg/history.ts';
import type { IcebergType, NestedField, Snapshot, TableMetadata } from '../iceberg/table-metadata.ts';
import type { ChangedFile, SnapshotChange } from '../model/session.ts';
import { fileSchemaFragment, renderStatement, statementFragment } from '../statements/index.ts';
import {
  type DifferingHours,
  compareLiveRows,
  comparedHours,
  differingHours,
  inHours,
  remembering,
  rowsByHour,
} from './compare-rows.ts';
import { type SourceTable, readAllManifests } from './read-files.ts';

export interface JudgedChanges {
  readonly changes: readonly SnapshotChange[];
  /** The files of each change, by its snapshot. */
  readonly bySnapshot: ReadonlyMap<bigint, readonly ChangedFile[]>;
}

/**
 * The same changes; one that changed no row does not count, and one that changed rows of some hours touches
 * those alone.
 */
export async function withoutRewrites(
  engine: Engine,
  table: SourceTable,
  { changes, bySnapshot, undone }: JudgedChanges & { readonly undone: ReadonlySet<bigint> },
): Promise<JudgedChanges> {
  const judged: SnapshotChange[] = [];
  const files = new Map(bySnapshot);
  for (const change of changes) {
    const own = bySnapshot.get(change.snapshotId) ?? [];
    const differing = await hoursOfSuspect(engine, table, {
      change,
      files: own,
      undone: undone.has(change.snapshotId),
    });
    if (differing === undefined) judged.push(change);
    else if (differing.length === 0)
      judged.push({ ...change, counted: false, reason: comparedHours(differing) });
    else {
      judged.push({
        ...change,
        reason: `${change.reason === undefined ? '' : `${change.reason}; `}${comparedHours(differing)}`,
      });
      files.set(
        change.snapshotId,
        own.map((file) => inHours(file, differing, table.lastAllowedHour)),
      );
    }
  }
  return { changes: judged, bySnapshot: files };
}

/** As many rows came as went, within the same hours. */
const looksRewritten = (change: SnapshotChange, files: readonly ChangedFile[]): boolean =>
  change.operation === 'overwrite' &&
  change.addedRows === change.removedRows &&
  spanOf(files, 'added') === spanOf(files, 'removed');

/**
 * Where rows had been deleted one by one, a rewrite has fewer rows in its files than the files it replaces.
 */
const looksRewrittenWithoutDeleted = (
  { operation, addedRows, removedRows }: SnapshotChange,
  undone: boolean,
): boolean =>
  ['overwrite', 'replace'].includes(operation) &&
  (undone ? removedRows <= addedRows : addedRows <= removedRows);

function spanOf(files: readonly ChangedFile[], status: ChangedFile['status']): string {
  const own = files.filter((file) => file.status === status && file.rows > 0n);
  const least = own.reduce((hour, file) => Math.min(hour, file.firstHour ?? hour), Number.POSITIVE_INFINITY);
  const greatest = own.reduce(
    (hour, file) => Math.max(hour, file.lastHour ?? hour, ...(file.futureHours ?? [])),
    Number.NEGATIVE_INFINITY,
  );
  return `${least}:${greatest}`;
}

interface Suspect {
  readonly change: SnapshotChange;
  readonly files: readonly ChangedFile[];
  /** Then what the snapshot had added is gone, and what it had removed is there. */
  readonly undone: boolean;
}

/**
 * Undefined when the commit is no suspect, or its rows cannot be compared: the change then counts as it is,
 * with all its hours.
 */
async function hoursOfSuspect(
  engine: Engine,
  table: SourceTable,
  { change, files, undone }: Suspect,
): Promise<DifferingHours[] | undefined> {
  const [own, parent] = [
    snapshotById(table.metadata, change.snapshotId),
    parentOf(table.metadata, change.snapshotId),
  ];
  if (
    own === undefined ||
    parent === undefined ||
    !change.counted ||
    change.addedRows === 0n ||
    !looksRewrittenWithoutDeleted(change, undone)
  )
    return undefined;
  const [before, after] = undone ? [own, parent] : [parent, own];
  return remembering(table, { before, after }, async () => {
    const manifests = [
      ...(await readAllManifests(engine, table, before)),
      ...(await readAllManifests(engine, table, after)),
    ];
    // A deleted row is still in its file: a rewrite with the same rows in its files would bring it back, and
    // one without them loses nothing.
    if (manifests.some((manifest) => manifest.content === 1))
      return compareLiveRows(engine, table, {
        before: { snapshot: before, files: pathsOf(files, 'removed') },
        after: { snapshot: after, files: pathsOf(files, 'added') },
      });
    return looksRewritten(change, files) ? compareFiles(engine, table, files) : undefined;
  });
}

const pathsOf = (files: readonly ChangedFile[], status: ChangedFile['status']): string[] =>
  files.filter((file) => file.status === status).map((file) => file.path);

async function compareFiles(
  engine: Engine,
  table: SourceTable,
  files: readonly ChangedFile[],
): Promise<DifferingHours[] | undefined> {
  const { metadata } = table;
  const schema = currentSchema(metadata);
  const columns = fileSchemaFragment(schema.fields);
  // Not every default for files without the column (version 3) can be told to read_parquet.
  if (columns === undefined || schema.fields.some((field) => field['initial-default'] !== undefined))
    return undefined;
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
  const stored = statementFragment(renderStatement('session/stored_files', { file_columns: columns }));
  const [removed, added] = [
    await rowsByHour(engine, table, stored, pathsOf(files, 'removed')),
    await rowsByHour(engine, table, stored, pathsOf(files, 'added')),
  ];
  return differingHours(removed, added);
}

function parentOf(metadata: TableMetadata, snapshotId: bigint): Snapshot | undefined {
  const parent = snapshotById(metadata, snapshotId)?.['parent-snapshot-id'];
  return parent === undefined ? undefined : snapshotById(metadata, parent);
}

const identityColumns = (metadata: TableMetadata): string[] => [
  ...new Set(
    metadata['partition-specs'].flatMap((spec) =>
      spec.fields
        .filter((field) => field.transform === 'identity')
        .map((field) => String(field['source-id'])),
    ),
  ),
];

/** The members of structs within a type: DuckDB finds them by name. */
function membersOf(type: IcebergType): NestedField[] {
  if (typeof type === 'string') return [];
  if (type.type === 'struct') return type.fields.flatMap((field) => [field, ...membersOf(field.type)]);
  return type.type === 'list' ? membersOf(type.element) : [...membersOf(type.key), ...membersOf(type.value)];
}
