/**
 * Checks that a session read of its own target what the manifests there promise: the hour before a
 * dimension's first one, and the rows that are carried over. Session -> nothing, or `rows-not-read`.
 */
import { SESSION_CATALOG } from '../../compile/index.ts';
import { hidesFiles } from '../../iceberg/file-columns.ts';
import { snapshotById } from '../../iceberg/history.ts';
import type { Snapshot, SnapshotId } from '../../iceberg/table-metadata.ts';
import { type PsybergError, refusal } from '../../model/errors.ts';
import { type Hour, type HourRange, hoursOfTexts, hourText } from '../../model/hour.ts';
import { ascending, intervalsOf } from '../../model/hour-sets.ts';
import { plainPath } from '../../model/plain-path.ts';
import type { CarryOverStep } from '../../model/step.ts';
import {
  identifierFragment,
  literalFragment,
  rangeBoundFragment,
  renderStatement,
  type SqlFragment,
  statement,
  statementFragment,
  storedEventTimeFragment,
  tableFragment,
} from '../../statements/index.ts';
import { manifestsOf } from '../../tables/read/manifest-list.ts';
import type { Begun, Opened, Staged } from '../session.ts';
import { loadTarget } from '../target.ts';
import { hoursBefore } from '../views/show-target.ts';
import { checkRowsRead, storedRows, type TimeColumn } from './rows-read.ts';

function targetColumn({ plan, spec }: Begun): TimeColumn | undefined {
  const column = plan.target.event_time;
  return column === null
    ? undefined
    : {
        fieldId: column.field_id,
        name: spec.target.eventTime as string,
        type: column.type,
        unit: column.unit,
      };
}

/** Throws `rows-not-read` if `previous` of a dimension's first hour does not have all rows of its files. */
export async function checkPreviousRead(opened: Opened): Promise<void> {
  const { plan, spec } = opened;
  const column = targetColumn(opened);
  if (column === undefined || !/\bprevious\b/i.test(spec.sql)) return;
  const before = hoursBefore(plan);
  await checkReadOfTarget(opened, {
    column,
    hours: [before],
    rows: renderStatement('compile/previous_hour', {
      columns: statementFragment(fileAndHour(column)),
      target: ofSession('previous', spec.target.table.name),
      event_time: identifierFragment(column.name),
    }),
    values: { previous_start: hourText(before.firstHour), range_start: hourText(before.lastHour + 1) },
  });
}

/**
 * The same for hours of the target that a session relied on and did not compute: they stay as they are, or
 * later hours are computed from them. Throws `rows-not-read`.
 */
export async function checkStoredRead(opened: Opened, relied: readonly Hour[]): Promise<void> {
  const column = targetColumn(opened);
  const hours = ascending(relied);
  const [first, last] = [hours[0], hours.at(-1)];
  if (column === undefined || first === undefined || last === undefined) return;
  const { name, type, unit } = column;
  await checkReadOfTarget(opened, {
    column,
    hours: intervalsOf(hours),
    rows: renderStatement('compile/source_hours', {
      columns: statementFragment(fileAndHour(column)),
      source: ofSession('previous', opened.spec.target.table.name),
      event_time: identifierFragment(name),
      range_start: rangeBoundFragment({ parameter: 'range_start', later: 0 }, type, unit),
      range_end: rangeBoundFragment({ parameter: 'range_end', later: 0 }, type, unit),
      stored_event_time: storedEventTimeFragment(name, unit, type),
      unit: literalFragment(unit),
      hours: statementFragment(renderStatement('compile/given_hours')),
    }),
    values: { range_start: hourText(first), range_end: hourText(last + 1), hours: hours.map(BigInt) },
  });
}

interface ReadOfTarget {
  readonly column: TimeColumn;
  readonly hours: readonly HourRange[];
  /** The query that reads these hours of the target, with the values that it binds. */
  readonly rows: string;
  readonly values: Readonly<Record<string, string | readonly bigint[]>>;
}

/** Nothing is checked without a snapshot that the session is staged on: then there is nothing to read. */
async function checkReadOfTarget(
  opened: Opened,
  { column, hours, rows, values }: ReadOfTarget,
): Promise<void> {
  const { plan, spec, ports, base, previous } = opened;
  if (base === undefined) return;
  const files = await ports.engine.query(
    statement('audit/rows_by_file', { alias: literalFragment('previous'), rows: subquery(rows) }),
    values,
  );
  await checkRowsRead(opened, {
    table: spec.target.table,
    name: plan.target.table,
    metadata: (await loadTarget(opened)).metadata,
    snapshot: previous ?? base,
    column,
    hours,
    hourByHour: true,
    files,
  });
}

const fileAndHour = (column: TimeColumn): string =>
  renderStatement('fragments/file_and_hour', {
    file: statementFragment('filename'),
    stored_event_time: storedEventTimeFragment(column.name, column.unit, column.type),
    unit: literalFragment(column.unit),
  });

const subquery = (sql: string): SqlFragment => statementFragment(`(\n${sql}\n)`);

const ofSession = (namespace: string, name: string): SqlFragment =>
  tableFragment(SESSION_CATALOG, { namespace: [namespace], name });

/**
 * Checks that every row of other hours, in files that also hold replaced hours, is carried over. `staged`:
 * the snapshot that holds these rows; undefined if there are none. Throws `rows-not-read`.
 */
export async function checkCarried(
  after: Staged,
  step: CarryOverStep,
  staged: SnapshotId | undefined,
): Promise<void> {
  const { spec, ports, cleared } = after;
  const stored = await storedRows(after, {
    files: ofSession('straddling', spec.target.table.name),
    column: targetColumn(after),
    hours: hoursOfTexts(step.parameters),
  });
  const straddling = cleared?.straddling;
  const manifests = straddling === undefined ? [] : await manifestsOf(ports.engine, straddling);
  const hasDeletes = manifests.some((manifest) => manifest.content === 1);
  const straddles = (cleared?.files ?? []).filter(({ placement }) => placement === 'straddles');
  const { metadata } = await loadTarget(after);
  // If rows do not tell their file, since a column of that name hides it, all files are counted together.
  const counts = hidesFiles(metadata)
    ? [{ file: null, expected: rowsOf(straddles), found: rowsOf([...stored.values()]) }]
    : straddles.map(({ path, rows }) => ({
        file: path,
        expected: rows,
        found: stored.get(plainPath(path))?.rows ?? 0n,
      }));
  for (const count of hasDeletes ? [] : counts)
    if (count.found !== count.expected) throw notCarried(after, count);
  const expected = [...stored.values()].reduce((sum, file) => sum + file.rows - file.rows_in_hours, 0n);
  const found = staged === undefined ? 0n : await addedRows(after, staged);
  if (found !== expected) throw notCarried(after, { file: null, expected, found });
}

const rowsOf = (files: readonly { readonly rows: bigint }[]): bigint =>
  files.reduce((sum, { rows }) => sum + rows, 0n);

async function addedRows(opened: Opened, snapshotId: SnapshotId): Promise<bigint> {
  const snapshot = snapshotById((await loadTarget(opened)).metadata, snapshotId) as Snapshot;
  const [row] = await opened.ports.engine.query(statement('tables/added_rows'), {
    manifest_list: snapshot['manifest-list'],
    snapshot_id: snapshotId,
  });
  return row?.rows ?? 0n;
}

function notCarried(
  { plan }: Begun,
  {
    file,
    expected,
    found,
  }: { readonly file: string | null; readonly expected: bigint; readonly found: bigint },
): PsybergError {
  const { table } = plan.target;
  return refusal(
    'rows-not-read',
    `${plan.process_name} read ${found} of the ${expected} rows that it has to keep of ${file === null ? `files of ${table} that hold its hours` : `the data file ${file} of ${table}`}; nothing was published`,
    {
      hint: `rewrite the files of ${table}, so that their metadata are right, with the writer that made them, and run again`,
      context: {
        process_name: plan.process_name,
        table,
        file,
        expected: String(expected),
        found: String(found),
      },
    },
  );
}
