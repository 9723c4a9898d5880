/**
 * Makes fragments for rows that are compared: their hours, and numbers that are close to each other. Pure.
 */
import { quoteIdentifier, quoteLiteral, type SqlFragment, statementFragment } from './quote.ts';
import type { TestColumn } from './test-rows.ts';

interface HoursFromTo {
  readonly firstHour: number;
  readonly lastHour: number;
}

/** Which hours to keep, as counts since 1970; both ends included. */
export interface KeptHours {
  readonly first?: number | undefined;
  readonly last?: number | undefined;
  /** Hours to leave out: ascending ranges, both ends included. */
  readonly without: readonly HoursFromTo[];
  /** The only hours to keep: ascending ranges, both ends included; undefined: all. */
  readonly only?: readonly HoursFromTo[] | undefined;
  /** Whether to keep rows without an event time. */
  readonly withNone: boolean;
}

/** Whether a row is in these hours; if no event time is known, every row is. */
export function keptHoursFragment(hour: SqlFragment | undefined, kept: KeptHours): SqlFragment {
  if (hour === undefined) return statementFragment('true');
  const { first, last, without, only, withNone } = kept;
  const whole = (count: number): string => String(Math.trunc(count));
  const within = (range: HoursFromTo): string =>
    `(${hour.sql} between ${whole(range.firstHour)} and ${whole(range.lastHour)})`;
  const parts = [
    ...(first === undefined ? [] : [`${hour.sql} >= ${whole(first)}`]),
    ...(last === undefined ? [] : [`${hour.sql} <= ${whole(last)}`]),
    ...without.map((range) => `not ${within(range)}`),
    ...(only === undefined ? [] : [`(${only.length === 0 ? 'false' : only.map(within).join(' or ')})`]),
  ];
  const all = parts.length === 0 ? 'true' : parts.join(' and ');
  return statementFragment(`case when ${hour.sql} is null then ${String(withNone)} else ${all} end`);
}

/** How far apart two numbers of a type may be, as a part of the greater one. */
export const NEAR_PART: Readonly<Record<string, string>> = { DOUBLE: '1e-12', FLOAT: '1e-6' };

/** Whether the rows of a window `pair` are close to each other in all of these columns. */
export const nearFragment = (columns: readonly TestColumn[]): SqlFragment =>
  statementFragment(
    columns
      .map(({ name, type }) => {
        const column = quoteIdentifier(name);
        const [least, most] = [`(min(${column}) over pair)`, `(max(${column}) over pair)`];
        const part = NEAR_PART[type] as string;
        return `((count(${column}) over pair) in (0, 2) and (${least} is not distinct from ${most} or (isfinite(${least}) and isfinite(${most}) and ${most} - ${least} <= ${part} * greatest(abs(${least}), abs(${most})))))`;
      })
      .join(' and '),
  );

/** `psyberg_hour, "a", "b"`: one of the engine's own columns, then others. */
export const orderedByFragment = (
  first: 'psyberg_hour' | 'psyberg_place',
  columns: readonly string[],
): SqlFragment => statementFragment(`${first}${moreColumnsFragment(columns).sql}`);

/** `, "a", "b"`, or nothing. */
export const moreColumnsFragment = (columns: readonly string[]): SqlFragment =>
  statementFragment(columns.map((name) => `, ${quoteIdentifier(name)}`).join(''));

/** For each column, whether it holds a value that stands for a session's id or its time. */
export const standInsFragment = (
  columns: readonly TestColumn[],
  { session, instant }: { readonly session: string; readonly instant: string },
): SqlFragment =>
  statementFragment(
    columns
      .map(({ name, type }) => {
        const column = quoteIdentifier(name);
        if (type === 'VARCHAR')
          return `coalesce(bool_or(${column} = ${quoteLiteral(session)}), false) as ${column}`;
        if (type.startsWith('TIMESTAMP'))
          return `coalesce(bool_or(${column}::timestamptz = ${quoteLiteral(instant)}::timestamptz), false) as ${column}`;
        return `false as ${column}`;
      })
      .join(', '),
  );

/**
 * Sorts lists, and the letters of texts that were concatenated from values, so that their order does not
 * matter.
 */
export const inAnyOrderFragment = (columns: readonly TestColumn[], lists: ReadonlySet<string>): SqlFragment =>
  statementFragment(
    columns
      .map(({ name, type }) => {
        const column = quoteIdentifier(name);
        if (!lists.has(name.toLowerCase())) return column;
        return `list_sort(${type === 'VARCHAR' ? `string_split(${column}, '')` : column}) as ${column}`;
      })
      .join(', '),
  );
