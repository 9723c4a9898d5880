/**
 * Finds what the rows of a query, a CTE or a subquery are made from. Tree -> rows. Pure.
 *
 * Sessions see a part of the rows of a source at a time. `inUnit` are columns whose value lies in the same
 * hour (or day) as every source row that a row was made from: grouping by one of them never puts rows of
 * several hours together.
 */
import type { SourceSpec } from '../model/process-spec.ts';
import { constantOf, isTreeNode, listed, lowerText, lowerTexts, type TreeNode } from '../model/query-tree.ts';

export interface RowsOf {
  /**
   * The aliases of the sources whose rows they are made of; if there are none, the rows are the same in each
   * session.
   */
  readonly sources: ReadonlySet<string>;
  /** True if each of these sources has a window, which says how far its rows matter. */
  readonly isWindowed: boolean;
  /** In lower case. */
  readonly inUnit: ReadonlySet<string>;
  /** The columns in lower case, in order; undefined if the query does not list them. */
  readonly columns?: readonly string[];
}

/** A table of a FROM, under the name that its columns are written with. */
export interface MadeRelation extends RowsOf {
  readonly name: string;
  /** True if an outer join may have put NULL in place of its columns. */
  readonly mayBeNull?: boolean;
  /**
   * Columns that are not its own when written without a table's name: a table of a query inside has them as
   * well.
   */
  readonly hidden?: ReadonlySet<string>;
}

export const NO_ROWS: RowsOf = { sources: new Set(), isWindowed: true, inUnit: new Set() };

export const isMade = ({ sources }: Pick<RowsOf, 'sources'>): boolean => sources.size > 0;

export const haveOneSource = (one: RowsOf, other: RowsOf): boolean =>
  [...one.sources].some((source) => other.sources.has(source));

/** Rows of which only the sources are known. */
export const rowsUnlisted = (parts: readonly RowsOf[]): RowsOf => {
  const made = parts.filter(isMade);
  return {
    sources: new Set(made.flatMap(({ sources }) => [...sources])),
    isWindowed: made.every(({ isWindowed }) => isWindowed),
    inUnit: new Set(),
  };
};

/**
 * The tables of the outer queries as an inner query can name them: those whose names its own tables do not
 * have; and without a table's name only columns that no table of its own has. `r.ts = ts` in a subquery over
 * r compares r with itself.
 */
export function seenFromInside(
  outer: readonly MadeRelation[],
  inner: readonly MadeRelation[],
): MadeRelation[] {
  const own = inner.flatMap(({ columns = [], inUnit }) => [...columns, ...inUnit]);
  return outer
    .filter(({ name }) => name === '' || !inner.some((each) => each.name === name))
    .map((each) => ({ ...each, hidden: new Set([...(each.hidden ?? []), ...own]) }));
}

/** Renames the first columns, as `with t(a, b) as (…)` does. */
export function underNames(rows: RowsOf, names: readonly string[]): RowsOf {
  if (names.length === 0) return rows;
  const { columns } = rows;
  if (columns === undefined) return rowsUnlisted([rows]);
  const outside = columns.map((column, place) => names[place] ?? column);
  // If two columns have one name, the first of them lies in the unit, or nothing is known.
  const inUnit = [...rows.inUnit].map((column) => outside[columns.indexOf(column)] ?? column);
  return { ...rows, columns: outside, inUnit: new Set(inUnit) };
}

/** What combines several rows. */
export type TogetherKind =
  | 'aggregate'
  | 'distinct'
  | 'window function'
  | 'limit'
  | 'join'
  | 'outer join'
  | 'set operation'
  | 'rows of no source'
  | 'subquery'
  | 'recursion'
  | 'pivot'
  | 'macro';

export interface TakenTogether {
  readonly kind: TogetherKind;
  /** Its name in the query, if it has one. */
  readonly name?: string;
  /** For a join or a subquery: rows of a source meet others of the same source. */
  readonly isWithItself: boolean;
  /** True if all rows come from sources with a window. */
  readonly isWindowed: boolean;
  /** For a join or a subquery: it compares hours, in a way that the rules here do not follow. */
  readonly comparesHours: boolean;
  /** Its byte in the query's text; undefined if DuckDB does not tell. */
  readonly byte: number | undefined;
}

/**
 * The columns of the sources by alias, in lower case and in order; a source whose columns are not known is
 * missing.
 */
export type NamesInSources = ReadonlyMap<string, readonly string[]>;

export interface ReadQuery {
  readonly sources: readonly SourceSpec[];
  readonly columns?: NamesInSources | undefined;
  /** True for a stateless process: no rows of two sessions may meet at all. */
  readonly rowsStandAlone: boolean;
  /** True for a process of days. */
  readonly ofDays: boolean;
  /** The project's macros that combine several rows into one, in lower case. */
  readonly macros: ReadonlySet<string>;
}

/** A CTE is looked at when something reads it; an unread one does nothing. */
export type RowsScope = ReadonlyMap<string, () => RowsOf>;

/** Notes a place that combines rows. `at`: its node; undefined if none stands for it. */
export type Tell = (
  kind: TogetherKind,
  rows: RowsOf,
  at: TreeNode | undefined,
  more?: { readonly name?: string; readonly isWithItself?: boolean },
) => void;

/** The names that an expression may use. */
export interface RowNames {
  readonly relations: readonly MadeRelation[];
  /** The items of the SELECT by the names that it gives them. */
  readonly aliases: ReadonlyMap<string, TreeNode>;
  /** Columns that a join merges from two, so they are NULL only if both are. */
  readonly merged: ReadonlySet<string>;
  /** True for a process of days; then the unit is a day. */
  readonly ofDays: boolean;
  /** True if NULL does no harm: the value is compared, or replaced by another. */
  readonly takesNull?: boolean;
}

/** The names of one relation's columns alone, for a condition. */
export const namesOfOne = (relation: MadeRelation, ofDays: boolean): RowNames => ({
  relations: [relation],
  aliases: new Map(),
  merged: new Set(),
  ofDays,
  takesNull: true,
});

const OF_HOURS: ReadonlySet<string> = new Set([
  ...['hour', 'hours', 'minute', 'minutes', 'second', 'seconds'],
  ...['millisecond', 'milliseconds', 'microsecond', 'microseconds'],
]);
const TIMES: ReadonlySet<string> = new Set(['TIMESTAMP', 'TIMESTAMP WITH TIME ZONE', 'TIMESTAMP_NS']);
const FROM_NUMBERS: ReadonlySet<string> = new Set([
  ...['epoch_ms', 'make_timestamp', 'make_timestamp_ms', 'make_timestamp_ns', 'make_timestamptz'],
  'to_timestamp',
]);
const UTC: ReadonlySet<string> = new Set(['utc', 'etc/utc', 'gmt']);

/**
 * True if the value of an expression surely lies in the hour (for a process of days: the day) of the rows
 * that it is made from. False proves nothing.
 */
export function isInUnit(value: unknown, names: RowNames): boolean {
  if (!isTreeNode(value)) return false;
  switch (value['class']) {
    case 'COLUMN_REF':
      return isColumnInUnit(lowerTexts(value['column_names']), names);
    case 'CAST':
      return isTimeType(value['cast_type'], names) && isInUnit(value['child'], names);
    case 'OPERATOR':
      return (
        value['type'] === 'OPERATOR_COALESCE' &&
        listed(value['children']).every((each) => isInUnit(each, { ...names, takesNull: true }))
      );
    case 'FUNCTION':
      return isFunctionInUnit(value, names);
    default:
      return false;
  }
}

/** A table's column takes precedence over an alias of the SELECT. */
function isColumnInUnit(written: readonly string[], names: RowNames): boolean {
  const [column, relation] = [written.at(-1) ?? '', written.at(-2)];
  if (written.length > 2) return false;
  const found = names.relations.filter(({ name, hidden }) =>
    relation === undefined ? hidden?.has(column) !== true : name === relation,
  );
  const isSafe = names.takesNull === true || (relation === undefined && names.merged.has(column));
  const inUnit = found.filter((each) => each.inUnit.has(column));
  if (inUnit.some(({ mayBeNull }) => isSafe || mayBeNull !== true)) return true;
  if (inUnit.length > 0) return false;
  const isOfTable = names.relations.some(({ columns }) => columns?.includes(column) === true);
  const alias = relation === undefined && !isOfTable ? names.aliases.get(column) : undefined;
  // An alias may stand for an expression over a column of the same name.
  return alias !== undefined && isInUnit(alias, { ...names, aliases: new Map() });
}

function isTimeType(type: unknown, { ofDays }: RowNames): boolean {
  const id = isTreeNode(type) ? String(type['id']) : '';
  return TIMES.has(id) || (ofDays && id === 'DATE');
}

function isFunctionInUnit(call: TreeNode, names: RowNames): boolean {
  const name = lowerText(call['function_name']);
  const [first, second] = listed(call['children']);
  switch (name) {
    case 'date_trunc':
    case 'datetrunc': {
      const unit = lowerText(constantOf(first));
      const isShort = OF_HOURS.has(unit) || (names.ofDays && (unit === 'day' || unit === 'days'));
      return isShort && isInUnit(second, names);
    }
    case 'time_bucket':
      return listed(call['children']).length === 2 && isPartOfHour(first) && isInUnit(second, names);
    case 'timezone':
      return UTC.has(lowerText(constantOf(first))) && isInUnit(second, names);
    // Only over a number of seconds, or of their parts. Other sums and casts round, or mean something else.
    case '/':
    case '*':
      return isInUnit(first, names) && typeof constantOf(second) === 'number';
    default:
      return FROM_NUMBERS.has(name) && second === undefined && isInUnit(first, names);
  }
}

/** True for an interval that divides an hour, as written or as DuckDB's parser takes it apart. */
function isPartOfHour(value: unknown): boolean {
  if (!isTreeNode(value)) return false;
  if (value['class'] === 'CAST') {
    const [, count, unit] = /^(\d+) (minute|hour)s?$/.exec(lowerText(constantOf(value['child']))) ?? [];
    return isDivisor(Number(count), unit === 'hour');
  }
  const name = lowerText(value['function_name']);
  const [count] = ownConstants(value);
  return (name === 'to_hours' || name === 'to_minutes') && isDivisor(Number(count), name === 'to_hours');
}

const isDivisor = (count: number, ofHours: boolean): boolean => (ofHours ? count === 1 : 60 % count === 0);

function ownConstants(value: unknown): unknown[] {
  if (Array.isArray(value)) return value.flatMap(ownConstants);
  if (!isTreeNode(value)) return [];
  const constant = constantOf(value);
  return constant === undefined ? Object.values(value).flatMap(ownConstants) : [constant];
}
