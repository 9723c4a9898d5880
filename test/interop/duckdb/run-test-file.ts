/** Runs the steps of one sqllogictest file against a catalog. Steps -> passed, or the first difference. */
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { fillIn, type Step } from './test-file.ts';

export type Outcome =
  | { readonly outcome: 'passed' }
  | { readonly outcome: 'not run' | 'failed'; readonly reason: string };

/** Something that the file needs and this machine or this catalog does not have. */
class NotHere extends Error {}

export interface TestRun {
  readonly instance: DuckDBInstance;
  /** Environment of the file: `require-env`. */
  readonly environment: Readonly<Record<string, string>>;
  /** Replaces `{NAME}` and `__NAME__`. */
  readonly places: Readonly<Record<string, string>>;
}

export async function runTestFile(
  steps: readonly Step[],
  { instance, environment, places }: TestRun,
): Promise<Outcome> {
  const connections = new Map<string, DuckDBConnection>();
  const labelled = new Map<string, string>();
  const connectionOf = async (name: string): Promise<DuckDBConnection> => {
    const connection = connections.get(name) ?? (await instance.connect());
    connections.set(name, connection);
    return connection;
  };
  async function run(step: Step, variables: ReadonlyMap<string, string>): Promise<void> {
    const filled = (text: string): string =>
      fillIn(text, variables).replace(/__([A-Z_]+)__/g, (whole, name: string) => places[name] ?? whole);
    switch (step.kind) {
      case 'require-env': {
        const found = environment[step.name];
        if (found === undefined || (step.value !== undefined && step.value !== found))
          throw new NotHere(`environment ${step.name}`);
        return;
      }
      case 'require': {
        if (
          [
            'parquet',
            'avro',
            'iceberg',
            'httpfs',
            'core_functions',
            'icu',
            'json',
            'notwindows',
            '64bit',
          ].includes(step.extension)
        )
          return;
        throw new NotHere(`extension ${step.extension}`);
      }
      case 'loop':
        for (const value of step.values)
          for (const inner of step.steps) await run(inner, new Map([...variables, [step.variable, value]]));
        return;
      case 'statement': {
        const failure = await (await connectionOf(filled(step.connection))).run(filled(step.sql)).then(
          () => undefined,
          (error: unknown) => (error as Error).message,
        );
        // A setting of a later DuckDB; what it changes shows in what follows, or not at all.
        if (failure?.includes('unrecognized configuration parameter')) return;
        if (step.expect === 'ok' && failure !== undefined) throw new Error(`line ${step.line}: ${failure}`);
        if (step.expect === 'error' && failure === undefined)
          throw new Error(`line ${step.line}: succeeded, expected an error: ${step.message}`);
        if (step.expect === 'error' && !saysSo(failure as string, filled(step.message)))
          throw new Error(`line ${step.line}: expected the error ${step.message}\nfound ${failure}`);
        return;
      }
      case 'query': {
        const rows = await readRows(await connectionOf(filled(step.connection)), filled(step.sql), step.line);
        const difference =
          step.expected === undefined ? undefined : compareRows(rows, step.expected.map(filled), step);
        if (difference !== undefined) throw new Error(`line ${step.line}: ${difference}`);
        if (step.label === '') return;
        const text = JSON.stringify(sorted(rows, step.sort));
        if ((labelled.get(step.label) ?? text) !== text)
          throw new Error(`line ${step.line}: another result than the one before of label ${step.label}`);
        labelled.set(step.label, text);
      }
    }
  }
  try {
    for (const step of steps) await run(step, new Map(Object.entries({ ...environment, ...places })));
    return { outcome: 'passed' };
  } catch (error) {
    return { outcome: error instanceof NotHere ? 'not run' : 'failed', reason: (error as Error).message };
  } finally {
    for (const connection of connections.values()) connection.closeSync();
  }
}

async function readRows(connection: DuckDBConnection, sql: string, line: number): Promise<string[][]> {
  try {
    return (await connection.runAndReadAll(sql)).getRows().map((row) => row.map(textOf));
  } catch (error) {
    throw new Error(`line ${line}: ${(error as Error).message}`, { cause: error });
  }
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return 'NULL';
  const text = String(value);
  return text === '' ? '(empty)' : text;
}

/** True when an error message says what the file expects: the text itself, or a pattern. */
function saysSo(message: string, expected: string): boolean {
  if (expected === '') return true;
  const pattern = /^<(!?)REGEX>:/.exec(expected);
  if (pattern === null) return message.replaceAll(/\s+/g, ' ').includes(expected.replaceAll(/\s+/g, ' '));
  return new RegExp(expected.slice(pattern[0].length), 's').test(message) !== (pattern[1] === '!');
}

function sorted(rows: readonly string[][], sort: string): string[][] {
  if (sort === 'valuesort')
    return rows
      .flat()
      .sort()
      .map((value) => [value]);
  return sort === 'rowsort'
    ? [...rows].sort((one, other) => (one.join('\t') < other.join('\t') ? -1 : 1))
    : [...rows];
}

/**
 * The first difference in words, `undefined` when there is none. Results are written one value a line, or one
 * row a line with tabs.
 */
function compareRows(
  found: readonly string[][],
  expected: readonly string[],
  { sort, columns }: { readonly sort: string; readonly columns: number },
): string | undefined {
  const [first] = expected;
  if (
    expected.length === 1 &&
    first !== undefined &&
    /^<!?REGEX>:/.test(first) &&
    found.length >= 1 &&
    columns * found.length !== 1
  ) {
    const text = found.map((row) => row.join('\t')).join('\n');
    return saysSo(text, first) ? undefined : `expected ${first}\nfound ${text}`;
  }
  const rows =
    expected.length === found.length ? expected.map((line) => line.split('\t')) : chunks(expected, columns);
  const [left, right] = [sorted(found, sort), sorted(rows, sort)];
  if (left.length !== right.length)
    return `expected ${right.length} rows, found ${left.length}:\n${left.slice(0, 5).join('\n')}`;
  for (const [row, values] of left.entries()) {
    for (const [column, value] of values.entries()) {
      const wanted = right[row]?.[column] ?? '';
      if (!sameValue(value, wanted))
        return `row ${row + 1}, column ${column + 1}: expected ${wanted}, found ${value}`;
    }
  }
  return undefined;
}

const chunks = (values: readonly string[], size: number): string[][] =>
  Array.from({ length: Math.ceil(values.length / size) }, (_, index) =>
    values.slice(index * size, (index + 1) * size),
  );

/** A 32-bit float has seven digits, of which the files write as many as they like. */
const FLOAT_ERROR = 1e-6;

/**
 * Numbers are compared as numbers, and booleans in both spellings: the files follow DuckDB's text of a type,
 * not JavaScript's.
 */
function sameValue(found: string, expected: string): boolean {
  if (found === expected || found.trim() === expected.trim()) return true;
  if (/^<!?REGEX>:/.test(expected)) return saysSo(found, expected);
  if ((found === 'true' && expected === '1') || (found === 'false' && expected === '0')) return true;
  const [one, other] = [Number(found), Number(expected)];
  if (found !== '' && expected !== '' && !Number.isNaN(one) && !Number.isNaN(other))
    return Math.abs(one - other) <= Math.abs(other) * FLOAT_ERROR;
  return plain(found) === plain(expected);
}

/** Nested values without what only the two printers differ in: quotes and blanks. */
const plain = (text: string): string =>
  text
    .replaceAll(/['"\s]/g, '')
    .replaceAll(':', '=')
    .replaceAll('\\x', '');
