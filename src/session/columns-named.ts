/**
 * Finds which columns the SQL of a process may read by their names. SQL text -> name -> yes or no. Pure.
 * Whatever the text leaves open (a star, a whole row, a pattern of names) may be any column.
 */
import type { ProcessSpec } from '../model/process-spec.ts';
import { closeOf, type Word, wordsOf } from './query-words.ts';

export interface ColumnsNamed {
  /** True if the query may read a column of that name, which is in lower case. */
  readonly isNamed: (name: string) => boolean;
  /** Whether it uses whole rows as values, as `to_json(events)` or `to_json(struct(*))` do. */
  readonly readsRows: boolean;
}

export function columnsNamed(process: ProcessSpec): ColumnsNamed {
  const aliases = new Set(process.sources.map(({ alias }) => alias.toLowerCase()));
  const query = wordsOf(process, process.sql);
  const macros = (process.macros ?? []).map(({ definition }) => wordsOf(process, definition));
  const texts = [query, ...macros];
  const isOfRows = texts.some((words) => rowsAreValues(words, aliases) || words.some(isArgument));
  if (isOfRows || texts.some(namesNone)) return { isNamed: () => true, readsRows: isOfRows };
  const names = new Set(
    texts.flatMap((words) =>
      words.flatMap(({ text, isName }, index) => {
        // Behind `as` of a query is a new name or a type; behind that of a macro its expression begins.
        const isGiven = words === query && words[index - 1]?.text === 'as';
        return isName && !isGiven ? [text] : [];
      }),
    ),
  );
  return { isNamed: (name) => names.has(name), readsRows: false };
}

/** True if columns are read without their names: by a star, a pattern, their place, or without a SELECT. */
const namesNone = (words: readonly Word[]): boolean =>
  leavesSelectOut(words) ||
  words.some(({ text, kind }, index) => {
    const after = words[index + 1];
    if (kind === 'word') return text === 'natural' || (text === 'columns' && after?.text === '(');
    if (text === '#') return after?.kind === 'number';
    return text === '*' && isStar(words, index);
  });

const BEFORE_STAR: ReadonlySet<string> = new Set(['select', 'distinct', 'all']);
const BEHIND_STAR: ReadonlySet<string> = new Set(
  'from exclude except replace rename like not ilike glob similar union intersect where order limit'.split(
    ' ',
  ),
);

/** True for a star that means columns: no product, and not `count(*)`, which reads none. */
function isStar(words: readonly Word[], at: number): boolean {
  const [called, before, after] = [words[at - 2], words[at - 1], words[at + 1]];
  if (called?.text === 'count' && before?.text === '(' && after?.text === ')') return false;
  const isFactor = (word: Word | undefined, signs: string, others: ReadonlySet<string>): boolean =>
    word !== undefined &&
    (word.kind === 'sign' ? signs.includes(word.text) : word.kind !== 'word' || !others.has(word.text));
  return !(isFactor(before, ')]', BEFORE_STAR) && isFactor(after, '(-+[', BEHIND_STAR));
}

/** Functions in whose parentheses `from` begins no clause, as in `extract(hour from ts)`. */
const WITH_FROM: ReadonlySet<string> = new Set(['extract', 'substring', 'trim', 'overlay']);
const SET_OPERATORS: ReadonlySet<string> = new Set(['union', 'except', 'intersect']);

/** True for DuckDB's `from events` without a SELECT. */
function leavesSelectOut(words: readonly Word[]): boolean {
  let selects = 0;
  const outside: number[] = [];
  for (const [index, { text, kind }] of words.entries()) {
    const before = words[index - 1]?.text ?? '';
    if (text === '(' && kind === 'sign') {
      outside.push(selects);
      selects = WITH_FROM.has(before) ? 1 : 0;
    } else if (text === ')' && kind === 'sign') selects = outside.pop() ?? 0;
    if (kind !== 'word') continue;
    if (text === 'select') selects = 1;
    if (SET_OPERATORS.has(text)) selects = 0;
    if (text !== 'from' || before === 'distinct') continue;
    if (selects === 0) return true;
    selects = 0;
  }
  return false;
}

const BEHIND_RELATION: ReadonlySet<string> = new Set(
  `on using where group order limit having qualify window union except intersect select join left right full
inner outer cross natural asof semi anti positional lateral tablesample pivot unpivot at`.split(/\s+/),
);

/** What stands before a parenthesis in which a star is no argument of a function. */
const BEFORE_NO_ARGUMENTS: ReadonlySet<string> = new Set(['count', 'in', 'exists', 'exclude', 'except']);

/** True for a star among the arguments of a function, as in `to_json(struct(*))` or `hash(e.*)`. */
function isArgument({ text, kind }: Word, at: number, words: readonly Word[]): boolean {
  if (text !== '*' || kind !== 'sign') return false;
  const opening = words[at - 1]?.text === '.' ? at - 3 : at - 1;
  const called = words[opening - 1];
  return words[opening]?.text === '(' && called?.isName === true && !BEFORE_NO_ARGUMENTS.has(called.text);
}

/** True if the name of a WITH, or of a query in a FROM, is used as a value: all of its rows' columns. */
export function madeRowsAreValues(words: readonly Word[]): boolean {
  const names = new Set<string>();
  const places = new Set<number>();
  const take = (at: number): void => {
    const word = words[at];
    if (word?.isName !== true || (word.kind === 'word' && BEHIND_RELATION.has(word.text))) return;
    names.add(word.text);
    places.add(at);
  };
  for (const [index, { text }] of words.entries()) {
    if (text !== '(' || !BEGINS_QUERY.has(words[index + 1]?.text ?? '')) continue;
    let before = index - 1;
    while (WITH_HINTS.has(words[before]?.text ?? '')) before -= 1;
    const word = words[before]?.text ?? '';
    if (word === 'as') take(before - 1);
    if (!BEFORE_RELATION.has(word)) continue;
    const end = closeOf(words, index) + 1;
    take(words[end]?.text === 'as' ? end + 1 : end);
  }
  return rowsAreValues(words, names, places);
}

const BEGINS_QUERY: ReadonlySet<string> = new Set(['select', 'with', 'from']);
const WITH_HINTS: ReadonlySet<string> = new Set(['materialized', 'not']);
const BEFORE_RELATION: ReadonlySet<string> = new Set(['from', 'join', 'lateral', ',']);

/**
 * True if one of the names is used as a value, as in `to_json(events)`, and not only as a table. `places`:
 * where the names are known to be those of tables.
 */
function rowsAreValues(
  words: readonly Word[],
  aliases: ReadonlySet<string>,
  places = new Set<number>(),
): boolean {
  const names = new Set(aliases);
  for (const [index, { text, kind }] of words.entries())
    if (kind === 'word' && (text === 'from' || text === 'join'))
      takeRelations(words, index + 1, names, places);
  return words.some(({ text, isName }, index) => {
    if (!isName || !names.has(text) || places.has(index) || words[index - 1]?.text === '.') return false;
    const [after, next] = [words[index + 1]?.text, words[index + 2]?.text];
    return after !== '.' && after !== '(' && !(after === 'as' && next === '(');
  });
}

/** Adds the tables of a FROM: their places, and the aliases of those whose names are among `names`. */
function takeRelations(words: readonly Word[], first: number, names: Set<string>, places: Set<number>): void {
  for (let at = first; words[at]?.isName === true; at += 1) {
    while (words[at + 1]?.text === '.') at += 2;
    places.add(at);
    const isSource = names.has(words[at]?.text ?? '');
    if (words[at + 1]?.text === 'as') at += 1;
    const alias = words[at + 1];
    if (alias?.isName === true && (alias.kind !== 'word' || !BEHIND_RELATION.has(alias.text))) {
      at += 1;
      places.add(at);
      if (isSource) names.add(alias.text);
    }
    if (words[at + 1]?.text !== ',') return;
    at += 1;
  }
}
