/**
 * Finds the hours of files. ManifestRow rows -> bounds, from the cheapest of these that will do: manifest
 * bounds, the partition, a scan of one column. Bounds that look wrong are not used, because a range that is
 * too narrow would silently lose rows.
 */
import type { PartitionHours } from '../../iceberg/partition-hours.ts';
import { PsybergError } from '../../model/errors.ts';
import { CALENDAR, type Hour, hoursOf } from '../../model/hour.ts';
import { tableName } from '../../model/names.ts';
import { plainPath } from '../../model/plain-path.ts';
import type { BoundsFrom, ChangedFile } from '../../model/session.ts';
import { sourceUnreadable } from '../../model/source-unreadable.ts';
import {
  fileSchemaFragment,
  type SqlFragment,
  type StatementRow,
  statement,
  statementFragment,
  storedEventTimeFragment,
} from '../../statements/index.ts';
import type { StatedBounds } from '../../tables/read/data-files.ts';
import type { Source, SourceTable } from '../source.ts';

export interface FileBounds {
  readonly firstHour?: Hour;
  readonly lastHour?: Hour;
  readonly boundsFrom?: BoundsFrom;
  readonly nullEventTimes: bigint;
  /** True when only the file itself can tell. */
  readonly unknown: boolean;
}

/**
 * A partition of more hours than this is read instead: a month of hours to recompute for a file that holds
 * one of them would cost more.
 */
const PARTITION_HOURS_MAX = 24;

/**
 * Bounds further apart than this are not taken for hours: one row with a date of 1970 or of the year 1 beside
 * others would touch all hours since. Two years: an archive's files of a year each are not read by a plan,
 * and no more than 17,568 hours come from one file. The scan is cheap beside them: one column of 10,000,000
 * rows in 0.2 s, a plan of the 470,737 hours since 1970 took 12 s and 139 MB of JSON (2026-11-27).
 */
const SPAN_HOURS_MAX = 2 * 366 * 24;

const isWide = ({ firstHour, lastHour }: Pick<FileBounds, 'firstHour' | 'lastHour'>): boolean =>
  firstHour !== undefined && lastHour !== undefined && lastHour - firstHour >= SPAN_HOURS_MAX;

/** Hours from metadata alone. */
export function boundsOf(
  stated: StatedBounds,
  source: SourceTable,
  partition: PartitionHours | undefined,
): FileBounds {
  const { eventTime } = source;
  if (eventTime === undefined) return { nullEventTimes: 0n, unknown: false };
  // A value of a partition by time is null where the event time is, so a partition that has one holds no
  // NULL.
  const nulls = eventTime.column.required || partition !== undefined ? 0n : stated.null_event_times;
  const { first_hour: first, last_hour: last } = stated;
  if (
    first !== null &&
    last !== null &&
    (partition === undefined
      ? !stated.in_another_unit
      : first >= partition.firstHour && last <= partition.lastHour)
  )
    return {
      ...withinToday({ firstHour: first, lastHour: last }, todayOf(source)),
      boundsFrom: 'manifest',
      nullEventTimes: nulls ?? 0n,
      unknown: nulls === null,
    };
  if (
    first === null &&
    partition !== undefined &&
    partition.lastHour - partition.firstHour < PARTITION_HOURS_MAX &&
    partition.firstHour >= CALENDAR.firstHour
  )
    return {
      ...withinToday(partition, todayOf(source)),
      boundsFrom: 'partition',
      nullEventTimes: 0n,
      unknown: false,
    };
  return { nullEventTimes: 0n, unknown: true };
}

/**
 * Today's date counts as begun: its remaining hours are not treated as future rows. It stands for its
 * midnight here; where it counts for every hour of its day, planning adds the others
 * (`kinds/patterns/stateful.ts`).
 */
function withinToday({ firstHour, lastHour }: PartitionHours, source: Today): PartitionHours {
  const day = lastHour - 23;
  return source.isDate && lastHour > source.lastAllowedHour && day <= source.lastAllowedHour
    ? { firstHour, lastHour: Math.max(firstHour, day) }
    : { firstHour, lastHour };
}

type ScannedHours = StatementRow<'changes/scan_event_hours'>;

/**
 * The last rung of the ladder: one column of exactly the files whose metadata says nothing, and of those that
 * reach into the future or over years (their exact hours are needed, so that the honest rows of the file are
 * not set aside, or drowned in hours, with the bad one).
 */
export async function withScannedHours(
  source: Source,
  files: readonly (ChangedFile & { readonly unknown: boolean })[],
): Promise<ChangedFile[]> {
  const wanted = files.filter(
    (file) =>
      file.rows > 0n &&
      (file.unknown ||
        isWide(file) ||
        (file.lastHour !== undefined && file.lastHour > source.lastAllowedHour)),
  );
  const byPath = new Map<string, ScannedHours[]>(wanted.map((file) => [file.path, []]));
  const known = wanted.filter((file) => file.status === 'removed' && hasUsableBounds(file, source));
  const scanned = await scanAll(source, wanted).catch(async (error: unknown) => {
    // A file that is off the table may be off the disk as well, where the snapshot before was expired: its
    // bounds have to do.
    for (const file of known) byPath.delete(file.path);
    if (known.length === 0) throw error;
    return scanAll(
      source,
      wanted.filter((file) => !known.includes(file)),
    );
  });
  for (const row of scanned) byPath.get(row.path)?.push(row);
  return files.map(({ unknown: _unknown, ...file }) => {
    const scanned = byPath.get(file.path);
    return scanned === undefined ? file : withHours(file, scanned, todayOf(source));
  });
}

const scanAll = async (source: Source, files: readonly ChangedFile[]): Promise<ScannedHours[]> =>
  files.length === 0 ? [] : scan(source, files);

/** A hundred years: more hours than that are not named one by one in a plan. Not measured. */
const NAMED_HOURS_MAX = 1_000_000;

/** Bounds that are right, and far apart, but not so far that their hours are too many to name. */
const hasUsableBounds = (
  file: ChangedFile & { readonly unknown: boolean },
  { lastAllowedHour }: SourceTable,
): boolean =>
  !file.unknown &&
  file.firstHour !== undefined &&
  file.lastHour !== undefined &&
  file.lastHour <= lastAllowedHour &&
  file.lastHour - file.firstHour < NAMED_HOURS_MAX;

/**
 * The same for files that were read anyhow. `scanned`: the hours of their rows.
 */
export function hoursOfRows(
  files: readonly ChangedFile[],
  scanned: readonly ScannedHours[],
  { lastAllowedHour, unit }: { readonly lastAllowedHour: Hour; readonly unit: string },
): ChangedFile[] {
  const byPath = Map.groupBy(scanned, (row) => row.path);
  return files.map((file) =>
    withHours(file, byPath.get(file.path) ?? [], { lastAllowedHour, isDate: unit === 'day' }),
  );
}

/** What tells the future from the past. */
interface Today {
  readonly lastAllowedHour: Hour;
  /** True of dates: today counts as begun. */
  readonly isDate: boolean;
}
const todayOf = ({ lastAllowedHour, eventTime }: SourceTable): Today => ({
  lastAllowedHour,
  isDate: eventTime?.unit === 'day',
});

function withHours(file: ChangedFile, scanned: readonly ScannedHours[], source: Today): ChangedFile {
  const rowsOf = (rows: readonly ScannedHours[]): bigint => rows.reduce((sum, row) => sum + row.rows, 0n);
  const known = scanned.flatMap(({ first_hour: first, last_hour: last, rows }) =>
    first === null || last === null
      ? []
      : [{ ...withinToday({ firstHour: first, lastHour: last }, source), rows }],
  );
  const allowed = known.filter((row) => row.lastHour <= source.lastAllowedHour);
  const future = known.filter((row) => row.lastHour > source.lastAllowedHour);
  const { firstHour: _first, lastHour: _last, ...rest } = file;
  const span = {
    firstHour: allowed.reduce((hour, row) => Math.min(hour, row.firstHour), Infinity),
    lastHour: allowed.reduce((hour, row) => Math.max(hour, row.lastHour), -Infinity),
  };
  return {
    ...rest,
    boundsFrom: 'scan',
    nullEventTimes: rowsOf(scanned.filter((row) => row.first_hour === null)),
    ...(allowed.length === 0 ? {} : span),
    ...(allowed.length > 0 && isWide(span)
      ? { differingHours: [...new Set(allowed.flatMap(hoursOf))].sort((left, right) => left - right) }
      : {}),
    ...(future.length === 0
      ? {}
      : {
          futureHours: future.map((row) => row.firstHour).sort((left, right) => left - right),
          futureRows: future.reduce((sum, row) => sum + row.rows, 0n),
        }),
  };
}

/**
 * Found by field id, since a file keeps the names and types that its table had; files without ids (migrated
 * ones) by name.
 */
async function scan(source: Source, files: readonly ChangedFile[]): Promise<ScannedHours[]> {
  const { column, unit } = source.eventTime as NonNullable<SourceTable['eventTime']>;
  const stored = storedEventTimeFragment(column.name, unit, column.type);
  const schema = fileSchemaFragment([column]);
  const read = (options: SqlFragment, paths: readonly string[]): Promise<ScannedHours[]> =>
    paths.length === 0
      ? Promise.resolve([])
      : source.engine.query(statement('changes/scan_event_hours', { stored_event_time: stored, options }), {
          files: paths,
          unit,
        });
  try {
    const paths = files.map((file) => file.path);
    const named = await source.engine.query(statement('changes/files_without_ids'), { files: paths });
    const withoutIds = new Set(schema === undefined ? paths : named.map((row) => row.path));
    return [
      ...(await read(
        statementFragment(`schema = ${schema?.sql ?? ''}`),
        paths.filter((path) => !withoutIds.has(path)),
      )),
      ...(await read(
        statementFragment('union_by_name = true'),
        paths.filter((path) => withoutIds.has(path)),
      )),
    ];
  } catch (error) {
    throw unreadable(source, files, error);
  }
}

/** Names the file that DuckDB complained about, or the first of them. */
function unreadable(source: SourceTable, files: readonly ChangedFile[], error: unknown): unknown {
  if (!(error instanceof PsybergError) || error.code !== 'sql-failed') return error;
  const name = tableName(source.spec.table);
  const file =
    files.find((each) => error.message.includes(plainPath(each.path))) ?? (files[0] as ChangedFile);
  return sourceUnreadable({
    table: name,
    snapshotId: String(file.snapshotId),
    what: 'data file',
    file: file.path,
    cause: error,
  });
}
