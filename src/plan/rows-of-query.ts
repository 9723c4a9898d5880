/**
 * Finds what the rows of a query, a CTE or a subquery are made from. Tree -> rows. Pure.
 *
 * Sessions see a part of the rows of a source at a time. `inUnit` are columns whose value lies in the same
 * hour (or day) as every source row that a row was made from: grouping by one of them never puts rows of
 * several hours together.
 */
import type { SourceSpec } from '../model/process-spec.ts';
import { isTreeNode, listed, lowerText, lowerTexts, type TreeNode } from '../model/query-tree.ts';

export interface RowsOf {
  /** The aliases of the sources whose rows they are made of; none: the rows are the same in each session. */
  readonly sources: ReadonlySet<string>;
  /** True where every one of these sources has a window, which says how far its rows matter. */
  readonly isWindowed: boolean;
  /** In lower case. */
  readonly inUnit: ReadonlySet<string>;
  /** In lower case, in their order; undefined where the query does not list them. */
  readonly columns?: readonly string[];
}

/** A table of a FROM, under the name that its columns are written with. */
export interface MadeRelation extends RowsOf {
  readonly name: string;
  /** True where an outer join may have put NULL in place of its columns. */
  readonly mayBeNull?: boolean;
  /** Columns that, without the name of a table, are not its own: a table of a query inside has one. */
  readonly hidden?: ReadonlySet<string>;
}

export const NO_ROWS: RowsOf = { sources: new Set(), isWindowed: true, inUnit: new Set() };

export const isMade = ({ sources }: Pick<RowsOf, 'sources'>): boolean => sources.size > 0;

export const haveOneSource = (one: RowsOf, other: RowsOf): boolean =>
  [...one.sources].some((source) => other.sources.has(source));

/** Rows of which nothing is known but their sources. */
export const rowsUnlisted = (parts: readonly RowsOf[]): RowsOf => {
  const made = parts.filter(isMade);
  return {
    sources: new Set(made.flatMap(({ sources }) => [...sources])),
    isWindowed: made.every(({ isWindowed }) => isWindowed),
    inUnit: new Set(),
  };
};

/**
 * What a query may name of the tables around it: those whose names its own tables do not have, and without a
 * name only columns that no table of its own has. `r.ts = ts` in a subquery over r compares r with itself.
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

/** The first of their columns have other names outside, as those of `with t(a, b) as (…)`. */
export function underNames(rows: RowsOf, names: readonly string[]): RowsOf {
  if (names.length === 0) return rows;
  const { columns } = rows;
  if (columns === undefined) return rowsUnlisted([rows]);
  const outside = columns.map((column, place) => names[place] ?? column);
  // Of two columns of one name it is the first that lies in the unit, or nothing is known of it.
  const inUnit = [...rows.inUnit].map((column) => outside[columns.indexOf(column)] ?? column);
  return { ...rows, columns: outside, inUnit: new Set(inUnit) };
}

/** What takes several rows. */
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
  /** As it is written, where it has a name. */
  readonly name?: string;
  /** Of a join or a subquery: rows of a source meet others of the same source. */
  readonly isWithItself: boolean;
  /** True where all rows are those of sources with a window. */
  readonly isWindowed: boolean;
  /** Of a join or a subquery: it compares hours, in a way that is not followed here. */
  readonly comparesHours: boolean;
  /** The byte of the query at which it stands; undefined where DuckDB does not say it. */
  readonly byte: number | undefined;
}

/** The names of the columns of sources in lower case, in their order, by alias; of some none are known. */
export type NamesInSources = ReadonlyMap<string, readonly string[]>;

export interface ReadQuery {
  readonly sources: readonly SourceSpec[];
  readonly columns?: NamesInSources | undefined;
  /** A stateless session: no rows may meet at all. */
  readonly rowsStandAlone: boolean;
  /** A process of days. */
  readonly ofDays: boolean;
  /** The project's macros that take several rows to make one, in lower case. */
  readonly macros: ReadonlySet<string>;
}

/** A CTE that nobody reads does nothing, so it is looked at when somebody does. */
export type RowsScope = ReadonlyMap<string, () => RowsOf>;

/** Notes what takes rows together. `at`: where it stands, undefined where nothing says it. */
export type Tell = (
  kind: TogetherKind,
  rows: RowsOf,
  at: TreeNode | undefined,
  more?: { readonly name?: string; readonly isWithItself?: boolean },
) => void;

/** What an expression may name. */
export interface RowNames {
  readonly relations: readonly MadeRelation[];
  /** Of the SELECT itself: its columns under the names that it gives them. */
  readonly aliases: ReadonlyMap<string, TreeNode>;
  /** Columns that a join has made one of two, so that they are not NULL where one of these is. */
  readonly merged: ReadonlySet<string>;
  /** True of a process of days. */
  readonly ofDays: boolean;
  /** True where NULL does no harm: in what is compared, or replaced by another value. */
  readonly takesNull?: boolean;
}

/** The columns of one relation alone, in a condition. */
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
 * True where the value of an expression surely lies in the hour (of a process of days: day) of the rows that
 * it is taken from. False says nothing: it may be so by what the expression does.
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

/** A column of a table comes before one that the SELECT names so. */
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
  // An alias may stand for an expression of a column of its own name.
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
    // Of a number of seconds, or of their parts. Other sums and casts round, or lie somewhere else.
    case '/':
    case '*':
      return isInUnit(first, names) && typeof constantOf(second) === 'number';
    default:
      return FROM_NUMBERS.has(name) && second === undefined && isInUnit(first, names);
  }
}

/** Of an interval: as it is written, or as DuckDB's parser takes it apart. */
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

function constantOf(value: unknown): unknown {
  if (!isTreeNode(value) || value['class'] !== 'CONSTANT' || !isTreeNode(value['value'])) return undefined;
  return value['value']['value'];
}
