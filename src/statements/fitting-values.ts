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

/** When `text`, a value as SQL, does not fit; undefined where every value does. */
export function misfit(text: string, type: string): string | undefined {
  if (UNCHECKED.test(type)) return undefined;
  const unread = `(${text} is not null and try_cast(${text} as ${type}) is null)`;
  if (INTEGER.test(type))
    return `(${unread} or ((contains(${text}, '.') or contains(${text}, 'e') or contains(${text}, 'E')) and try_cast(${text} as double) <> trunc(try_cast(${text} as double))))`;
  if (/^DATE$/i.test(type))
    return `(${unread} or try_cast(${text} as timestamp) <> try_cast(${text} as date)::timestamp)`;
  return unread;
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

/** When a row of a CSV, all of it texts, has a value that does not fit. */
export const misfitRow = (columns: readonly (readonly [name: string, type: string])[]): string => {
  const values = columns.flatMap(([name, type]) => misfit(quoteIdentifier(name), type) ?? []);
  return values.length === 0 ? 'false' : `(${values.join(' or ')}) is true`;
};
