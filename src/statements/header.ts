/**
 * What a statement's header declares. Text of a file of `sql/` -> StatementHeader. Pure.
 *
 * `-- @param $name TYPE [NULL] …` is a bound value; `NULL`: it may be absent. One that stands in a fragment
 * names it, `(inside {{range_start}})`; `(perhaps inside {{listed}})` where not every such fragment has it.
 * `-- @returns name TYPE [NULL] (words), …` are the columns of its rows.
 */

const SCALARS = [
  'VARCHAR',
  'JSON',
  'BOOLEAN',
  'INTEGER',
  'BIGINT',
  'UBIGINT',
  'HUGEINT',
  'DOUBLE',
  'DATE',
  'TIMESTAMP',
  'TIMESTAMPTZ',
  'BLOB',
] as const;

/** A type as DuckDB names it, as far as headers use it. `JSON` is bound as text. */
export type SqlType =
  | { readonly kind: 'scalar'; readonly name: (typeof SCALARS)[number] }
  | { readonly kind: 'list'; readonly item: SqlType }
  | { readonly kind: 'map'; readonly key: SqlType; readonly value: SqlType };

export interface DeclaredColumn {
  readonly name: string;
  readonly type: SqlType;
  /** It may be NULL. */
  readonly nullable: boolean;
  /** The only texts it may have, if the header lists them: `(one of data, deletes)`. */
  readonly words?: readonly string[];
}

export interface DeclaredParameter extends DeclaredColumn {
  /** The fragments in which it occurs, if it does not occur in the statement itself. */
  readonly inside: readonly string[];
  /** True if some of those fragments do not name it: with these it is not bound. */
  readonly optional: boolean;
}

export interface StatementHeader {
  readonly name: string | undefined;
  readonly parameters: readonly DeclaredParameter[];
  /** The columns of its rows; undefined for a statement that only has an effect. */
  readonly row: readonly DeclaredColumn[] | undefined;
  /** For a fragment, the places that it is made for: `folder/statement {{placeholder}}`. */
  readonly into: readonly string[];
  /** What cannot be understood. */
  readonly problems: readonly string[];
}

/** Reads the lines of a header. */
export function parseHeader(lines: readonly string[]): StatementHeader {
  const tags = tagsOf(lines);
  const textOf = (wanted: string): string[] =>
    tags.flatMap(({ tag, text }) => (tag === wanted ? [text] : []));
  const problems: string[] = [];
  const parameters = textOf('param').flatMap((text) => parameterOf(text) ?? unread(`@param ${text}`));
  const [returns] = textOf('returns');
  const row = returns === undefined ? undefined : columnsOf(returns);
  if (returns !== undefined && row === undefined) unread(`@returns ${returns}`);
  return {
    name: textOf('name')[0],
    parameters,
    row,
    into: textOf('into').flatMap((text) => text.split(/,\s+/)),
    problems,
  };

  function unread(tag: string): [] {
    problems.push(`cannot read: ${tag}`);
    return [];
  }
}

/** The text of a tag continues in indented lines: `-- more`. */
function tagsOf(lines: readonly string[]): { tag: string; text: string }[] {
  const tags: { tag: string; text: string }[] = [];
  let current: { tag: string; text: string } | undefined;
  for (const line of lines) {
    const [, tag, text] = /^-- @(\w+) (.*)$/.exec(line) ?? [];
    if (tag !== undefined) {
      current = { tag, text: text as string };
      tags.push(current);
    } else if (current !== undefined && /^-- {2,}\S/.test(line)) current.text += ` ${line.slice(2).trim()}`;
    else current = undefined;
  }
  return tags;
}

function parameterOf(text: string): DeclaredParameter | undefined {
  const [, name, rest] = /^\$(\w+) (\S.*)$/.exec(text) ?? [];
  const type = rest === undefined ? undefined : typeAt(rest);
  if (name === undefined || type === undefined) return undefined;
  const place = /\((perhaps )?inside ((?:\{\{\w+\}\}(?:, )?)+)\)/.exec(text);
  return {
    name,
    type: type.type,
    nullable: /^ NULL\b/.test(type.rest),
    inside: place === null ? [] : [...(place[2] as string).matchAll(/\w+/g)].map(([fragment]) => fragment),
    optional: place?.[1] !== undefined,
  };
}

function columnsOf(text: string): DeclaredColumn[] | undefined {
  const columns: DeclaredColumn[] = [];
  let rest = text;
  while (rest !== '') {
    const [, name, after] = /^(\w+) (\S.*)$/.exec(rest) ?? [];
    const type = after === undefined ? undefined : typeAt(after);
    if (name === undefined || type === undefined) return undefined;
    const [null_ = ''] = /^ NULL\b/.exec(type.rest) ?? [];
    const behind = type.rest.slice(null_.length);
    const remark = remarkAt(behind);
    const [, words] = /^ \(one of ([\w-]+(?:, [\w-]+)*)\)$/.exec(remark) ?? [];
    columns.push({
      name,
      type: type.type,
      nullable: null_ !== '',
      ...(words === undefined ? {} : { words: words.split(', ') }),
    });
    const left = behind.slice(remark.length);
    if (left !== '' && !left.startsWith(', ')) return undefined;
    rest = left.slice(2);
  }
  return columns;
}

/** The ` (words)` at the beginning of a text, which may contain brackets; empty if there are none. */
function remarkAt(text: string): string {
  if (!text.startsWith(' (')) return '';
  let depth = 0;
  for (let at = 1; at < text.length; at += 1) {
    if (text[at] === '(') depth += 1;
    if (text[at] === ')') depth -= 1;
    if (depth === 0) return text.slice(0, at + 1);
  }
  return '';
}

/** The type at the beginning of a text, and what follows it. */
function typeAt(text: string): { readonly type: SqlType; readonly rest: string } | undefined {
  const [, map] = /^MAP\((.*)$/.exec(text) ?? [];
  if (map !== undefined) {
    const key = typeAt(map);
    const value = key?.rest.startsWith(', ') ? typeAt(key.rest.slice(2)) : undefined;
    if (key === undefined || !value?.rest.startsWith(')')) return undefined;
    return { type: { kind: 'map', key: key.type, value: value.type }, rest: value.rest.slice(1) };
  }
  const [word = '', name, lists = ''] = /^([A-Z]+)((?:\[\])*)/.exec(text) ?? [];
  const scalar = SCALARS.find((each) => each === name);
  if (scalar === undefined) return undefined;
  let type: SqlType = { kind: 'scalar', name: scalar };
  for (let depth = 0; depth < lists.length; depth += 2) type = { kind: 'list', item: type };
  return { type, rest: text.slice(word.length) };
}

/** Finds a type by its name; undefined if it is none of those above. */
export function sqlTypeOf(text: string): SqlType | undefined {
  const found = typeAt(text);
  return found?.rest === '' ? found.type : undefined;
}

/** `VARCHAR[]`, as DuckDB names the type. */
export function typeName(type: SqlType): string {
  switch (type.kind) {
    case 'scalar':
      return type.name;
    case 'list':
      return `${typeName(type.item)}[]`;
    case 'map':
      return `MAP(${typeName(type.key)}, ${typeName(type.value)})`;
  }
}
