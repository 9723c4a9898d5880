/**
 * Recognizes an internal error of DuckDB, after which the whole database is shut and every later statement
 * fails, whatever it reads. Error -> the one PsybergError for it. An engine that met one is never used again;
 * whoever needs one opens another.
 */
import { PsybergError } from '../model/errors.ts';

/** What ended a database, shared by all its connections. */
export interface Ending {
  /**
   * The error, and the connection that met it: undefined while only others have heard of it, whose statements
   * may fail first. `first` is undefined while the database is well.
   */
  first: { readonly error: PsybergError; readonly connection: object | undefined } | undefined;
}

/**
 * `engine-internal-error` when DuckDB gave up its database, or had done so before; else undefined. The
 * connection that met the error says so on every statement that follows; the others had no part in it, so
 * what they were about to do may be tried again.
 */
export function internalError(error: unknown, ending: Ending, connection: object): PsybergError | undefined {
  const message = error instanceof Error ? error.message : '';
  if (!/^(INTERNAL|FATAL) Error:|database has been invalidated/.test(message)) return undefined;
  const isOrigin = !/because of a previous/.test(message);
  if (ending.first === undefined || (isOrigin && ending.first.connection === undefined))
    ending.first = { error: asPsybergError(message, error), connection: isOrigin ? connection : undefined };
  return endedError(ending, connection);
}

/** The error of a statement on a database that has ended; undefined while it is well. */
export function endedError({ first }: Ending, connection: object): PsybergError | undefined {
  if (first === undefined || first.connection === connection) return first?.error;
  return new PsybergError(first.error.code, `${first.error.message} (in a statement beside this one)`, {
    hint: 'run the same command again: DuckDB is opened anew for it',
    context: first.error.context,
    retryable: true,
    cause: first.error,
  });
}

const asPsybergError = (message: string, cause: unknown): PsybergError =>
  new PsybergError('engine-internal-error', `DuckDB met an internal error: ${shortened(message)}`, {
    hint: 'DuckDB is opened anew, so the next command works; if the same statement fails again, one of the files that it reads may be written in a way that DuckDB cannot read: --verbose prints all of its message, for a report to its makers',
    context: { duckdb_message: shortened(message) },
    cause,
  });

/** One line: without the stack, and of a database that had ended before, why it had. */
function shortened(message: string): string {
  const original = /Original error: "([\s\S]*?)"?$/.exec(message)?.[1] ?? message;
  const [line = ''] = original.replace(/^(?:[A-Z]+ Error: )+/, '').split('\n');
  return line.length <= 300 ? line : `${line.slice(0, 300)}…`;
}
