/**
 * Makes the error for a query whose columns are not those of its target. Differences -> nothing, or one error
 * that says what to do.
 */
import { relative } from 'node:path';
import { appendColumns, hasIcebergType } from '../../iceberg/append-columns.ts';
import { currentSchema } from '../../iceberg/event-time.ts';
import {
  type ColumnDifferences,
  fitColumns,
  type LossyCast,
  type NewColumn,
} from '../../iceberg/fit-columns.ts';
import type { NestedField, Schema, TableMetadata } from '../../iceberg/table-metadata.ts';
import { columnTypeText, type QueryColumn } from '../../model/column-type.ts';
import { type PsybergError, usageError } from '../../model/errors.ts';
import { tableName } from '../../model/names.ts';
import type { PlanTarget } from '../../model/plan.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import { sqlName } from '../../model/sql-name.ts';
import { queryWords } from './query-words.ts';

/** Whose query is compared with which target. */
export interface ComparedQuery {
  readonly spec: ProcessSpec;
  /** The folder of the project. */
  readonly root: string;
  readonly target: Pick<PlanTarget, 'table' | 'exists' | 'format_version'>;
}
type Refused = ComparedQuery;

const NO_DIFFERENCES: ColumnDifferences = { added: [], missing: [], lossy: [] };

/**
 * Compares the columns that a query returns with the target that is there: what a session would follow, by
 * `on_schema_change`. The one judge of sessions, looks, plans and checks. `target`: undefined if there is
 * none yet. Throws `target-event-time`, `target-schema-mismatch`, `target-type-mismatch` and
 * `column-type-unsupported`.
 */
export function columnsToFollow(
  compared: ComparedQuery,
  columns: readonly QueryColumn[],
  target: TableMetadata | undefined,
): ColumnDifferences {
  refuseMissingEventTime(compared, columns);
  if (target === undefined) return NO_DIFFERENCES;
  const schema = currentSchema(target);
  const differences = fitColumns(columns, schema.fields);
  refuseColumns(compared, schema, differences);
  // What cannot be added is refused before anything is.
  if (differences.added.length > 0 && compared.spec.onSchemaChange === 'append')
    appendColumns(schema, columns, target);
  return differences;
}

/** The target of a process as its columns are compared with it. */
export const comparedTarget = (
  { target: { table, properties } }: ProcessSpec,
  metadata: TableMetadata | undefined,
): ComparedQuery['target'] => ({
  table: tableName(table),
  exists: metadata !== undefined,
  format_version: Math.max(2, metadata?.['format-version'] ?? Number(properties['format-version'] ?? 2)),
});

const fileOf = ({ root, spec }: Refused): string => relative(root, spec.file);
const listed = (names: readonly string[]): string => names.join(', ');
const command = (sql: string): string =>
  sql.includes('"') ? `psyberg sql '${sql}'` : `psyberg sql "${sql}"`;

const isTime = ({ type }: QueryColumn): boolean => /^(TIMESTAMP|DATE)/.test(columnTypeText(type));

/**
 * Without its event time a row would belong to no hour, whatever the process says of missing columns; nor
 * would it by a column that is no time, with which a first session would create the target.
 */
export function refuseMissingEventTime(session: Refused, columns: readonly QueryColumn[]): void {
  const { eventTime } = session.spec.target;
  if (eventTime === undefined) return;
  const { table, exists } = session.target;
  const found = columns.find(({ name }) => name.toLowerCase() === eventTime.toLowerCase());
  if (found !== undefined && (exists || isTime(found))) return;
  if (found !== undefined) throw noTime(session, found);
  const times = columns.filter(isTime);
  const meant = nearest(eventTime, times) ?? times[0];
  const { name: named } = queryWords(session.spec);
  const name = named(eventTime);
  const renamed =
    meant === undefined || !exists
      ? ''
      : `; or, if the column is to be called ${meant.name} from now on, ${command(`alter table ${table} rename column ${sqlName(eventTime)} to ${sqlName(meant.name)}`)} and target.event_time: ${meant.name} in the header`;
  throw mismatch(
    session,
    `${fileOf(session)} does not return ${eventTime}, the event time of the target ${table}; it returns ${listed(columns.map((column) => column.name))}`,
    meant === undefined
      ? `add it to the select list: … as ${name}`
      : `return it under that name: ${named(meant.name)} as ${name}${exists ? '' : `, or write target.event_time: ${meant.name}`}${renamed}`,
    { columns: [eventTime], missing: [eventTime] },
  );
}

function noTime(session: Refused, { name, type }: QueryColumn): PsybergError {
  const { table } = session.target;
  const words = queryWords(session.spec);
  const column = words.name(name);
  const written = columnTypeText(type);
  const cast = /INT$|^DECIMAL|^DOUBLE$|^FLOAT$/.test(written)
    ? `${words.fromMillis(column)} as ${column} of epoch milliseconds, ${words.fromSeconds(column)} of seconds`
    : `${words.cast(column, words.moment)} as ${column}`;
  return usageError(
    'target-event-time',
    `${fileOf(session)} returns ${name}, the event time of the target ${table}, as ${written}; expected a timestamp or a date. The target was not created`,
    {
      hint: `cast it in the select list: ${cast}`,
      context: { process_name: session.spec.processName, table, column: name, found: written },
    },
  );
}

/** The column whose name begins like it, or with which it begins. */
const nearest = (name: string, columns: readonly QueryColumn[]): QueryColumn | undefined =>
  columns.find((column) => {
    const [one, other] = [column.name.toLowerCase(), name.toLowerCase()];
    return one.startsWith(other) || other.startsWith(one);
  });

/** Refuses what the process has not allowed, and what nothing allows. */
export function refuseColumns(session: Refused, schema: Schema, differences: ColumnDifferences): void {
  const { added, missing, lossy } = differences;
  const required = missing.filter(({ field }) => field.required).map(({ path }) => path);
  if (required.length > 0)
    throw mismatch(
      session,
      `${fileOf(session)} does not return ${listed(required)}, which the target ${session.target.table} requires`,
      added.length === 0 ? 'add the column to the select list' : renameHint(session, added, required),
      { columns: required, missing: required },
    );
  const absent = missing.map(({ path }) => path);
  const { onSchemaChange, refusesMissingColumns = false } = session.spec;
  const isRefused = onSchemaChange === 'refuse' && added.length + absent.length > 0;
  if (isRefused || (refusesMissingColumns && absent.length > 0)) throw changedColumns(session, added, absent);
  if (lossy.length > 0) throw typeMismatch(session, schema, lossy);
}

function changedColumns(session: Refused, added: readonly NewColumn[], absent: readonly string[]) {
  const names = added.map(({ path }) => path);
  const { what, hint } = howChanged(session, added, absent);
  return mismatch(session, `${fileOf(session)} ${what}`, hint, {
    columns: names.length === 0 ? absent : names,
    added: names,
    missing: absent,
  });
}

/** What the query returns that the target does not have, or the other way round, and what to do about it. */
function howChanged(
  session: Refused,
  added: readonly NewColumn[],
  absent: readonly string[],
): { readonly what: string; readonly hint: string } {
  const { table } = session.target;
  const [[came], [went]] = [added, absent];
  if (came === undefined)
    return {
      what: `does not return ${listed(absent)}, which the target ${table} has: the new rows would hold NULL there`,
      hint: absentHint(session, went as string),
    };
  const returned = listed(added.map(({ path, type }) => `${path} (${columnTypeText(type)})`));
  const returns = `returns ${returned}, but the target ${table} has no such column`;
  return went === undefined
    ? { what: returns, hint: addedHint(session, came) }
    : {
        what: `${returns}, and does not return ${listed(absent)}, which it has`,
        hint: renameHint(session, added, absent),
      };
}

const isNested = (path: string): boolean => path.includes('.');

function addedHint(session: Refused, { path, type }: NewColumn): string {
  if (!hasIcebergType(type, session.target.format_version))
    return `Iceberg has no type ${columnTypeText(type)}: cast ${path} in the query of ${fileOf(session)} to one that it has, such as ${queryWords(session.spec).types}; then add the column, or set on_schema_change: append`;
  const add = isNested(path)
    ? ''
    : `add it: ${command(`alter table ${session.target.table} add column ${sqlName(path)} ${columnTypeText(type)}`)}; or `;
  return `${add}set on_schema_change in the header of ${fileOf(session)}: append adds what is new, ignore leaves it out; or take it out of the query`;
}

function absentHint(session: Refused, path: string): string {
  const drop = isNested(path)
    ? ''
    : `; or drop it: ${command(`alter table ${session.target.table} drop column ${sqlName(path)}`)}`;
  const value = isNested(path) ? 'NULL' : `null as ${queryWords(session.spec).name(path)}`;
  return `return it again (${value} where there is no value); or set on_schema_change: append or ignore in the header of ${fileOf(session)}, and it is NULL in new rows${drop}`;
}

/** A column that came and one that went may be one with a new name: only the user knows. */
function renameHint(session: Refused, added: readonly NewColumn[], absent: readonly string[]): string {
  const [to, from] = [(added[0] as NewColumn).path, absent[0] as string];
  const { name: named } = queryWords(session.spec);
  const ways =
    isNested(to) || isNested(from)
      ? `return it under its old name`
      : `rename it in the table, which keeps its values: ${command(`alter table ${session.target.table} rename column ${sqlName(from)} to ${sqlName(to)}`)}; or return it under its old name: ${named(to)} as ${named(from)}`;
  return `if ${to} is ${from} under a new name, ${ways}; if they are two, set on_schema_change in the header of ${fileOf(session)}: append adds ${to}, ignore leaves it out, and ${from} is NULL in new rows`;
}

function typeMismatch(session: Refused, schema: Schema, lossy: readonly LossyCast[]): PsybergError {
  const { table } = session.target;
  const [first] = lossy as readonly [LossyCast];
  const found = lossy.map(
    ({ path, from, to }) => `${path} as ${from}, but column ${path} of the target ${table} is ${to}`,
  );
  const zones = betweenZones(first);
  return usageError(
    'target-type-mismatch',
    `${fileOf(session)} returns ${found.join('; ')}: ${zones ? 'which instant is meant, only the query can say' : 'values would be changed, or do not fit'}`,
    {
      hint: castHint(session, schema, first, zones),
      context: {
        target: table,
        file: fileOf(session),
        columns: lossy.map(({ path, from, to }) => ({ column: path, query: from, target: to })),
      },
    },
  );
}

/** Times with and without a zone; a date is one without. */
const betweenZones = ({ from, to }: LossyCast): boolean =>
  from.startsWith('TIMESTAMP WITH')
    ? to === 'timestamp' || to === 'timestamp_ns'
    : to.startsWith('timestamptz') && /^(TIMESTAMP|DATE)/.test(from);

function castHint(session: Refused, schema: Schema, cast: LossyCast, zones: boolean): string {
  const column = schema.fields.find(
    ({ name }) => cast.path === name || cast.path.startsWith(`${name}.`),
  ) as NestedField;
  const words = queryWords(session.spec);
  const name = words.name(column.name);
  if (zones)
    return cast.path === column.name
      ? `say in the query of ${fileOf(session)} which zone is meant: ${words.inUtc(name, cast)} as ${name}`
      : `say in the query of ${fileOf(session)} which zone is meant, with ${words.utcInside} around the value of ${cast.path}`;
  const type = words.type(column.type);
  if (['struct', 'list', 'map'].includes(cast.to)) return `return a ${cast.to} there: a value of ${type}`;
  return `if that is meant, cast it in the query of ${fileOf(session)}${type === undefined ? '' : `: ${words.cast(name, type)} as ${name}`}; otherwise return the type that the table has, or write to another column`;
}

const mismatch = (
  session: Refused,
  message: string,
  hint: string,
  found: Readonly<Record<string, readonly string[]>>,
): PsybergError =>
  usageError('target-schema-mismatch', message, {
    hint,
    context: { target: session.target.table, file: fileOf(session), ...found },
  });
