/**
 * Composes manifest lists of this machine without a statement, from small lists and from manifests that were
 * written here: each function does the same as the statement of `sql/tables` that it names. Lists -> rows, or
 * undefined if DuckDB has to compose them.
 */
import type { BoundStatement, Engine } from '../../engine/index.ts';
import { isLocalPath, localFacts } from '../../files/local.ts';
import {
  type FieldSummary,
  isLive,
  type ManifestFileRow,
  manifestFileRow,
  manifestListFile,
  type RowIds,
} from '../../iceberg/manifest-row.ts';
import type { SnapshotId, TableMetadata } from '../../iceberg/table-metadata.ts';
import { type Statement, statementFile } from '../../statements/index.ts';
import { writeFile } from '../avro-files.ts';
import { type KnownRow, readChanges, readKnownList, rememberList } from '../read/list-rows.ts';
import { orDuckdb } from './known-manifest.ts';
import type { RewrittenManifest, SummaryOrder } from './manifest.ts';
import { firstRowIdParameter } from './new-files.ts';

type Rows = readonly ManifestFileRow[];

/** Writes a list of these rows; false if there are no rows given, or if its place is not on this machine. */
export async function writeKnownRows(
  engine: Engine,
  destination: string,
  rows: Rows | undefined,
  rowIds: RowIds,
): Promise<boolean> {
  if (rows === undefined || !isLocalPath(destination)) return false;
  const { file, listed } = manifestListFile(rows, rowIds);
  await writeFile(engine, destination, file);
  rememberList(
    destination,
    localFacts(destination),
    listed.map((row) => ({ row, isLive: isLive(row) })),
  );
  return true;
}

/** Writes a list of these rows, or lets the statement write it if they are unknown. */
export async function writeRowsOr(
  engine: Engine,
  rows: Rows | undefined,
  { rowIds, writes }: { readonly rowIds: RowIds; readonly writes: BoundStatement },
): Promise<void> {
  if (await writeKnownRows(engine, writes.parameters['destination'] as string, rows, rowIds)) return;
  await engine.execute(writes);
}

/** A statement with its values, as a step of a plan has them. */
export const asStep = (of: Statement, parameters: BoundStatement['parameters']): BoundStatement => ({
  sql: of.sql,
  parameters,
  declared: { name: of.name, parameters: statementFile(of.name).parameters },
});

/** For the list of a new snapshot of the table. */
export const assignedRowIds = (metadata: TableMetadata): RowIds =>
  firstRowIdParameter(metadata).first_row_id ?? 'none';

/** For the list of a view of the table. */
export const shownRowIds = (metadata: TableMetadata): 'none' | 'kept' =>
  assignedRowIds(metadata) === 'none' ? 'none' : 'kept';

/** What the new snapshot's own manifests say about it. */
export interface ListingSnapshot {
  readonly snapshotId: SnapshotId;
  readonly sequenceNumber: bigint;
}

/** Like `write_manifest_list`: the manifests of the base, and what staging added, as the snapshot's own. */
export function composedRows({
  carried,
  staged,
  stagingIds,
  snapshotId,
  sequenceNumber,
}: ListingSnapshot & {
  readonly carried: string;
  readonly staged: string;
  readonly stagingIds: readonly SnapshotId[];
}): Rows | undefined {
  const [base, branch] = [readKnownList(carried), readKnownList(staged)];
  if (base === undefined || branch === undefined) return undefined;
  const isAdopted = ({ row }: KnownRow): boolean => stagingIds.includes(row.added_snapshot_id);
  const chosen = new Map<string, KnownRow>();
  for (const each of [...base, ...branch.filter(isAdopted)])
    if (!chosen.has(each.row.manifest_path)) chosen.set(each.row.manifest_path, each);
  // A manifest without live files only told about the removals of an older snapshot.
  const listed = [...chosen.values()].filter((each) => isAdopted(each) || each.isLive);
  return listed.map((each) => {
    const { row } = each;
    if (!isAdopted(each)) return row.added_snapshot_id === snapshotId ? { ...row, first_row_id: null } : row;
    return {
      ...row,
      sequence_number: sequenceNumber,
      // What staging added gets this snapshot's number; older files in a rewritten manifest keep theirs.
      min_sequence_number:
        row.min_sequence_number === row.sequence_number ? sequenceNumber : row.min_sequence_number,
      added_snapshot_id: snapshotId,
      // Ids that staging assigned were never published.
      first_row_id: null,
      partitions: row.partitions?.some(endsWithNan) === true ? null : row.partitions,
    };
  });
}

/** See the statement. */
function endsWithNan({ upper_bound: bound }: FieldSummary): boolean {
  const [sign, exponent] = bound?.subarray(-2) ?? [];
  return exponent === 0x7f && (sign === 0xf8 || sign === 0xc0);
}

/** Like `write_inserts_list`: what some snapshots added to the list. */
export const insertedRows = (list: string, addedBy: readonly SnapshotId[]): Rows | undefined =>
  readKnownList(list)
    ?.map(({ row }) => row)
    .filter((row) => addedBy.includes(row.added_snapshot_id));

/** Like `write_staged_list`. `added`: the row of the new manifest. */
export function stagedRows(parent: string | undefined, added: ManifestFileRow | undefined): Rows | undefined {
  if (added === undefined) return undefined;
  if (parent === undefined) return [added];
  const carried = readKnownList(parent);
  return carried === undefined ? undefined : [...carried.map(({ row }) => row), added];
}

/** Like `write_cleared_list`. `merged`: how bounds are compared if several manifests become one. */
export function clearedRows({
  base,
  affected,
  rewritten,
  merged,
  ...by
}: ListingSnapshot & {
  readonly base: string;
  /** Paths of manifests. */
  readonly affected: ReadonlySet<string>;
  readonly rewritten: readonly RewrittenManifest[];
  readonly merged: SummaryOrder | undefined;
}): Rows | undefined {
  const listed = readKnownList(base);
  if (listed === undefined) return undefined;
  const replaced = listed.filter(({ row }) => affected.has(row.manifest_path)).map(({ row }) => row);
  const others = listed.filter(({ row, isLive }) => isLive && !affected.has(row.manifest_path));
  return orDuckdb(() => {
    const rows = newRows(rewritten, by, ({ specId, content }) =>
      summariesOf(
        replaced.filter((row) => row.partition_spec_id === specId && row.content === content),
        merged,
      ),
    );
    return rows === undefined ? undefined : [...others.map(({ row }) => row), ...rows];
  });
}

/** Like `write_files_list`. */
export function filesRows({
  base,
  withDeletes,
  rewritten,
  ...by
}: ListingSnapshot & {
  readonly base: string;
  readonly withDeletes: boolean;
  readonly rewritten: readonly RewrittenManifest[];
}): Rows | undefined {
  const rows = newRows(rewritten, by, () => null)?.filter(
    (row) => row.added_files_count + row.existing_files_count > 0,
  );
  const listed = withDeletes ? readKnownList(base) : [];
  if (rows === undefined || listed === undefined) return undefined;
  const deletes = listed.filter(({ row, isLive }) => isLive && row.content === 1);
  return [...rows.map(withFirstRowId), ...deletes.map(({ row }) => row)];
}

/** Like `write_readable_list`. */
export function readableRows({
  base,
  replaced,
  unsummarised,
  rewritten,
  ...by
}: ListingSnapshot & {
  readonly base: string;
  /** Paths of manifests. */
  readonly replaced: ReadonlySet<string>;
  /** Ids of partition specs. */
  readonly unsummarised: readonly number[];
  readonly rewritten: readonly RewrittenManifest[];
}): Rows | undefined {
  const rows = newRows(rewritten, by, () => null);
  const listed = readKnownList(base);
  if (rows === undefined || listed === undefined) return undefined;
  const shown = listed.filter(({ row }) => !replaced.has(row.manifest_path)).map(({ row }) => row);
  return [
    ...rows.map(withFirstRowId),
    ...shown.map((row) => ({
      ...row,
      // Row counts of delete files break DuckDB's estimates.
      added_rows_count: row.content === 1 ? 0n : row.added_rows_count,
      partitions: unsummarised.includes(row.partition_spec_id) ? null : row.partitions,
    })),
  ];
}

/** Like `write_change_list`. */
export function changeRows(
  lists: readonly string[],
  asked: { readonly snapshotIds: readonly SnapshotId[]; readonly contents: readonly number[] },
): Rows | undefined {
  const rows = new Map<string, ManifestFileRow>();
  const listed = readChanges(lists, asked.snapshotIds);
  if (listed === undefined) return undefined;
  for (const { row, isLive } of listed) {
    const addsNone = row.added_files_count === 0 && row.existing_files_count + row.deleted_files_count > 0;
    if (!isLive || !asked.contents.includes(row.content) || (row.content !== 1 && addsNone)) continue;
    if (!rows.has(row.manifest_path)) rows.set(row.manifest_path, row);
  }
  return [...rows.values()];
}

/** Any number will do: the entries have their own. */
const withFirstRowId = (row: ManifestFileRow): ManifestFileRow => ({ ...row, first_row_id: 0n });

/** The rows of manifests that were written here; undefined if one was not. */
function newRows(
  rewritten: readonly RewrittenManifest[],
  by: ListingSnapshot,
  partitionsOf: (manifest: RewrittenManifest) => readonly FieldSummary[] | null,
): ManifestFileRow[] | undefined {
  const rows: ManifestFileRow[] = [];
  for (const manifest of rewritten) {
    if (manifest.facts === undefined) return undefined;
    rows.push(manifestFileRow(manifest.facts, { ...manifest, ...by, partitions: partitionsOf(manifest) }));
  }
  return rows;
}

/**
 * The partition summary of manifests that become one, like the fragments `kept_summaries` and
 * `merged_summaries`. Throws RangeError if only DuckDB can merge them.
 */
function summariesOf(rows: Rows, order: SummaryOrder | undefined): readonly FieldSummary[] | null {
  const [first] = rows;
  if (order === undefined) return first?.partitions ?? null;
  const all = rows.map(({ partitions }) => partitions);
  const [one] = all;
  if (first === undefined || one === undefined || one === null || all.includes(null)) return null;
  if (all.some((each) => each?.length !== one.length)) throw new RangeError('fields differ');
  const fields = one.map((_field, at) =>
    mergedSummary(
      all.map((each) => (each as readonly FieldSummary[])[at] as FieldSummary),
      order.get(`${first.partition_spec_id}:${at + 1}`),
    ),
  );
  return fields.length === 0 || fields.includes(undefined) ? null : (fields as FieldSummary[]);
}

/** Undefined if the bounds of one are unknown. */
function mergedSummary(
  summaries: readonly FieldSummary[],
  order: 'integer' | 'bytes' | undefined,
): FieldSummary | undefined {
  const isKnown = summaries.every(({ lower_bound: lower, upper_bound: upper, contains_null: hasNull }) =>
    lower === null || upper === null ? lower === upper && hasNull : order !== undefined,
  );
  if (!isKnown) return undefined;
  const sorted = (bounds: readonly (Buffer | null)[]): Buffer[] =>
    bounds.filter((bound) => bound !== null).sort(order === 'integer' ? compareIntegers : Buffer.compare);
  return {
    contains_null: summaries.some((each) => each.contains_null),
    contains_nan: summaries.some((each) => each.contains_nan === true),
    lower_bound: sorted(summaries.map((each) => each.lower_bound))[0] ?? null,
    upper_bound: sorted(summaries.map((each) => each.upper_bound)).at(-1) ?? null,
  };
}

function compareIntegers(one: Buffer, other: Buffer): number {
  const [left, right] = [integerOf(one), integerOf(other)];
  return left < right ? -1 : left > right ? 1 : 0;
}

function integerOf(bound: Buffer): bigint {
  if (bound.length === 8) return bound.readBigInt64LE();
  if (bound.length === 4) return BigInt(bound.readInt32LE());
  throw new RangeError('no integer');
}
