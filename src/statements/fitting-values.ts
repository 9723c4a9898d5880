/**
 * Checks whether a value fits its column. Text and type -> SQL. Without a word a cast rounds 1.5 to 2, and
 * drops the zone of a time and the time of day of a date; here such a value does not fit. Pure.
 */
import type { FilesSpec } from '../model/files-source.ts';
import { withLeaves } from '../model/type-parts.ts';
import { quoteIdentifier, quoteLiteral } from './quote.ts';

type Column = readonly [name: string, type: string];
/** The parts of a source that say how its texts are meant. */
export type TextsOf = Pick<FilesSpec, 'format' | 'options' | 'columns'> & {
  /** True if the types were found in all existing values, so that they fit what is inside of structs. */
  readonly isLookedThrough?: boolean;
};

const INTEGER = /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|U?INT(8|16|32|64|128)|INT[1248]|LONG|SHORT|SIGNED)$/i;
const DECIMAL = /^(?:DEC(?:IMAL)?|NUMERIC)\s*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?$/i;
const DATE = /^DATE$/i;
const TIMESTAMP = /^(TIMESTAMP|DATETIME|TIMESTAMP WITHOUT TIME ZONE)$/i;
const ZONED = /^(TIMESTAMP|TIME)(TZ| WITH TIME ZONE)$/i;
/** Types that take any value, or whose values are not looked into. */
const UNCHECKED = /^(VARCHAR|TEXT|STRING|CHAR|BPCHAR|JSON|STRUCT|MAP|UNION|BLOB)\b|\[\d*\]$/i;

/**
 * True for types whose values a cast could change: they are read as texts. So are all times in a CSV: DuckDB
 * 1.5.5 reads any text that is not a time as NULL if the column has a zone, and guesses the order of day and
 * month from what one session reads.
 */
export const isGuarded = (type: string, from: TextsOf): boolean =>
  [INTEGER, DECIMAL, DATE, TIMESTAMP].some((each) => each.test(type)) ||
  (ZONED.test(type) && (from.format === 'csv' || writtenAs(type, from) !== undefined)) ||
  wideType(type, from) !== undefined;

const NESTED = /^(STRUCT|MAP)\s*\(|\[\d*\]$/i;

/**
 * A wider nested type that keeps a text's values as they are: 2.5 and not 2 if a member is a whole number.
 * Undefined if nothing inside could be changed, or if times are written in a way that casts do not
 * understand.
 */
function wideType(type: string, from: TextsOf): string | undefined {
  if (!NESTED.test(type) || from.isLookedThrough === true || from.format === 'parquet') return undefined;
  const isWrittenOtherwise = ['DATE', 'TIMESTAMP'].some((time) => writtenAs(time, from) !== undefined);
  if (isWrittenOtherwise) return undefined;
  const wide = withLeaves(type, (leaf) => {
    if (INTEGER.test(leaf) || DECIMAL.test(leaf)) return 'DOUBLE';
    if (DATE.test(leaf)) return 'TIMESTAMP';
    return TIMESTAMP.test(leaf) ? 'TIMESTAMP WITH TIME ZONE' : leaf;
  });
  return wide === withLeaves(type, (leaf) => leaf) ? undefined : wide;
}

/**
 * The value of a nested text, with NULL for whatever does not fit its type. JSON fields that the type does
 * not name are left out.
 */
const nestedOf = (text: string, type: string, { format }: TextsOf): string =>
  format === 'csv'
    ? `try_cast(${text} as ${type})`
    : `try(json_transform(${text}, ${quoteLiteral(JSON.stringify(type))}))`;

/**
 * Whether something inside is not a value of its type: then there are more NULLs than if all were read as
 * texts.
 */
function unreadNested(text: string, type: string, from: TextsOf): string {
  const whole = `(${text} is not null and ${nestedOf(text, type, from)} is null)`;
  if (from.format === 'csv') return whole;
  const withoutTexts = (as: string): string =>
    `regexp_replace(to_json(${nestedOf(text, as, from)})::varchar, '"(\\\\.|[^"\\\\])*"', '', 'g')`;
  const nulls = (as: string): string => `len(regexp_extract_all(${withoutTexts(as)}, 'null'))`;
  return `(${whole} or ${nulls(type)} <> ${nulls(withLeaves(type, () => 'VARCHAR'))})`;
}

/** In a CSV DuckDB accepts other texts as times than a cast does, so it reads such columns only as texts. */
export const isTime = (type: string): boolean => [DATE, TIMESTAMP, ZONED].some((each) => each.test(type));

/** The option that says how texts of such a type are written; undefined: as in ISO 8601. */
function writtenAs(type: string, { options }: TextsOf): string | undefined {
  if (!isTime(type) || /^TIME(TZ| WITH)/i.test(type)) return undefined;
  const name = DATE.test(type) ? 'dateformat' : 'timestampformat';
  const value = Object.entries(options).find(([each]) => each.toLowerCase().replace('_', '') === name)?.[1];
  return typeof value === 'string' ? value : undefined;
}

/** The value of `text`; `or`: what a text without a value becomes, NULL or an error. */
function castOf(text: string, type: string, from: TextsOf, or: 'null' | 'error' = 'error'): string {
  if (wideType(type, from) !== undefined)
    return from.format === 'csv' && or === 'error' ? `cast(${text} as ${type})` : nestedOf(text, type, from);
  const [cast, parse] = or === 'null' ? ['try_cast', 'try_strptime'] : ['cast', 'strptime'];
  const written = writtenAs(type, from);
  const value = written === undefined ? text : `${parse}(${text}, ${quoteLiteral(written)})`;
  return `${cast}(${value} as ${type})`;
}

/** Whether a cast of `text` to such a type would give another value; undefined for other types. */
function changed(text: string, type: string, from: TextsOf): string | undefined {
  const as = (other: string): string => `try_cast(${text} as ${other})`;
  const wide = wideType(type, from);
  if (wide !== undefined)
    return `(cast(${nestedOf(text, type, from)} as ${wide}) is distinct from ${nestedOf(text, wide, from)})`;
  if (INTEGER.test(type)) {
    // When it reads files together DuckDB considers a column with such texts a text column: 00123 is not a
    // number.
    const padded = from.columns === undefined ? ` or regexp_matches(${text}, '^[+-]?0[0-9]')` : '';
    return `((contains(${text}, '.') or contains(${text}, 'e') or contains(${text}, 'E')) and ${as('double')} <> trunc(${as('double')})${padded})`;
  }
  const digits = DECIMAL.exec(type);
  if (digits !== null) {
    // As many digits after the point as there is room for: a bare DECIMAL is (18, 3) in DuckDB.
    const [, precision = '18', scale = digits[1] === undefined ? '3' : '0'] = digits;
    return `(${as(`decimal(38, ${38 - (Number(precision) - Number(scale))})`)} <> ${as(type)})`;
  }
  if (writtenAs(type, from) !== undefined) return undefined;
  if (DATE.test(type)) return `(${as('timestamp')} <> ${as('date')}::timestamp)`;
  return TIMESTAMP.test(type) ? `(${as('timestamptz')} <> ${as('timestamp')}::timestamptz)` : undefined;
}

/** Whether `text` is not a value of the type at all. */
const unread = (text: string, type: string, from: TextsOf): string =>
  wideType(type, from) !== undefined
    ? unreadNested(text, type, from)
    : `(${text} is not null and ${castOf(text, type, from, 'null')} is null)`;

/** Whether `text`, a value as SQL, does not fit; undefined if every value does. */
function misfit(text: string, type: string, from: TextsOf): string | undefined {
  if (UNCHECKED.test(type) && wideType(type, from) === undefined) return undefined;
  const changes = changed(text, type, from);
  const none = unread(text, type, from);
  return changes === undefined ? none : `(${none} or ${changes})`;
}

/** Entries of a REPLACE that turn the texts of guarded columns into values, or stop at the first misfit. */
export const guardedValues = (columns: readonly Column[], from: TextsOf): string[] =>
  columns
    .filter(([, type]) => isGuarded(type, from))
    .map(([name, type]) => {
      const column = quoteIdentifier(name);
      const complaint = `'in file "' || psyberg_file || '": ' || ${column} || ${quoteLiteral(` in column ${name} is no ${type}`)}`;
      return `case when ${misfit(column, type, from)} then error(${complaint}) else ${castOf(column, type, from)} end as ${column}`;
    });

/** A field of a JSON object, as text. */
const fieldText = (name: string): string => `(text ->> ${quoteLiteral(name)})`;

/** Whether a line, `text`, is not a JSON object that fits the columns. */
export function misfitLine(columns: readonly Column[], from: TextsOf): string {
  const fields = columns.flatMap(([name, type]) => misfit(fieldText(name), type, from) ?? []);
  return `case when json_valid(text) and json_type(text) = 'OBJECT' then ${fields.length === 0 ? 'false' : `(${fields.join(' or ')}) is true`} else true end`;
}

/** The columns of a line that fits. */
export const valuesOfLine = (columns: readonly Column[], from: TextsOf): string =>
  columns
    .map(([name, type]) => {
      const isNested = /^(JSON|STRUCT|MAP|UNION)\b|\[\d*\]$/i.test(type);
      const value =
        isNested && wideType(type, from) === undefined
          ? `cast((text -> ${quoteLiteral(name)}) as ${type})`
          : castOf(fieldText(name), type, from);
      return `${value} as ${quoteIdentifier(name)}`;
    })
    .join(', ');

/** Whether a row of a CSV has a value that does not fit; at least the guarded columns are texts. */
export const misfitRow = (columns: readonly Column[], from: TextsOf): string =>
  anyOf(columns.map(([name, type]) => misfit(quoteIdentifier(name), type, from)));

/**
 * Whether it has a misfit that DuckDB does not reject, and none that it does: a number that a cast would
 * change, or a time.
 */
export function changedRow(columns: readonly Column[], from: TextsOf): string {
  const named = columns.map(([name, type]) => ({ column: quoteIdentifier(name), type }));
  const kept = named.map(({ column, type }) => (isTime(type) ? misfit : changed)(column, type, from));
  const rejected = named.filter(({ type }) => !isTime(type));
  return `(${anyOf(kept)} and not ${anyOf(rejected.map(({ column, type }) => unread(column, type, from)))})`;
}

const anyOf = (conditions: readonly (string | undefined)[]): string => {
  const some = conditions.filter((condition) => condition !== undefined);
  return some.length === 0 ? 'false' : `((${some.join(' or ')}) is true)`;
};
