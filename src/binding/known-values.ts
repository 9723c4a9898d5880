/**
 * Gives SQL for what a text may name as `$name`, as a value of the right type: a text is bound without the
 * values that only a session has. Name -> SQL. Pure.
 */
import type { TypedValue } from '../model/process-spec.ts';
import { scanSql } from '../model/scan-sql.ts';
import type { Edit } from './edited-text.ts';

/** By name. What a project lets its SQL name besides is added here. */
export type KnownValues = Readonly<Record<string, string>>;

const ANY_INSTANT = "(timestamp '2000-01-01 00:00:00')";
const ANY_TEXT = "('any'::varchar)";

/** Those of every process, and of its audits. */
export const SESSION_VALUES: KnownValues = {
  psyberg_session_id: ANY_TEXT,
  process_name: ANY_TEXT,
  first_hour: ANY_INSTANT,
  last_hour: ANY_INSTANT,
  range_start: ANY_INSTANT,
  range_end: ANY_INSTANT,
};

/** Values that a project or an audit declares, by name. */
export type TypedValues = Readonly<Record<string, Pick<TypedValue, 'type'>>>;

/** As a value of its type, and of no other: what it is changes nothing of the columns. */
export const typedValues = (declared: TypedValues = {}): KnownValues =>
  Object.fromEntries(Object.entries(declared).map(([name, { type }]) => [name, `(cast(null as ${type}))`]));

/** Puts a value in the place of each name that is known. */
export const valuesPutIn = (sql: string, values: KnownValues): Edit[] =>
  scanSql(sql).parameters.flatMap(({ name, offset }) => {
    const by = values[name];
    if (by === undefined) return [];
    const written = sql.startsWith(`$"${name}"`, offset) ? name.length + 3 : name.length + 1;
    return [{ from: offset, to: offset + written, by }];
  });
