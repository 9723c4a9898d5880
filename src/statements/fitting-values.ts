/**
 * Whether a value fits its column. Text and type -> SQL. A cast rounds 1.5 to 2, and a time of day to its
 * midnight, without a word; here such a value does not fit. Pure.
 */
import { quoteIdentifier, quoteLiteral } from './quote.ts';

const INTEGER = /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|U?INT(8|16|32|64|128)|INT[1248]|LONG|SHORT|SIGNED)$/i;
/** Values are anything, or are not looked into. */
const UNCHECKED = /^(VARCHAR|TEXT|STRING|CHAR|BPCHAR|JSON|STRUCT|MAP|UNION|BLOB)\b|\[\d*\]$/i;

/** True of types whose values the cast could change: they are read as texts. */
export const isGuarded = (type: string): boolean => INTEGER.test(type) || /^DATE$/i.test(type);

/** When a cast of `text` to such a type would give another value; undefined for other types. */
function changed(text: string, type: string): string | undefined {
  if (INTEGER.test(type))
    return `((contains(${text}, '.') or contains(${text}, 'e') or contains(${text}, 'E')) and try_cast(${text} as double) <> trunc(try_cast(${text} as double)))`;
  return /^DATE$/i.test(type)
    ? `(try_cast(${text} as timestamp) <> try_cast(${text} as date)::timestamp)`
    : undefined;
}

/** When `text`, a value as SQL, does not fit; undefined where every value does. */
export function misfit(text: string, type: string): string | undefined {
  if (UNCHECKED.test(type)) return undefined;
  const unread = `(${text} is not null and try_cast(${text} as ${type}) is null)`;
  const changes = changed(text, type);
  return changes === undefined ? unread : `(${unread} or ${changes})`;
}

/** Entries of a REPLACE that turn the texts of guarded columns into values, or stop at the first misfit. */
export const guardedValues = (columns: readonly (readonly [name: string, type: string])[]): string[] =>
  columns
    .filter(([, type]) => isGuarded(type))
    .map(([name, type]) => {
      const column = quoteIdentifier(name);
      const complaint = `'in file "' || psyberg_file || '": ' || ${column} || ${quoteLiteral(` in column ${name} is no ${type}`)}`;
      return `case when ${misfit(column, type)} then error(${complaint}) else cast(${column} as ${type}) end as ${column}`;
    });

/** A field of a JSON object, as text. */
const fieldText = (name: string): string => `(text ->> ${quoteLiteral(name)})`;

/** When a line, `text`, is no JSON object that fits the columns. */
export function misfitLine(columns: readonly (readonly [name: string, type: string])[]): string {
  const fields = columns.flatMap(([name, type]) => misfit(fieldText(name), type) ?? []);
  return `case when json_valid(text) and json_type(text) = 'OBJECT' then ${fields.length === 0 ? 'false' : `(${fields.join(' or ')}) is true`} else true end`;
}

/** The columns of a line that fits. */
export const valuesOfLine = (columns: readonly (readonly [name: string, type: string])[]): string =>
  columns
    .map(([name, type]) => {
      const value = /^(JSON|STRUCT|MAP|UNION)\b|\[\d*\]$/i.test(type)
        ? `(text -> ${quoteLiteral(name)})`
        : fieldText(name);
      return `cast(${value} as ${type}) as ${quoteIdentifier(name)}`;
    })
    .join(', ');

/** When a row of a CSV has a value that does not fit; the guarded columns are texts, at least. */
export const misfitRow = (columns: readonly (readonly [name: string, type: string])[]): string =>
  anyOf(columns.map(([name, type]) => misfit(quoteIdentifier(name), type)));

/** When it has one that a cast would change. */
export const changedRow = (columns: readonly (readonly [name: string, type: string])[]): string =>
  anyOf(columns.map(([name, type]) => changed(quoteIdentifier(name), type)));

const anyOf = (conditions: readonly (string | undefined)[]): string => {
  const some = conditions.filter((condition) => condition !== undefined);
  return some.length === 0 ? 'false' : `((${some.join(' or ')}) is true)`;
};
