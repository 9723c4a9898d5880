/** A sqllogictest file as DuckDB writes them. Text -> steps. Pure. */

/** Statements run on a connection of their own name; '' is the first one. */
export type Step =
  | {
      readonly kind: 'statement';
      readonly line: number;
      readonly connection: string;
      readonly expect: 'ok' | 'error' | 'maybe';
      readonly sql: string;
      readonly message: string;
    }
  | {
      readonly kind: 'query';
      readonly line: number;
      readonly connection: string;
      readonly columns: number;
      readonly sort: 'nosort' | 'rowsort' | 'valuesort';
      readonly label: string;
      readonly sql: string;
      /**
       * `undefined`: no result is given, the query must only succeed, or give what another one of its label
       * gave.
       */
      readonly expected: readonly string[] | undefined;
    }
  | {
      readonly kind: 'loop';
      readonly variable: string;
      readonly values: readonly string[];
      readonly steps: readonly Step[];
    }
  | { readonly kind: 'require'; readonly extension: string }
  | { readonly kind: 'require-env'; readonly name: string; readonly value: string | undefined };

/** A file that says something which this reader does not know: it is not run, and not counted as passed. */
export class UnknownDirective extends Error {}

const isSort = (word: string | undefined): word is 'nosort' | 'rowsort' | 'valuesort' =>
  word === 'nosort' || word === 'rowsort' || word === 'valuesort';

/** @throws UnknownDirective */
export function readTestFile(text: string): Step[] {
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
  let at = 0;
  /** Lines up to an empty one, or to the line of dashes. */
  const block = (): string[] => {
    const found: string[] = [];
    while (at < lines.length && lines[at] !== '' && lines[at] !== '----') found.push(lines[at++] as string);
    return found;
  };
  const result = (): string[] | undefined => {
    if (lines[at] !== '----') return undefined;
    at += 1;
    const found: string[] = [];
    while (at < lines.length && lines[at] !== '') found.push(lines[at++] as string);
    return found;
  };
  function read(until: string | undefined): Step[] {
    const steps: Step[] = [];
    for (;;) {
      if (at >= lines.length) {
        if (until !== undefined) throw new UnknownDirective(`${until} is missing`);
        return steps;
      }
      const line = at + 1;
      const words = (lines[at++] as string).trim().split(/\s+/);
      const [word = '', second = ''] = words;
      if (word === '' || word.startsWith('#')) continue;
      if (word === until) return steps;
      switch (word) {
        case 'statement': {
          if (second !== 'ok' && second !== 'error' && second !== 'maybe')
            throw new UnknownDirective(`statement ${second}`);
          const sql = block().join('\n');
          steps.push({
            kind: 'statement',
            line,
            connection: words[2] ?? '',
            expect: second,
            sql,
            message: (result() ?? []).join('\n'),
          });
          break;
        }
        case 'query': {
          const sql = block().join('\n');
          const sort = isSort(words[2]) ? words[2] : 'nosort';
          const [connection, label] = [isSort(words[2]) ? '' : (words[2] ?? ''), words[3] ?? ''];
          const expected = result();
          // Nothing expected under a label means: what another query of the label gave.
          const compared = label !== '' && expected?.length === 0 ? undefined : expected;
          steps.push({
            kind: 'query',
            line,
            connection,
            columns: second.length,
            sort,
            label,
            sql,
            expected: compared,
          });
          break;
        }
        case 'loop': {
          const [first, end] = [Number(words[2]), Number(words[3])];
          steps.push({
            kind: 'loop',
            variable: second,
            values: Array.from({ length: end - first }, (_, index) => String(first + index)),
            steps: read('endloop'),
          });
          break;
        }
        case 'foreach':
          steps.push({ kind: 'loop', variable: second, values: words.slice(2), steps: read('endloop') });
          break;
        case 'require':
          steps.push({ kind: 'require', extension: second });
          break;
        case 'require-env':
        case 'test-env':
          if (word === 'require-env') steps.push({ kind: 'require-env', name: second, value: words[2] });
          break;
        // What these change is how DuckDB's own runner reports.
        case 'tags':
        case 'set':
        case 'hash-threshold':
          break;
        default:
          if (word === 'mode' && second === 'skip') {
            while (at < lines.length && lines[at]?.trim() !== 'mode unskip') at += 1;
            at += 1;
            break;
          }
          throw new UnknownDirective(word);
      }
    }
  }
  return read(undefined);
}

/** A step with the variables of its loops filled in, in both spellings. */
export const fillIn = (text: string, variables: ReadonlyMap<string, string>): string =>
  text.replace(/\$?\{([A-Za-z_]\w*)\}/g, (whole, name: string) => variables.get(name) ?? whole);
