/**
 * Lays out clauses in lines. SQL from sql-formatter, which gives each clause's words a line of their own ->
 * the same tokens in fewer lines: a clause begins beside its word. Pure.
 *
 *     select event_id,
 *            kind
 *     from event_fact
 *     left join account using (account_id)
 *     where kind = 'play'
 *       and event_id > 0
 */
import { sqlTokens } from '../../model/sql-tokens.ts';

interface Line {
  readonly indent: number;
  /** One line of the text, or several if a string or comment spans several. */
  readonly text: string;
}

const WIDTH = 100;
const STEP = 2;
/** Words of a clause that have a line to themselves, and how what follows them is laid out. */
const CLAUSE =
  /^(?:(?<list>select(?: distinct| all)?|(?:group|order|partition) by|returning|values)|(?<tables>from)|(?<steps>with(?: recursive)?)|(?<rest>where|having|qualify|limit|offset|using sample|insert into|window|set))$/i;
const JOIN = /^(?:[a-z]+ ){0,3}join\b/i;
const CONDITION = /^(?:and|or|xor)\b/i;
const WINDOW_PART = /^(?:where|partition by|order by|rows|range|groups) /i;
const CASE = /(?:^|[ (])case\b/i;
const END = /^end\b/i;
/** The CTEs of a query have lines of their own. */
const STEP_OF_QUERY = /\bas (?:not )?(?:materialized )?\($/i;
/** What is in brackets stays on one line up to this length. */
const SHORT = 60;
/** A list of plain columns stays on one line up to this length. */
const SHORT_SELECT = 72;
const PLAIN_COLUMN = /^[\w.*]+,?$/;
const isComment = ({ text }: Line): boolean => text.startsWith('--') || text.startsWith('/*');
const endsInComment = ({ text }: Line): boolean => sqlTokens(text).at(-1)?.kind === 'comment';

/** The laid-out text, without a newline at its end. */
export function layOut(sql: string): string {
  return arranged(linesOf(sql))
    .map(({ indent, text }) => `${' '.repeat(text === '' ? 0 : indent)}${text}`)
    .join('\n');
}

/**
 * Lines that begin inside a string or comment belong to the line before, since their spaces are part of its
 * text.
 */
function linesOf(sql: string): Line[] {
  const inside = new Set<number>();
  for (const { first, end } of sqlTokens(sql))
    for (let at = sql.indexOf('\n', first); at >= 0 && at < end; at = sql.indexOf('\n', at + 1))
      inside.add(at);
  const lines: Line[] = [];
  for (let first = 0; first <= sql.length; ) {
    let end = sql.indexOf('\n', first);
    while (inside.has(end)) end = sql.indexOf('\n', end + 1);
    const line = sql.slice(first, end < 0 ? undefined : end);
    lines.push({ indent: line.length - line.trimStart().length, text: line.trim() });
    if (end < 0) break;
    first = end + 1;
  }
  return lines;
}

function arranged(lines: readonly Line[]): Line[] {
  const result: Line[] = [];
  for (let at = 0; at < lines.length; ) {
    const line = lines[at] as Line;
    let end = at + 1;
    while (end < lines.length && (lines[end] as Line).indent > line.indent) end += 1;
    const below = arranged(lines.slice(at + 1, end));
    const before = result.at(-1);
    if (/^by name$/i.test(line.text) && before !== undefined && /^union\b/i.test(before.text))
      result.splice(-1, 1, { ...before, text: `${before.text} ${line.text}` }, ...below);
    else result.push(...withBelow(line, below));
    at = end;
  }
  return joinedShort(result);
}

const shifted = (lines: readonly Line[], by: number): Line[] =>
  lines.map(({ indent, text }) => ({ indent: indent + by, text }));

/** A line and what is indented below it. */
function withBelow(line: Line, below: readonly Line[]): Line[] {
  const [first, ...rest] = below;
  const kind = CLAUSE.exec(line.text)?.groups;
  if (first === undefined || kind === undefined || isComment(first)) return [line, ...below];
  const head = { indent: line.indent, text: `${line.text} ${first.text}` };
  if (kind['steps'] !== undefined) return [head, ...shifted(rest, -STEP)];
  if (kind['tables'] !== undefined) return [head, ...tables(rest, line.indent)];
  if (kind['list'] === undefined) return [head, ...rest];
  const [word] = line.text.split(' ') as [string];
  const isSelect = word.toLowerCase() === 'select';
  const oneLine = [line, ...below].map(({ text }) => text).join(' ');
  const isShort = isSelect
    ? below.every(({ text }) => PLAIN_COLUMN.test(text)) && oneLine.length <= SHORT_SELECT
    : oneLine.length + line.indent <= WIDTH && !below.some(endsInComment);
  if (isShort && below.every(({ indent }) => indent === first.indent))
    return [{ indent: line.indent, text: oneLine }];
  if (word.toLowerCase() === 'values') return rest.length === 0 ? [head] : [line, ...below];
  return [head, ...shifted(rest, (isSelect ? word : line.text).length + 1 - STEP)];
}

/** After `from`: joins are put below it, conditions and further tables farther in. */
function tables(lines: readonly Line[], indent: number): Line[] {
  let by = -STEP;
  return lines.map((line) => {
    if (line.indent === indent + STEP) {
      const { text } = line;
      const hangs = JOIN.test(text) || text.startsWith(')') || isComment(line);
      by = hangs ? -STEP : CONDITION.test(text) ? 0 : 'from '.length - STEP;
    }
    return { indent: line.indent + by, text: line.text };
  });
}

/** Joins lines between brackets, or between case and end, that fit into one. */
function joinedShort(lines: readonly Line[]): Line[] {
  const result: Line[] = [];
  let rest = lines;
  for (let open = rest[0]; open !== undefined; open = rest[0]) {
    const joined = joinedFirst(open, rest.slice(1));
    result.push(...joined.done);
    rest = joined.rest;
  }
  return result;
}

/** The first line, together with what it opens if that can be joined; `rest` has to be looked at next. */
function joinedFirst(open: Line, after: readonly Line[]): { done: readonly Line[]; rest: readonly Line[] } {
  const found = after.findIndex(({ indent }) => indent <= open.indent);
  const close = after[found];
  const inner = after.slice(0, found);
  const asItIs = { done: [open], rest: after };
  if (close === undefined || close.indent !== open.indent || inner.length === 0) return asItIs;
  if (endsInComment(open) || inner.some(endsInComment)) return asItIs;
  const isBracket = open.text.endsWith('(') && close.text.startsWith(')');
  const isCase = CASE.test(open.text) && END.test(close.text);
  if (!isBracket && !isCase) return asItIs;
  const joined = isBracket ? joinedBracket(open, inner, close) : joinedCase(open, inner, close);
  if (joined === undefined) return asItIs;
  // The line that closes it may open the next bracket.
  const rest = [joined.at(-1) as Line, ...after.slice(found + 1)];
  return { done: joined.slice(0, -1), rest };
}

/** On one line; undefined if that is too long up to the closing bracket. */
function oneLineOf({ open, inner, close, gap }: Joining): Line[] | undefined {
  const text = `${open.text}${gap}${inner.map((each) => each.text).join(' ')}${gap}${close.text}`;
  const fits = open.indent + text.length - close.text.length < WIDTH && !text.includes('\n');
  return fits ? [{ indent: open.indent, text }] : undefined;
}

interface Joining {
  readonly open: Line;
  readonly inner: readonly Line[];
  readonly close: Line;
  readonly gap: '' | ' ';
}

function joinedBracket(open: Line, inner: readonly Line[], close: Line): Line[] | undefined {
  const [first] = inner as [Line];
  const length = inner.reduce((sum, { text }) => sum + text.length + 1, 0);
  if (inner.every(({ text }) => WINDOW_PART.test(text) || CONDITION.test(text))) {
    const head = { indent: open.indent, text: open.text.replace(/\b(filter|over)\($/i, '$1 (') };
    const oneLine = oneLineOf({ open: head, inner, close, gap: '' });
    if (oneLine !== undefined) return oneLine;
  }
  if (!STEP_OF_QUERY.test(open.text) && (length <= SHORT || inner.length === 1)) {
    const oneLine = oneLineOf({ open, inner, close, gap: '' });
    if (oneLine !== undefined) return oneLine;
  }
  const last = inner.at(-1) as Line;
  if (open.text !== '(' || !CASE.test(first.text) || !END.test(last.text)) return undefined;
  if (inner.slice(1, -1).some(({ indent }) => indent <= first.indent)) return undefined;
  return [
    { indent: open.indent, text: `(${first.text}` },
    ...shifted(inner.slice(1, -1), -1),
    { indent: last.indent - 1, text: `${last.text}${close.text}` },
  ];
}

/** `case when … then … else … end`; if there are several `when`, each keeps its line. */
function joinedCase(open: Line, inner: readonly Line[], close: Line): Line[] | undefined {
  const parts: Line[] = [];
  for (const line of inner) {
    const before = parts.at(-1);
    const text = `${before?.text} ${line.text}`;
    const isPart = before?.indent === line.indent && CONDITION.test(line.text);
    if (isPart && text.length + line.indent <= WIDTH) parts.splice(-1, 1, { indent: line.indent, text });
    else parts.push(line);
  }
  const isFlat = parts.every(({ indent }) => indent === parts[0]?.indent);
  const whens = parts.filter(({ text }) => /^when\b/i.test(text)).length;
  const oneLine = isFlat && whens === 1 ? oneLineOf({ open, inner: parts, close, gap: ' ' }) : undefined;
  return oneLine ?? (parts.length < inner.length ? [open, ...parts, close] : undefined);
}
