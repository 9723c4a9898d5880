/**
 * Describes a new snapshot. Manifest list -> snapshot, with its summary (Iceberg specification, "Optional
 * Snapshot Summary Fields") and, from version 3 on, its row ids ("Snapshot Row IDs"). Everything is counted
 * from the files that will be committed, not from what was intended.
 */
import type { Engine } from '../../engine/index.ts';
import { countInSummary } from '../../iceberg/history.ts';
import type { PartitionSpec, Snapshot, SnapshotId, TableMetadata } from '../../iceberg/table-metadata.ts';
import {
  fileKindFragment,
  partitionKeyFragment,
  type StatementRow,
  statement,
} from '../../statements/index.ts';
import { type ManifestToRewrite, shapesOf } from '../read/manifest-shapes.ts';
import { type ChangedKind, knownChanges, knownTotals } from './known-counts.ts';
import { firstRowIdParameter, rowLineageOf } from './new-files.ts';

export interface NewSnapshot {
  readonly metadata: TableMetadata;
  /** The snapshot that it follows; undefined on an empty table. */
  readonly parent: Snapshot | undefined;
  readonly snapshotId: SnapshotId;
  readonly sequenceNumber: bigint;
  readonly manifestList: string;
  readonly operation: 'append' | 'overwrite' | 'delete' | 'replace';
  /** Further entries of the summary. */
  readonly properties?: Readonly<Record<string, string>>;
}

/** The snapshot for a manifest list that was written for it, to be published. */
export async function describeSnapshot(engine: Engine, input: NewSnapshot): Promise<Snapshot> {
  const totals = await listTotals(engine, input);
  return snapshotOf(input, totals, await summaryOf(engine, input, totals));
}

/** The same for a snapshot that only a branch holds for a while: nobody reads its counts. */
export async function describeStaging(engine: Engine, input: NewSnapshot): Promise<Snapshot> {
  return snapshotOf(
    input,
    rowLineageOf(input.metadata) === 'none' ? undefined : await listTotals(engine, input),
    {},
  );
}

async function listTotals(
  engine: Engine,
  { metadata, snapshotId, manifestList }: NewSnapshot,
): Promise<ListTotals> {
  const firstRowId = firstRowIdParameter(metadata).first_row_id;
  const rows =
    knownTotals(manifestList, { snapshotId, firstRowId }) ??
    (await engine.query(statement('tables/list_totals'), {
      manifest_list: manifestList,
      snapshot_id: snapshotId,
      first_row_id: firstRowId ?? null,
    }));
  const sum = (count: (row: ListedRow) => bigint): bigint => rows.reduce((all, row) => all + count(row), 0n);
  const named = rows.flatMap(({ manifest_path, partition_spec_id, content, is_changed }) =>
    manifest_path === null || partition_spec_id === null || content === null
      ? []
      : [{ manifest_path, partition_spec_id, content, is_changed }],
  );
  return {
    files: sum(({ files }) => files),
    rows: sum((row) => row.rows),
    assignedRows: sum((row) => row.assigned_rows),
    changed: named.filter((manifest) => manifest.is_changed),
    deletes: named.filter((manifest) => manifest.content === 1).map((manifest) => manifest.manifest_path),
  };
}

function snapshotOf(
  input: NewSnapshot,
  totals: ListTotals | undefined,
  summary: Readonly<Record<string, string>>,
): Snapshot {
  const { metadata, parent, snapshotId, manifestList } = input;
  const firstRowId = firstRowIdParameter(metadata).first_row_id;
  return {
    'snapshot-id': snapshotId,
    ...(parent === undefined ? {} : { 'parent-snapshot-id': parent['snapshot-id'] }),
    'sequence-number': input.sequenceNumber,
    // Readers that travel in time expect that a child is not older than its parent, even if this machine's
    // clock is behind.
    'timestamp-ms': Math.max(Date.now(), parent?.['timestamp-ms'] ?? 0),
    'manifest-list': manifestList,
    'schema-id': metadata['current-schema-id'],
    ...(firstRowId === undefined
      ? {}
      : { 'first-row-id': firstRowId, 'added-rows': totals?.assignedRows ?? 0n }),
    summary: { operation: input.operation, ...summary, ...input.properties },
  };
}

type ListedRow = StatementRow<'tables/list_totals'>;
/** What a manifest list says about a new snapshot. */
interface ListTotals {
  /** Live data files, and their rows. */
  readonly files: bigint;
  readonly rows: bigint;
  /** Rows that get a row id in this snapshot. */
  readonly assignedRows: bigint;
  /** The manifests in which the snapshot added or removed files. */
  readonly changed: readonly ManifestToRewrite[];
  /** Paths of the manifests of delete files. */
  readonly deletes: readonly string[];
}
type ChangedFiles = StatementRow<'tables/changed_counts'>;
type LiveDeletes = StatementRow<'tables/live_deletes'>;
type Sum = (status: 1 | 2, field: 'files' | 'rows' | 'bytes', ...kinds: readonly ChangedKind[]) => bigint;

async function summaryOf(
  engine: Engine,
  { metadata, parent }: NewSnapshot,
  totals: ListTotals,
): Promise<Record<string, string>> {
  const changed = await changedFiles(engine, metadata, totals);
  const live: LiveDeletes[] = [];
  for (const manifest of totals.deletes)
    live.push(
      ...(await engine.query(statement('tables/live_deletes', { file_kind: fileKindFragment() }), {
        manifest,
      })),
    );

  const sum: Sum = (status, field, ...kinds) =>
    changed
      .filter((each) => each.status === status && (kinds.length === 0 || kinds.includes(each.kind)))
      .reduce((total, each) => total + each[field], 0n);
  const liveSum = (field: 'files' | 'rows', ...kinds: readonly ChangedKind[]): bigint =>
    live.filter((each) => kinds.includes(each.kind)).reduce((total, each) => total + each[field], 0n);
  const sizeBefore = parent === undefined ? 0n : countInSummary(parent, 'total-files-size');
  const text = (counts: Readonly<Record<string, bigint>>): Record<string, string> =>
    Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, String(count)]));
  return {
    ...text({
      'added-data-files': sum(1, 'files', 'data'),
      'added-records': sum(1, 'rows', 'data'),
      'added-files-size': sum(1, 'bytes'),
      'deleted-data-files': sum(2, 'files', 'data'),
      'deleted-records': sum(2, 'rows', 'data'),
      'removed-files-size': sum(2, 'bytes'),
      'changed-partition-count': BigInt(new Set(changed.flatMap((each) => each.partitions)).size),
      'total-data-files': totals.files,
      'total-records': totals.rows,
      'total-delete-files': liveSum('files', ...POSITIONAL, 'equality-deletes'),
      'total-position-deletes': liveSum('rows', ...POSITIONAL),
      'total-equality-deletes': liveSum('rows', 'equality-deletes'),
    }),
    ...text(Object.fromEntries(Object.entries(deleteFileCounts(sum)).filter(([, count]) => count > 0n))),
    // As in Apache Iceberg, a total that the parent does not have stays unknown, since finding it out would
    // mean reading every manifest.
    ...(sizeBefore === undefined
      ? {}
      : { 'total-files-size': String(sizeBefore + sum(1, 'bytes') - sum(2, 'bytes')) }),
  };
}

/** What the snapshot added and removed, counted for each shape of manifest. */
async function changedFiles(
  engine: Engine,
  metadata: TableMetadata,
  totals: ListTotals,
): Promise<ChangedFiles[]> {
  const known = knownChanges(metadata, totals.changed);
  if (known !== undefined) return [...known];
  const changed: ChangedFiles[] = [];
  for (const { manifest, columns, paths } of await shapesOf(engine, totals.changed)) {
    const spec = metadata['partition-specs'].find(
      (each) => each['spec-id'] === manifest.partition_spec_id,
    ) as PartitionSpec;
    const counts = statement('tables/changed_counts', {
      file_kind: fileKindFragment(),
      partition_key: partitionKeyFragment(spec['spec-id'], spec.fields, columns),
    });
    changed.push(...(await engine.query(counts, { manifests: paths })));
  }
  return changed;
}

const POSITIONAL = ['position-deletes', 'deletion-vectors'] as const;

function deleteFileCounts(sum: Sum): Record<string, bigint> {
  const counts: Record<string, bigint> = {};
  for (const [word, status] of [
    ['added', 1],
    ['removed', 2],
  ] as const) {
    counts[`${word}-delete-files`] = sum(status, 'files', ...POSITIONAL, 'equality-deletes');
    counts[`${word}-position-delete-files`] = sum(status, 'files', 'position-deletes');
    counts[`${word}-equality-delete-files`] = sum(status, 'files', 'equality-deletes');
    counts[`${word}-dvs`] = sum(status, 'files', 'deletion-vectors');
    counts[`${word}-position-deletes`] = sum(status, 'rows', ...POSITIONAL);
    counts[`${word}-equality-deletes`] = sum(status, 'rows', 'equality-deletes');
  }
  return counts;
}
