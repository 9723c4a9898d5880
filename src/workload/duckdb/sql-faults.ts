/**
 * Decides whose fault an error of DuckDB is: the statement's, its values', or the machine's. Message -> fault
 * and what to do. Pure. "Correct the SQL" is said only if SQL can help.
 */
import type { ErrorDetails } from '../../model/errors.ts';

/** `text`: the statement is wrong as it stands. `values`: it meets values that it cannot take. */
export type SqlFault = 'text' | 'values' | 'memory' | 'storage' | 'engine';

const FAULTS: readonly (readonly [SqlFault, RegExp])[] = [
  // Of the file, and not of the query that reads it.
  ['storage', /^[\w ]+ Error: [^\n]*["'`](?:[a-z0-9]+:)?\/[^"'`\n]+\.(?:parquet|avro|puffin|orc)["'`]/i],
  ['engine', /^Not implemented Error: File format/],
  ['text', /^(?:Parser|Syntax|Binder|Catalog|Parameter Not Resolved|Parameter Not Allowed|Dependency) Error/],
  [
    'values',
    /^(?:Conversion|Out of Range|Invalid Input|Invalid|Invalid type|Mismatch Type|Divide by Zero|Decimal|Constraint|Not implemented|Expression|Object Size|Sequence) Error/,
  ],
  ['memory', /^Out of Memory Error/],
  ['storage', /^(?:IO|HTTP|Network|Connection) Error/],
];

const faultOf = (message: string): SqlFault =>
  FAULTS.find(([, pattern]) => pattern.test(message))?.[0] ?? 'engine';

/** Whether DuckDB's memory was not enough, also behind what was made of its error. */
export function isOutOfMemory(error: unknown): boolean {
  for (let each = error; each instanceof Error; each = each.cause)
    if (faultOf(each.message) === 'memory') return true;
  return false;
}

/** The user's own SQL, or values that it does not take: exit 2. */
export const isMistake = (message: string): boolean => ['text', 'values'].includes(faultOf(message));

/** Kind, hint and retryability of an error in `what` ("the SQL of a_load"). */
export function detailsOf(message: string, what: string): Pick<ErrorDetails, 'hint' | 'kind' | 'retryable'> {
  switch (faultOf(message)) {
    case 'text':
      return { kind: 'usage', hint: `correct ${what} and run again; nothing was published` };
    case 'values':
      return {
        kind: 'usage',
        hint: `correct ${what}, or leave out the values that it does not take${/^Conversion Error: Could not/.test(message) ? ' (try_cast gives NULL for them)' : ''}, and run again; nothing was published`,
      };
    case 'memory':
      return {
        kind: 'unexpected',
        hint: `let ${what} hold less at once, or give DuckDB more memory with PSYBERG_MEMORY_LIMIT (such as 8GB); nothing was published`,
      };
    case 'storage':
      return {
        kind: 'unexpected',
        retryable: true,
        hint: 'see that the files can be reached and read, then run the same command again; nothing was published',
      };
    case 'engine':
      return {
        kind: 'unexpected',
        hint: 'run the same command again, with --verbose; report what it prints if it fails again; nothing was published',
      };
  }
}

/** DuckDB's message as one line, without the excerpt of the statement that it ends with. */
export const withoutExcerpt = (message: string): string =>
  (message.split(/\n+LINE \d+: /)[0] as string).replaceAll(/\s*\n\s*/g, ' ').trim();

/** Where in the text of a statement DuckDB's message points to: line (from 0) and column (from 0). */
export interface PlaceInText {
  readonly line: number;
  readonly column: number;
}

/**
 * DuckDB ends a message with `LINE n: text` and a caret below; of a long line it shows a part, led by dots.
 * `text`: the user's part of the statement, which begins in line `firstLine` (from 1).
 */
export function placeInText(message: string, text: string, firstLine: number): PlaceInText | undefined {
  const match = /\nLINE (\d+): (.*)\n( *)\^/.exec(message);
  if (match === null) return undefined;
  const line = Number(match[1]) - firstLine;
  const lineText = text.split('\n')[line];
  if (lineText === undefined) return undefined;
  const excerpt = match[2] as string;
  const caret = (match[3] as string).length - `LINE ${match[1]}: `.length;
  const shown = excerpt.replace(/^\.\.\./, '').replace(/\.\.\.$/, '');
  const cut = excerpt.startsWith('...') ? lineText.indexOf(shown) - 3 : 0;
  return { line, column: Math.max(0, caret + Math.max(0, cut)) };
}

/** The same place in the text as it was before names took the places of its `{{name}}`. */
export function placeInTemplate({ line, column }: PlaceInText, template: string, text: string): PlaceInText {
  const parts = (template.split('\n')[line] ?? '').split(/(\{\{\w+\}\})/);
  const written = text.split('\n')[line] ?? '';
  let [at, before] = [0, 0];
  for (const [index, part] of parts.entries()) {
    const next = parts[index + 1] ?? '';
    const length = part.startsWith('{{')
      ? (next === '' ? written.length : written.indexOf(next, at)) - at
      : part.length;
    if (column < at + length || index === parts.length - 1)
      return { line, column: before + (part.startsWith('{{') ? 0 : column - at) };
    at += length;
    before += part.length;
  }
  return { line, column };
}
