/**
 * Whether a column that is not what it was is only passed on where its name stands, or only fields of it are
 * read that are what they were. Words of a query + a place among them -> yes or no. Pure. What it does not
 * know counts as computed.
 */
import { closeOf, type Word } from './columns-named.ts';

/** Of a name of fields: in how many lists and maps they are. */
export interface Layered {
  readonly layers: number;
  readonly isMap: boolean;
}

export interface WidenedColumn {
  /** Field id of the column itself. */
  readonly id: number;
  /** Its name of now; of a field inside of structs theirs before it. */
  readonly path: readonly string[];
  /**
   * `number`: an integer or a decimal with the same values. `fields`: it has more inside. `unlike`: some
   * went, or have a value in rows from before they came.
   */
  readonly kind: 'type' | 'number' | 'fields' | 'unlike';
  readonly before: string;
  readonly after: string;
  /** What is around the leaves that changed: names of structs, and of the lists and maps of them. */
  readonly around: ReadonlyMap<string, Layered>;
}

/** `s.f`, `s['f']`, `l[1].f`: of a field that did not change, or in which the change is, judged too. */
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
  // Of a list of structs Spark gives the list of a field.
  if (layers > 0 && of.isMap) return false;
  const [sign, name, after] = [words[at]?.text, words[at + 1], words[at + 2]?.text];
  if (sign === '.') return name?.isName === true && after !== '(';
  if (sign !== '[' || after !== ']' || name?.kind !== 'string' || !name.text.startsWith("'")) return false;
  const field = name.text.slice(1, -1);
  if (field === leaf) return false;
  return !around.has(field) || readsField(words, at + 2, column, around.get(field));
}

/** `get_id(s)`, of whose parameter the macro only reads fields. */
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
  // One of several shapes.
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
/** By the wide type: the types to which a cast gives what it gave, in DuckDB's SQL and in Spark's. */
const SAME_CASTS: Readonly<Record<string, ReadonlySet<string>>> = {
  double: new Set(['double', 'float8', 'float', 'float4', 'real']),
  timestamp: TIMES,
  timestamp_ns: TIMES,
  timestamptz: new Set(['timestamptz']),
};
/** Of one of these comes the value of the wide type, or none. */
const ANY_TYPE: ReadonlySet<string> = new Set(['sum', 'avg', 'count', 'fsum', 'mean']);
const OF_ITS_TYPE: ReadonlySet<string> = new Set(['min', 'max', 'any_value']);
const BEHIND_ITEM: ReadonlySet<string | undefined> = new Set([',', 'as', 'from', ')', undefined, 'where']);

interface Passing {
  readonly column: WidenedColumn;
  /** Whether the query is one SELECT. */
  readonly isWhole: boolean;
  /** Whether a target of other columns is. */
  readonly isRefused: boolean;
}

export function isPassedOn(words: readonly Word[], at: number, passing: Passing): boolean {
  const { column, isWhole } = passing;
  const first = beginOf(words, at);
  const text = (index: number): string | undefined => words[index]?.text;
  const [before, after, type] = [text(first - 1), text(at + 1), column.after];
  const called = before === '(' && after === ')' ? (text(first - 2) ?? '') : '';
  if (before === 'as') return true;
  const end = starOf(words, at);
  if (text(end + 1) === 'is')
    return text(end + 2) === 'null' || (text(end + 2) === 'not' && text(end + 3) === 'null');
  const isItem = (index: number): boolean => ['select', 'distinct', ','].includes(text(index) ?? '');
  /** With what begins and ends there. */
  const isReturned = (begin: number, last: number): boolean =>
    isWhole &&
    isItem(begin - 1) &&
    openingOf(words, begin) < 0 &&
    BEHIND_ITEM.has(text(last + 1)) &&
    isNameUnused(words, last + 1, column);
  if (column.kind !== 'type') {
    if (called === 'count') return true;
    if (column.kind === 'unlike' && !passing.isRefused) return false;
    if (called === 'unnest' && inSelectList(words, first - 2)) return isReturned(first - 2, at + 1);
    return isReturned(first, end) || isHandedOn(words, at, column);
  }
  const isSame = (index: number): boolean => SAME_CASTS[type]?.has(text(index) ?? '') === true;
  if (after === ':' && text(at + 2) === ':') return isSame(at + 3);
  if (before === 'by') return BEHIND_ITEM.has(after);
  if (before === '(' && after === 'as' && text(first - 2) === 'cast') return isSame(at + 2);
  if (isWhole && OF_ITS_TYPE.has(called))
    return BEHIND_ITEM.has(text(at + 2)) && isNameUnused(words, at + 2, column);
  return isReturned(first, end) || ANY_TYPE.has(called);
}

/** Where `s`, `s.*`, `l[1]` end. */
function starOf(words: readonly Word[], at: number): number {
  if (words[at + 1]?.text === '.' && words[at + 2]?.text === '*') return at + 2;
  let end = at;
  while (words[end + 1]?.text === '[') end = closeOf(words, end + 1);
  return end;
}

/** Of `as x` behind a column: whether x is read again to group or order by, or for other fields only. */
function isNameUnused(words: readonly Word[], as: number, column: WidenedColumn): boolean {
  const name = words[as]?.text === 'as' ? words[as + 1]?.text : undefined;
  // Each place of the column's own name is judged.
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

/** `select s from e` in a WITH or a FROM under its own name, whose other places are judged as well. */
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

const BEFORE_QUERY: ReadonlySet<string> = new Set(['from', 'join', 'lateral', 'as', 'materialized']);

/** Where columns go by their place: `union`, `with a(x) as (…)`, `from a b(x)`; and rows as values. */
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

/** `(x, y)`. */
const namesOnly = (words: readonly Word[], opening: number): boolean =>
  words.slice(opening + 1, closeOf(words, opening)).every(({ text, isName }) => isName || text === ',');

const CLAUSES: ReadonlySet<string> = new Set(
  'select from where by having on using limit qualify values window union except intersect'.split(' '),
);

/** The clause in which it stands, in its own parentheses; undefined: in none there. */
function clauseOf(words: readonly Word[], place: number): string | undefined {
  const opening = openingOf(words, place);
  const at = words.findLastIndex(
    ({ text, kind }, index) =>
      index > opening &&
      index < place &&
      kind === 'word' &&
      CLAUSES.has(text) &&
      openingOf(words, index) === opening,
  );
  return words[at]?.text;
}

const inSelectList = (words: readonly Word[], at: number): boolean => clauseOf(words, at) === 'select';

/** The parenthesis or bracket in which it stands; -1: in none. */
function openingOf(words: readonly Word[], place: number): number {
  let depth = 0;
  for (let at = place - 1; at >= 0; at -= 1) {
    const { text, kind } = words[at] as Word;
    if (kind !== 'sign') continue;
    if (')]}'.includes(text)) depth += 1;
    if ('([{'.includes(text)) depth -= 1;
    if (depth < 0) return at;
  }
  return -1;
}

/** Where `events.d` or `l[1].d` begins. */
function beginOf(words: readonly Word[], at: number): number {
  let first = at;
  while (words[first - 1]?.text === '.') {
    let before = first - 2;
    while (words[before]?.text === ']') before = openingOf(words, before) - 1;
    if (words[before]?.isName !== true) break;
    first = before;
  }
  return first;
}
