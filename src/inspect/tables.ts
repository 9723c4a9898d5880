/**
 * Lists the tables of a catalog: how many rows and bytes, up to which hour, and who writes them. Workspace
 * -> rows. Reads metadata and manifests but no data file, so that the cost does not grow with the rows.
 */
import { columnOf, currentSchema, type StoredUnit, storedUnit } from '../iceberg/event-time.ts';
import { countInSummary, mainSnapshot } from '../iceberg/history.ts';
import { timeFieldOf } from '../iceberg/partition-hours.ts';
import type { NestedField, Snapshot, TableMetadata } from '../iceberg/table-metadata.ts';
import { PsybergError } from '../model/errors.ts';
import { hourText } from '../model/hour.ts';
import { sameTable, type TableIdentifier, tableName } from '../model/names.ts';
import { producerOf } from '../project/dependency-order.ts';
import type { TableRow } from '../report/tables.ts';
import { type StatementRow, statement } from '../statements/index.ts';
import { bytesListed } from '../tables/read/bytes-listed.ts';
import { readEachSpec } from '../tables/read/each-spec.ts';
import { tablesIn } from '../workspace/list-tables.ts';
import type { Workspace } from '../workspace/open-workspace.ts';

/** Requests under way at the same time; each is a round trip behind a foreign catalog. Not measured. */
const LOADS_AT_ONCE = 8;

export interface ListTablesRequest {
  /** False: leaves the newest hour null in each row, which saves reading manifests. Default: true. */
  readonly newestHour?: boolean;
}

/** Lists every table, by name. One that cannot be read has an `error`, and the others appear all the same. */
export async function listTables(
  workspace: Workspace,
  { newestHour: isDated = true }: ListTablesRequest = {},
): Promise<TableRow[]> {
  const tables = await tablesIn(workspace);
  const rows: TableRow[] = [];
  const waiting = tables.entries();
  const work = async (): Promise<void> => {
    for (const [index, table] of waiting) rows[index] = await tableRow(workspace, table, isDated);
  };
  await Promise.all(Array.from({ length: LOADS_AT_ONCE }, work));
  return rows;
}

async function tableRow(workspace: Workspace, table: TableIdentifier, isDated: boolean): Promise<TableRow> {
  const row: TableRow = {
    table: tableName(table),
    rows: null,
    bytes: null,
    newest_hour: null,
    process_name: producerOf(workspace.project, table)?.processName ?? null,
  };
  try {
    const metadata = (await workspace.client.loadTableToRead(table))?.metadata;
    if (metadata === undefined) return row;
    const column = isDated ? shownEventTime(workspace, table, metadata) : undefined;
    return { ...row, ...(await contentOf(workspace, metadata, column)) };
  } catch (error) {
    if (!(error instanceof PsybergError) || error.kind === 'interrupted') throw error;
    return { ...row, error: error.toJSON() };
  }
}

type Content = Pick<TableRow, 'rows' | 'bytes' | 'newest_hour'>;

async function contentOf(
  workspace: Workspace,
  metadata: TableMetadata,
  column: EventTime | undefined,
): Promise<Content> {
  const head = mainSnapshot(metadata);
  if (head === undefined) return { rows: '0', bytes: '0', newest_hour: null };
  const rows = countInSummary(head, 'total-records');
  // DuckDB's own commits do not record the bytes.
  const bytes = countInSummary(head, 'total-files-size');
  const isCounted = rows !== undefined && bytes !== undefined;
  const listed =
    isCounted && (rows === 0n || column === undefined)
      ? []
      : await manifestsOf(workspace, head, column === undefined ? [] : timeFieldsOf(metadata, column));
  const manifests = listed.filter(({ content }) => content === 0);
  const newest =
    column === undefined ? undefined : await newestHour(workspace, { metadata, column, manifests });
  return {
    rows: textOf(withoutDeleted(head, rows ?? rowsListed(manifests))),
    bytes: String(bytes ?? (await bytesListed(await workspace.engine(), metadata, listed))),
    newest_hour: newest === undefined ? null : hourText(newest),
  };
}

const textOf = (count: bigint | undefined): string | null => (count === undefined ? null : String(count));

/** The rows of a list if every manifest counts them, which is optional in version 1. */
const rowsListed = (manifests: readonly ListedManifest[]): bigint | undefined =>
  manifests.some(({ rows }) => rows === null)
    ? undefined
    : manifests.reduce((sum, { rows }) => sum + (rows ?? 0n), 0n);

/**
 * Subtracts the rows that position deletes name. Undefined if there are equality deletes: no metadata say
 * how many rows those take away.
 */
function withoutDeleted(head: Snapshot, rows: bigint | undefined): bigint | undefined {
  const byPosition = countInSummary(head, 'total-position-deletes') ?? 0n;
  const byEquality = countInSummary(head, 'total-equality-deletes') ?? 0n;
  if (rows === undefined || byEquality > 0n) return undefined;
  return rows > byPosition ? rows - byPosition : 0n;
}

interface EventTime {
  readonly field: NestedField;
  readonly unit: StoredUnit;
}

/**
 * The event time that a process of the project names, else the column by whose hour or day the table is
 * partitioned.
 */
export function shownEventTime(
  { project }: Workspace,
  table: TableIdentifier,
  metadata: TableMetadata,
): EventTime | undefined {
  const schema = currentSchema(metadata);
  for (const { target, sources } of project.processes)
    for (const each of [target, ...sources]) {
      if (each.eventTime === undefined || !sameTable(each.table, table)) continue;
      const field = columnOf(schema, each.eventTime);
      const unit = storedUnit(field?.type, 'eventTimeUnit' in each ? each.eventTimeUnit : undefined);
      if (field !== undefined && unit !== undefined) return { field, unit };
    }
  const spec = metadata['partition-specs'].find((each) => each['spec-id'] === metadata['default-spec-id']);
  for (const { transform, 'source-id': source } of spec?.fields ?? []) {
    const field = schema.fields.find((each) => each.id === source);
    const unit = storedUnit(field?.type, undefined);
    if (field !== undefined && unit !== undefined && ['hour', 'day'].includes(transform))
      return { field, unit };
  }
  return undefined;
}

type ListedManifest = StatementRow<'inspect/manifests_and_rows'>;

const timeFieldsOf = (metadata: TableMetadata, { field }: EventTime): string[] =>
  metadata['partition-specs'].flatMap((spec) => {
    const { partition_position: position, partition_transform: transform } = timeFieldOf(spec, field.id);
    return ['hour', 'day'].includes(transform) ? [`${spec['spec-id']}:${position}:${transform}`] : [];
  });

async function manifestsOf(
  workspace: Workspace,
  head: Snapshot,
  timeFields: readonly string[],
): Promise<ListedManifest[]> {
  const engine = await workspace.engine();
  return engine.query(statement('inspect/manifests_and_rows'), {
    manifest_list: head['manifest-list'],
    time_fields: timeFields,
  });
}

/**
 * Finds the newest hour that live files state. Manifests whose partitions reach furthest are read first, and
 * others only while one of them might hold a later hour: one manifest is enough for a table partitioned by
 * hour.
 */
async function newestHour(
  workspace: Workspace,
  {
    metadata,
    column: { field, unit },
    manifests,
  }: {
    readonly metadata: TableMetadata;
    readonly column: EventTime;
    readonly manifests: readonly ListedManifest[];
  },
): Promise<number | undefined> {
  const engine = await workspace.engine();
  const reach = ({ last_hour: hour }: ListedManifest): number =>
    hour === null ? Number.POSITIVE_INFINITY : Number(hour);
  let newest: number | undefined;
  let left = manifests;
  while (left.length > 0) {
    const furthest = left.reduce((far, each) => Math.max(far, reach(each)), Number.NEGATIVE_INFINITY);
    if (newest !== undefined && furthest <= newest) break;
    const rows = await readEachSpec(
      metadata,
      left.filter((each) => reach(each) === furthest),
      (paths, spec) =>
        engine.query(statement('inspect/newest_stated_hour'), {
          manifests: paths,
          field_id: field.id,
          unit,
          type: String(field.type),
          ...timeFieldOf(spec, field.id),
        }),
    );
    for (const { newest_hour: hour } of rows)
      if (hour !== null && (newest === undefined || hour > newest)) newest = hour;
    left = left.filter((each) => reach(each) < furthest);
  }
  return newest;
}
