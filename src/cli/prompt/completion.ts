/** What may follow what was typed. Text before the cursor + known names -> candidates. Pure. */

/** What a completion has to know, asked for as it is needed. */
export interface Names {
  /** `schema.table`, and tables of this prompt alone. */
  tables(): Promise<readonly string[]>;
  /** The columns of a table as SQL names it; none if there is no such table. */
  columns(table: string): Promise<readonly string[]>;
  keywords(): Promise<readonly string[]>;
  branches(): Promise<readonly string[]>;
}

export interface Completion {
  readonly candidates: readonly string[];
  /** The word that they complete: the end of the text. */
  readonly word: string;
}

/** A word, with its dots, at the end: `facts.ca`, `c."Ev`. */
const WORD_AT_END = /(?:"(?:[^"]|"")*"?|[\p{L}\p{N}_$])*(?:\.(?:"(?:[^"]|"")*"?|[\p{L}\p{N}_$])*)*$/u;

/** @param text the statement so far, up to the cursor; it may have several lines. */
export async function completeSql(text: string, names: Names): Promise<Completion> {
  const word = WORD_AT_END.exec(text)?.[0] ?? '';
  const dot = word.lastIndexOf('.');
  const tables = await names.tables();
  const known = tablesIn(text);
  if (dot >= 0) {
    const before = word.slice(0, dot);
    const ofSchema = tables.filter((table) => isPrefix(`${before}.`, table));
    const table = known.get(plain(before)) ?? before;
    const columns = await names.columns(table);
    return among([...columns.map((column) => `${before}.${quoted(column)}`), ...ofSchema], word);
  }
  const columns: string[] = [];
  for (const table of new Set(known.values())) columns.push(...(await names.columns(table)));
  if (AFTER_FROM.test(text.slice(0, text.length - word.length)) || word === '')
    return among([...tables, ...(word === '' ? columns.map(quoted) : [])], word);
  return among([...columns.map(quoted), ...tables, ...cased(await names.keywords(), word)], word);
}

/** Words behind which a table is named; keywords and columns would only be in the way there. */
const AFTER_FROM = /\b(?:from|join|into|table|update|describe|summarize)\s+$/i;

/** @param line from its dot on. */
export async function completeDotCommand(
  line: string,
  names: Names,
  commands: readonly { readonly name: string; readonly argument?: 'table' | readonly string[] | 'branch' }[],
): Promise<Completion> {
  const [, name = '', word] = /^\s*(\.\w*)(?:\s+(\S*))?$/.exec(line) ?? [];
  if (word === undefined)
    return among(
      commands.map((command) => command.name),
      name,
    );
  const argument = commands.find((command) => command.name === name)?.argument;
  if (argument === 'table') return among(await names.tables(), word);
  if (argument === 'branch') return among(await names.branches(), word);
  return among(argument ?? [], word);
}

const among = (all: readonly string[], word: string): Completion => ({
  candidates: [...new Set(all.filter((each) => isPrefix(word, each)))].sort(),
  word,
});

const isPrefix = (start: string, text: string): boolean => text.toLowerCase().startsWith(start.toLowerCase());

/** Keywords as the word was begun: capitals after capitals. */
const cased = (keywords: readonly string[], word: string): readonly string[] =>
  word !== '' && word === word.toUpperCase() ? keywords.map((each) => each.toUpperCase()) : keywords;

const TABLE_NAMED =
  /\b(?:from|join|into|update)\s+((?:"(?:[^"]|"")*"|[\p{L}\p{N}_]+)(?:\.(?:"(?:[^"]|"")*"|[\p{L}\p{N}_]+))*)(?:\s+(?:as\s+)?([\p{L}_][\p{L}\p{N}_]*))?/giu;
/** Words that follow a table and are no alias of it. */
const NO_ALIAS = new Set(
  'where join left right inner full cross natural on using group order limit having union select set values'.split(
    ' ',
  ),
);

/** The tables that a text names, by alias and by their own last name. */
function tablesIn(text: string): ReadonlyMap<string, string> {
  const tables = new Map<string, string>();
  // The word at the end is still being typed.
  const whole = text.slice(0, text.length - (WORD_AT_END.exec(text)?.[0].length ?? 0));
  for (const [, table = '', alias] of whole.matchAll(TABLE_NAMED)) {
    tables.set(plain(table.split('.').at(-1) as string), table);
    if (alias !== undefined && !NO_ALIAS.has(alias.toLowerCase())) tables.set(plain(alias), table);
  }
  return tables;
}

const plain = (name: string): string => name.replaceAll('"', '').toLowerCase();

/** Quotes only where SQL needs them. */
const quoted = (name: string): string =>
  /^[a-z_][a-z0-9_]*$/i.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
