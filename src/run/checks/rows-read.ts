/**
 * Checks that a session read the rows that manifests promise. What was read, file by file + manifests ->
 * nothing, or a refusal that names a file. If a file's bounds lie within the hours that are read, all its
 * rows must be read: fewer mean that bounds, a partition or a count are wrong, and rows would silently be
 * lost. Files that are not accounted for are read once more, on their own and without a filter.
 */

import { SESSION_CATALOG } from '../../compile/index.ts';
import { hidesFiles } from '../../iceberg/file-columns.ts';
import type { Snapshot, TableMetadata } from '../../iceberg/table-metadata.ts';
import { type PsybergError, refusal } from '../../model/errors.ts';
import { type HourIntervals, type HourRange, hourIntervals, hourText } from '../../model/hour.ts';
import type { TableIdentifier } from '../../model/names.ts';
import { plainPath } from '../../model/plain-path.ts';
import {
  literalFragment,
  type SqlFragment,
  type StatementRow,
  statement,
  statementFragment,
  storedEventTimeFragment,
  tableFragment,
} from '../../statements/index.ts';
import { readEachSpec } from '../../tables/read/each-spec.ts';
import { filesOfHours, manifestsOfHours, type StoredTime } from '../../tables/read/files-of-hours.ts';
import { listedFiles } from '../../tables/read/known-entries.ts';
import { liveManifestsOf, type ManifestRow, ofData } from '../../tables/read/manifest-list.ts';
import { composeFilesView } from '../../tables/views/files-view.ts';
import { composeReadableView } from '../../tables/views/readable-view.ts';
import type { Begun } from '../session.ts';

/** What was read of a file. Hours since 1970, of its rows; null where they have none. */
export interface FileRead {
  readonly path: string;
  readonly rows: bigint;
  readonly first_hour: bigint | null;
  readonly last_hour: bigint | null;
}

/** The event-time column of a table. */
export interface TimeColumn extends StoredTime {
  readonly name: string;
}

/** A table as a session has read it. */
export interface TableRead {
  readonly table: TableIdentifier;
  /** The table's name. */
  readonly name: string;
  readonly metadata: TableMetadata;
  /** What was shown of it. */
  readonly snapshot: Snapshot;
  readonly column: TimeColumn | undefined;
  /** The hours that were asked for, ascending; undefined: all rows. */
  readonly hours: readonly HourRange[] | undefined;
  /**
   * True where each hour was asked for on its own: rows in other hours than their file's bounds say are lost.
   */
  readonly hourByHour: boolean;
  readonly files: readonly FileRead[];
}

interface PromisedFile {
  readonly manifest_path: string;
  readonly path: string;
  readonly rows: bigint;
  /** `inside`: all rows are asked for; `straddles`: nobody knows how many. */
  readonly placement: 'inside' | 'straddles';
  readonly first_hour: bigint | null;
  readonly last_hour: bigint | null;
}

/** Throws `rows-not-read`. */
export async function checkRowsRead(session: Begun, read: TableRead): Promise<void> {
  const { engine } = session.ports;
  const manifests = await liveManifestsOf(engine, read.snapshot);
  const promised = await promisedFiles(session, read, manifests);
  // A column of that name hides DuckDB's own.
  if (hidesFiles(read.metadata)) {
    checkTotal(session, read, promised, manifests);
    return;
  }
  const found = new Map(read.files.map((file) => [plainPath(file.path), file]));
  const doubtful = promised.filter((file) => isDoubtful(file, found.get(plainPath(file.path)), read));
  if (doubtful.length === 0) return;
  const stored = await rowsOfFiles(session, read, { files: doubtful, manifests });
  for (const file of doubtful) {
    const rows = stored.get(plainPath(file.path)) ?? { rows: 0n, rows_in_hours: 0n };
    const fault = faultOf(file, found.get(plainPath(file.path)), rows, {
      read,
      hasDeletes: manifests.some((manifest) => manifest.content === 1),
    });
    if (fault !== undefined) throw rowsNotRead(session, read, file, fault);
  }
}

/** The files that may hold rows of the hours; without hours all, whole. */
async function promisedFiles(
  { ports: { engine } }: Begun,
  { metadata, snapshot, column, hours: asked }: TableRead,
  manifests: readonly ManifestRow[],
): Promise<PromisedFile[]> {
  if (asked === undefined || column === undefined) {
    const listed = await readEachSpec(metadata, ofData(manifests), (paths) => listedFiles(engine, paths));
    return listed.map((file) => ({ ...file, placement: 'inside', first_hour: null, last_hour: null }));
  }
  const hours = hourIntervals(asked);
  const { fieldId } = column;
  const near = await manifestsOfHours(engine, { metadata, snapshot, manifests, fieldId, hours });
  return filesOfHours(engine, { metadata, manifests: near, column, hours });
}

/** Counts that do not add up, or say nothing: a file of other hours too, of which no row was read. */
function isDoubtful(file: PromisedFile, found: FileRead | undefined, read: TableRead): boolean {
  if (file.placement === 'inside' ? (found?.rows ?? 0n) !== file.rows : found === undefined)
    return file.rows > 0n;
  return read.hourByHour && found !== undefined && isElsewhere(file, found);
}

/** True when rows of a file lie outside of the hours that its bounds state. */
const isElsewhere = (file: PromisedFile, found: FileRead): boolean =>
  file.first_hour !== null &&
  file.last_hour !== null &&
  ((found.first_hour ?? file.first_hour) < file.first_hour ||
    (found.last_hour ?? file.last_hour) > file.last_hour);

type StoredRows = StatementRow<'audit/rows_of_files'>;

/** The rows of single files, by plain path, however their bounds and partitions are. */
async function rowsOfFiles(
  session: Begun,
  read: TableRead,
  {
    files,
    manifests,
  }: { readonly files: readonly PromisedFile[]; readonly manifests: readonly ManifestRow[] },
): Promise<Map<string, Pick<StoredRows, 'rows' | 'rows_in_hours'>>> {
  const { ports, directory, view } = session;
  const { engine } = ports;
  const { metadata, snapshot } = read;
  const holding = new Set(files.map((file) => file.manifest_path));
  const listed = await composeFilesView(engine, {
    metadata,
    from: snapshot,
    manifests: manifests.filter((manifest) => holding.has(manifest.manifest_path)),
    files: files.map((file) => file.path),
    directory,
    withDeletes: true,
  });
  const readable = await composeReadableView(engine, {
    metadata,
    from: listed,
    table: read.table,
    eventTime: undefined,
    directory,
  });
  const identifier = { namespace: ['doubtful'], name: read.table.name };
  view.show([
    { identifier, table: read.table, show: { kind: 'files', ...(readable ?? { snapshot: listed }) } },
  ]);
  return storedRows(session, {
    files: tableFragment(SESSION_CATALOG, identifier),
    column: read.column,
    hours: hourIntervals(read.hours ?? []),
  });
}

/** Counts the rows of a view of files. @returns by plain path. */
export async function storedRows(
  { ports: { engine } }: Begun,
  {
    files,
    column,
    hours,
  }: {
    readonly files: SqlFragment;
    readonly column: TimeColumn | undefined;
    readonly hours: HourIntervals;
  },
): Promise<Map<string, Pick<StoredRows, 'rows' | 'rows_in_hours'>>> {
  const rows = await engine.query(
    statement('audit/rows_of_files', {
      files,
      unit: literalFragment(column?.unit ?? 'us'),
      stored_event_time:
        column === undefined
          ? statementFragment('null::bigint')
          : storedEventTimeFragment(column.name, column.unit, column.type),
    }),
    { first_hours: hours.first_hours, last_hours: hours.last_hours },
  );
  return new Map(rows.map((row) => [plainPath(row.path), row]));
}

interface Fault {
  readonly expected: bigint;
  readonly found: bigint;
  readonly why: string;
}

function faultOf(
  file: PromisedFile,
  found: FileRead | undefined,
  stored: Pick<StoredRows, 'rows' | 'rows_in_hours'>,
  { read, hasDeletes }: { readonly read: TableRead; readonly hasDeletes: boolean },
): Fault | undefined {
  const rows = found?.rows ?? 0n;
  const fault = (expected: bigint, why: string): Fault => ({ expected, found: rows, why });
  if (!hasDeletes && stored.rows !== file.rows)
    return fault(file.rows, `its manifest counts ${file.rows} rows, and it holds ${stored.rows}`);
  const expected = file.placement === 'inside' ? stored.rows : stored.rows_in_hours;
  const stated =
    file.first_hour === null || file.last_hour === null
      ? ''
      : ` ${hourText(Number(file.first_hour))}..${hourText(Number(file.last_hour))}`;
  if (rows !== expected)
    return fault(
      expected,
      read.hours !== undefined && file.placement === 'inside' && stored.rows_in_hours === rows
        ? `${expected - rows} of its rows have a ${read.column?.name} outside of the hours${stated} that its bounds state`
        : 'DuckDB skipped the others',
    );
  return read.hourByHour && found !== undefined && isElsewhere(file, found)
    ? fault(
        expected,
        `some of its rows have a ${read.column?.name} outside of the hours${stated} that its bounds state`,
      )
    : undefined;
}

function rowsNotRead(
  { plan }: Begun,
  { name, snapshot }: TableRead,
  file: PromisedFile,
  { expected, found, why }: Fault,
): PsybergError {
  return refusal(
    'rows-not-read',
    `${plan.process_name} read ${found} of the ${expected} rows of the data file ${file.path} of ${name} (snapshot ${snapshot['snapshot-id']}): ${why}; nothing was published`,
    {
      hint: `rewrite the file with the writer of ${name}, so that its metadata are right (in Spark: call system.rewrite_data_files(table => '${name}', options => map('rewrite-all', 'true'))), and run again`,
      context: {
        process_name: plan.process_name,
        table: name,
        snapshot_id: String(snapshot['snapshot-id']),
        file: file.path,
        expected: String(expected),
        found: String(found),
      },
    },
  );
}

/** Checks the sum of all files, if rows do not tell their file. */
function checkTotal(
  { plan }: Begun,
  { name, snapshot, files }: TableRead,
  promised: readonly PromisedFile[],
  manifests: readonly ManifestRow[],
): void {
  const sum = (rows: readonly { readonly rows: bigint }[]): bigint =>
    rows.reduce((total, each) => total + each.rows, 0n);
  const expected = sum(promised.filter((file) => file.placement === 'inside'));
  const found = sum(files);
  if (found >= expected || manifests.some((manifest) => manifest.content === 1)) return;
  throw refusal(
    'rows-not-read',
    `${plan.process_name} read ${found} of the ${expected} rows or more that manifests of ${name} (snapshot ${snapshot['snapshot-id']}) promise; nothing was published`,
    {
      hint: `rewrite the files of ${name} with its writer, so that their metadata are right, and run again; without the column "filename" the file would be named`,
      context: {
        process_name: plan.process_name,
        table: name,
        snapshot_id: String(snapshot['snapshot-id']),
        file: null,
        expected: String(expected),
        found: String(found),
      },
    },
  );
}
