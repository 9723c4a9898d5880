/** `vtts: { sql: <query> }`: complete up to the instant that a query of the project's own gives. */
import { PsybergError, usageError } from '../../model/errors.ts';
import { type Hour, hourOfMs } from '../../model/hour.ts';
import { tableName } from '../../model/names.ts';
import type { TextPosition, VttsSpec } from '../../model/process-spec.ts';
import { scanSql } from '../../model/scan-sql.ts';
import { filled } from '../shapes.ts';
import { calendarMs, completeHour } from './instants.ts';
import type { AskedPlace, AskedSource, VttsKind } from './vtts-kind.ts';

export interface SqlVtts extends VttsSpec {
  readonly query: string;
  /** Where the query is in the process's file. */
  readonly place: TextPosition;
}

export const sqlVtts: VttsKind<SqlVtts> = {
  form: '{sql: <query>}',
  argument: {
    shape: filled,
    meaning: 'A SELECT of one timestamp or date; it names tables as `schema.table`; NULL: none yet.',
    problemOf: parameterIn,
    read: (query, place) => ({ query, place }),
  },
  isFree: false,
  isOfHead: false,
  ask,
};

/** The query runs before a session has hours. */
function parameterIn(query: string) {
  const [parameter] = scanSql(query).parameters;
  if (parameter === undefined) return undefined;
  const found = parameter.name === '?' ? '?' : `$${parameter.name}`;
  return {
    message: `the vtts query takes no parameters, found ${found}`,
    hint: 'write the value itself, or select it from a table',
  };
}

/** It names tables as `schema.table`, and may only read: a plan writes nothing. */
async function ask(vtts: SqlVtts, source: AskedSource): Promise<Hour | undefined> {
  const invalid = invalidQuery(vtts, source);
  const warehouse = await source.warehouse();
  const verdict = await warehouse.parse(vtts.query);
  if (verdict.error === true && verdict.position !== undefined)
    throw invalid(`cannot be parsed: ${verdict.error_message}`, null);
  if (verdict.error === true || verdict.statements?.length !== 1)
    throw invalid('is not a single SELECT, and a plan must write nothing', null);
  const { columns, rows } = await warehouse.answer(vtts.query).catch((error: unknown) => {
    // If the catalog went away, the query is not at fault.
    throw error instanceof PsybergError && error.code === 'sql-failed'
      ? invalid(`failed: ${error.message.split('\n')[0]}`, null, error)
      : error;
  });
  const [column] = columns;
  if (column === undefined || columns.length !== 1 || rows.length > 1)
    throw invalid(`returned ${rows.length} rows of ${columns.length} columns, expected one timestamp`, null);
  const value = rows[0]?.[0];
  if (value === null || value === undefined) return undefined;
  const text = String(value);
  if (!/^(TIMESTAMP|DATE)/.test(column.type))
    throw invalid(`returned a value of type ${column.type}: ${text}, expected a timestamp or a date`, text);
  const instantMs = calendarMs(text);
  if (instantMs === undefined)
    throw invalid(`returned ${text}, expected a timestamp of the years 1 to 9999`, text);
  const hour = completeHour(instantMs);
  return source.asOf === undefined ? hour : hourThen(hour, source.asOf, source.newestHour);
}

/**
 * An upper bound for an older place, at which the query cannot be asked: the hours before the newest hour
 * with rows had begun, and were over when that place was committed.
 */
function hourThen(hour: Hour, asOf: AskedPlace, newestHour: Hour | undefined): Hour | undefined {
  if (newestHour === undefined) return undefined;
  return Math.min(hour, newestHour - 1, hourOfMs(asOf.committedAtMs) - 1);
}

const invalidQuery =
  ({ query, place }: SqlVtts, { file, processName, table: asked }: AskedSource) =>
  (what: string, found: string | null, cause?: unknown): Error => {
    const table = tableName(asked);
    return usageError(
      'vtts-invalid',
      `${file}:${place.line}:${place.column} the vtts query of ${table} in ${processName} ${what}`,
      {
        hint: `let vtts: {sql: …} of this source be one SELECT of one timestamp or date; try it: psyberg sql "${query.replaceAll('"', '\\"')}"`,
        context: { table, process_name: processName, file, ...place, query, found },
        cause,
      },
    );
  };
