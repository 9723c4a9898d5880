/**
 * The words of a query, and which of them belong together: brackets, clauses, the parts of a name. SQL text
 * -> words. Pure. Words and not a tree, since the same rules judge Spark's SQL, which only Spark can parse.
 */
import { engineOf } from '../model/engines.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import { type SqlToken, sqlTokens } from '../model/sql-tokens.ts';

/** In lower case; a name without its quotes. */
export interface Word {
  readonly text: string;
  readonly kind: SqlToken['kind'];
  /** Whether it may be a name: quoted, or any word, also one of SQL's own. */
  readonly isName: boolean;
}

/** Comments are left out. */
export function wordsOf(process: ProcessSpec, sql: string): Word[] {
  return sqlTokens(sql, engineOf(process))
    .filter(({ kind }) => kind !== 'comment')
    .map(({ kind, first, end }) => {
      const text = sql.slice(first, end).toLowerCase();
      const isName = kind === 'word' || kind === 'quoted name';
      if (kind !== 'quoted name') return { text, kind, isName };
      const quote = text.slice(0, 1);
      return { text: text.slice(1, -1).replaceAll(quote + quote, quote), kind, isName };
    });
}

/** The place of the bracket that closes the one at `opening`; behind the last word if none does. */
export function closeOf(words: readonly Word[], opening: number): number {
  let depth = 0;
  for (let at = opening; at < words.length; at += 1) {
    const { text, kind } = words[at] as Word;
    if (kind !== 'sign') continue;
    if ('([{'.includes(text)) depth += 1;
    if (')]}'.includes(text)) depth -= 1;
    if (depth === 0) return at;
  }
  return words.length;
}

/** The place of the innermost open bracket around a word; -1 if there is none. */
export function openingOf(words: readonly Word[], place: number): number {
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

/** Where the name that ends at a word begins: at `events` in `events.d`, at `l` in `l[1].d`. */
export function beginOf(words: readonly Word[], at: number): number {
  let first = at;
  while (words[first - 1]?.text === '.') {
    let before = first - 2;
    while (words[before]?.text === ']') before = openingOf(words, before) - 1;
    if (words[before]?.isName !== true) break;
    first = before;
  }
  return first;
}

/** The place of the last word of `s`, `s.*` or `l[1]` that begins at a word. */
export function endOf(words: readonly Word[], at: number): number {
  if (words[at + 1]?.text === '.' && words[at + 2]?.text === '*') return at + 2;
  let end = at;
  while (words[end + 1]?.text === '[') end = closeOf(words, end + 1);
  return end;
}

/** True for `(x, y)`: nothing but names between the brackets. */
export const namesOnly = (words: readonly Word[], opening: number): boolean =>
  words.slice(opening + 1, closeOf(words, opening)).every(({ text, isName }) => isName || text === ',');

const CLAUSES: ReadonlySet<string> = new Set(
  'select from where by having on using limit qualify values window union except intersect'.split(' '),
);

/**
 * The keyword that begins the clause of a word, as `select` or `from`; undefined if none stands before it
 * within the same brackets.
 */
export function clauseOf(words: readonly Word[], place: number): string | undefined {
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

/** True for a word of a SELECT's list. */
export const inSelectList = (words: readonly Word[], at: number): boolean => clauseOf(words, at) === 'select';
