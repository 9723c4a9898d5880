/**
 * Gives SQL a value of the right type for each `$name` that a text may use: a text is bound without the
 * values that only a session has. Name -> SQL. Pure.
 */
import type { TypedValue } from '../model/process-spec.ts';
import { scanSql } from '../model/scan-sql.ts';
import type { Edit } from './edited-text.ts';

/** By name. Names that a project defines are added to these. */
export type KnownValues = Readonly<Record<string, string>>;

const ANY_INSTANT = "(timestamp '2000-01-01 00:00:00')";
const ANY_TEXT = "('any'::varchar)";

/** The values of every process, and of its audits. */
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

/** A NULL of that type: the value itself does not change the columns. */
export const typedValues = (declared: TypedValues = {}): KnownValues =>
  Object.fromEntries(Object.entries(declared).map(([name, { type }]) => [name, `(cast(null as ${type}))`]));

/** Replaces each known name by its value. */
export const valuesPutIn = (sql: string, values: KnownValues): Edit[] =>
  scanSql(sql).parameters.flatMap(({ name, offset }) => {
    const by = values[name];
    if (by === undefined) return [];
    const written = sql.startsWith(`$"${name}"`, offset) ? name.length + 3 : name.length + 1;
    return [{ from: offset, to: offset + written, by }];
  });
