/**
 * Decides of one place where a query names a changed column whether rows from before come out the same there:
 * the column is only passed on, or a field of it is read that did not change. Words of a query + a place
 * among them -> yes or no. Pure. What no rule knows counts as computed: that may cost a restate in vain,
 * where the other mistake would leave wrong rows in silence.
 */
import {
  beginOf,
  clauseOf,
  closeOf,
  endOf,
  inSelectList,
  namesOnly,
  openingOf,
  type Word,
} from './query-words.ts';

/** Of a struct: in how many lists and maps it is, as the values of a column. */
export interface Layered {
  readonly layers: number;
  readonly isMap: boolean;
}

export interface WidenedColumn {
  /** Field id of the column itself. */
  readonly id: number;
  /** Its current name, in lower case; of a field inside of structs all their names, outermost first. */
  readonly path: readonly string[];
  /**
   * `type`: another type, whose values some expressions see otherwise, such as texts of them. `number`: a
   * wider integer or decimal, with the same values. `fields`: fields came inside, which are NULL in rows from
   * before. `unlike`: fields went, or came with a value for rows from before.
   */
  readonly kind: 'type' | 'number' | 'fields' | 'unlike';
  readonly before: string;
  readonly after: string;
  /** The structs around what changed, by their names. */
  readonly around: ReadonlyMap<string, Layered>;
}

/**
 * True where `s.f`, `s['f']` or `l[1].f` is read, and f did not change. Where the change is inside of f, its
 * own place is judged in its turn, so that is true as well.
 */
export function readsField(
  words: readonly Word[],
  place: number,
  column: WidenedColumn,
  of = column.around.get(words[place]?.text ?? ''),
): boolean {
  const { path, kind, around } = column;
  const leaf = kind === 'type' ? path.at(-1) : undefined;
  if (of === undefined || words[place]?.text === leaf) return false;
  let [at, layers] = [place + 1, of.layers];
  for (; layers > 0 && words[at]?.text === '['; layers -= 1) at = closeOf(words, at) + 1;
  // Spark reads a field of a list of structs as the list of that field; nothing reads one of a map so.
  if (layers > 0 && of.isMap) return false;
  const [sign, name, after] = [words[at]?.text, words[at + 1], words[at + 2]?.text];
  if (sign === '.') return name?.isName === true && after !== '(';
  if (sign !== '[' || after !== ']' || name?.kind !== 'string' || !name.text.startsWith("'")) return false;
  const field = name.text.slice(1, -1);
  if (field === leaf) return false;
  return !around.has(field) || readsField(words, at + 2, column, around.get(field));
}

/** True where `get_id(s)` calls a macro that reads only unchanged fields of that parameter. */
export function isArgumentOfFields(
  words: readonly Word[],
  at: number,
  { column, macros }: { readonly column: WidenedColumn; readonly macros: readonly (readonly Word[])[] },
): boolean {
  const of = column.around.get(words[at]?.text ?? '');
  const opening = openingOf(words, at);
  const [before, after] = [words[beginOf(words, at) - 1]?.text, words[at + 1]?.text];
  if (column.kind === 'type' || of === undefined || opening < 1) return false;
  if ((before !== '(' && before !== ',') || (after !== ')' && after !== ',')) return false;
  const macro = macros.find((each) => each[0]?.text === words[opening - 1]?.text);
  if (macro === undefined || macro[1]?.text !== '(' || !namesOnly(macro, 1)) return false;
  const end = closeOf(macro, 1);
  const commas = (all: readonly Word[], begin: number, until: number, inside: number): number =>
    all
      .slice(begin, until)
      .filter(({ text }, index) => text === ',' && openingOf(all, begin + index) === inside).length;
  // A macro with several lists of parameters: which is called is not known here.
  if (commas(macro, end, macro.length, -1) > 0) return false;
  const parameter = macro[2 + 2 * commas(words, opening + 1, at, opening)];
  if (parameter === undefined) return false;
  return macro.every(
    ({ isName, text }, index) =>
      index <= end || !isName || text !== parameter.text || readsField(macro, index, column, of),
  );
}

/** Of a date, or of its midnight, each of these casts makes the same value. */
const TIMES: ReadonlySet<string> = new Set([
  'timestamp',
  'datetime',
  'timestamp_ntz',
  'timestamp_ns',
  'date',
]);
/** By the wide type: casts to these give the same as of the narrow one, in DuckDB's SQL and in Spark's. */
const SAME_CASTS: Readonly<Record<string, ReadonlySet<string>>> = {
  double: new Set(['double', 'float8', 'float', 'float4', 'real']),
  timestamp: TIMES,
  timestamp_ns: TIMES,
  timestamptz: new Set(['timestamptz']),
};
/** Functions whose result is the same value of the same type for both types. */
const ANY_TYPE: ReadonlySet<string> = new Set(['sum', 'avg', 'count', 'fsum', 'mean']);
/** Functions that return one of the values that they get. */
const OF_ITS_TYPE: ReadonlySet<string> = new Set(['min', 'max', 'any_value']);
const BEFORE_ITEM: ReadonlySet<string | undefined> = new Set(['select', 'distinct', ',']);
const BEHIND_ITEM: ReadonlySet<string | undefined> = new Set([',', 'as', 'from', ')', undefined, 'where']);

interface Passing {
  readonly column: WidenedColumn;
  /** Whether the query is one SELECT, without others inside. */
  readonly isWhole: boolean;
  /** Whether a session is refused if its query returns other columns than the target has. */
  readonly isRefused: boolean;
}

/** True if what stands at `at` passes the column on as it is. */
export function isPassedOn(words: readonly Word[], at: number, passing: Passing): boolean {
  // `as d`: a name that is given, and read nowhere here.
  if (words[beginOf(words, at) - 1]?.text === 'as') return true;
  const behind = endOf(words, at) + 1;
  if (words[behind]?.text === 'is') return isNullTest(words, behind);
  return passing.column.kind === 'type'
    ? isSameOfBothTypes(words, at, passing)
    : isPassedAsWhole(words, at, passing);
}

const isNullTest = (words: readonly Word[], is: number): boolean =>
  words[words[is + 1]?.text === 'not' ? is + 2 : is + 1]?.text === 'null';

/** Of a column with a wider type. */
function isSameOfBothTypes(words: readonly Word[], at: number, passing: Passing): boolean {
  const { column, isWhole } = passing;
  const first = beginOf(words, at);
  const text = (index: number): string | undefined => words[index]?.text;
  const [before, after] = [text(first - 1), text(at + 1)];
  const isSameCast = (type: number): boolean => SAME_CASTS[column.after]?.has(text(type) ?? '') === true;
  if (after === ':' && text(at + 2) === ':') return isSameCast(at + 3);
  if (before === '(' && after === 'as' && text(first - 2) === 'cast') return isSameCast(at + 2);
  if (before === 'by') return BEHIND_ITEM.has(after);
  const called = functionOf(words, { first, last: at });
  if (isWhole && OF_ITS_TYPE.has(called))
    return BEHIND_ITEM.has(text(at + 2)) && isNameUnused(words, at + 2, column);
  return ANY_TYPE.has(called) || isReturned(words, { first, last: endOf(words, at) }, passing);
}

/** Of a column with other fields inside. */
function isPassedAsWhole(words: readonly Word[], at: number, passing: Passing): boolean {
  const first = beginOf(words, at);
  const called = functionOf(words, { first, last: at });
  if (called === 'count') return true;
  // Rows from before have other values then, also where they are only passed on.
  if (passing.column.kind === 'unlike' && !passing.isRefused) return false;
  if (called === 'unnest' && inSelectList(words, first - 2))
    return isReturned(words, { first: first - 2, last: at + 1 }, passing);
  return (
    isReturned(words, { first, last: endOf(words, at) }, passing) || isHandedOn(words, at, passing.column)
  );
}

/** Places in a text, both included. */
interface Span {
  readonly first: number;
  readonly last: number;
}

/** The function of which they are the only argument; empty if there is none. */
const functionOf = (words: readonly Word[], { first, last }: Span): string =>
  words[first - 1]?.text === '(' && words[last + 1]?.text === ')' ? (words[first - 2]?.text ?? '') : '';

/** True for a column of the query's own result, under a name that is not computed with. */
const isReturned = (words: readonly Word[], { first, last }: Span, { column, isWhole }: Passing): boolean =>
  isWhole &&
  BEFORE_ITEM.has(words[first - 1]?.text) &&
  openingOf(words, first) < 0 &&
  BEHIND_ITEM.has(words[last + 1]?.text) &&
  isNameUnused(words, last + 1, column);

/**
 * True if the column gets no other name at `as`, or the query reads that name again only to group or order by
 * it, or for fields that did not change.
 */
function isNameUnused(words: readonly Word[], as: number, column: WidenedColumn): boolean {
  const name = words[as]?.text === 'as' ? words[as + 1]?.text : undefined;
  // Each place of the column's own name is judged by itself.
  if (name === undefined || name === column.path[0]) return true;
  return words.every(({ text, isName }, at) => {
    if (!isName || text !== name) return true;
    const [before, after] = [words[at - 1]?.text ?? '', words[at + 1]?.text];
    const isType = before === 'as' || (before === ':' && words[at - 2]?.text === ':');
    if (isType || before === '.' || after === '(' || isOrdered(words, at)) return true;
    const of = column.around.get(words[as - 1]?.text ?? '');
    const isOther = after === '.' && !column.around.has(words[at + 2]?.text ?? '');
    return of !== undefined && isOther && readsField(words, at, column, of);
  });
}

const BEHIND_ORDERED: ReadonlySet<string | undefined> = new Set([
  ...[undefined, ...',);'],
  ...['asc', 'desc', 'nulls', 'having', 'order', 'limit', 'qualify', 'offset'],
]);
const isOrdered = (words: readonly Word[], at: number): boolean =>
  ['by', ','].includes(words[at - 1]?.text ?? '') &&
  BEHIND_ORDERED.has(words[at + 1]?.text) &&
  clauseOf(words, at) === 'by';

/**
 * True where a query in a WITH or a FROM returns a struct under its own name: every other place of that name
 * is judged as well, so what the outer query does with it is known.
 */
function isHandedOn(words: readonly Word[], at: number, column: WidenedColumn): boolean {
  const first = beginOf(words, at);
  const [before, after] = [words[first - 1]?.text ?? '', words[at + 1]?.text];
  if (!column.around.has(words[at]?.text ?? '') || !['select', 'distinct', ','].includes(before))
    return false;
  if (after === 'as' || !BEHIND_ITEM.has(after) || !inSelectList(words, first)) return false;
  const opening = openingOf(words, first);
  const isRelation = opening < 0 || BEFORE_QUERY.has(words[opening - 1]?.text ?? '');
  return isRelation && !words.some((_, index) => isByPlace(words, index));
}

/** What stands before the parenthesis of a query that is a relation. */
const BEFORE_QUERY: ReadonlySet<string> = new Set(['from', 'join', 'lateral', 'as', 'materialized']);

/**
 * True where columns get other names by their order, as in `union`, `with a(x) as (…)` and `from a b(x)`, or
 * where a query stands for a value.
 */
function isByPlace(words: readonly Word[], at: number): boolean {
  const text = (index: number): string => words[index]?.text ?? '';
  const [before, word, after] = [text(at - 1), text(at), text(at + 1)];
  if (word === 'union' || word === 'intersect') return true;
  if (word === 'except') return before !== '*';
  if (word === 'as') return before === ')' && ['(', 'materialized', 'not'].includes(after);
  if (word !== '(') return false;
  const isRows = after === 'from' || (after === 'select' && text(at + 2) === '*');
  if (isRows) return before !== 'exists' && !BEFORE_QUERY.has(before);
  if (after === 'select' || words[at - 1]?.isName !== true) return false;
  return clauseOf(words, at) === 'from' && namesOnly(words, at);
}
