/** Reads the result of one statement while it is computed. DuckDB's result -> columns, and rows in parts. */
import { type DuckDBResult, ResultReturnType } from '@duckdb/node-api';
import { PsybergError } from '../model/errors.ts';
import type { OwnedConnection } from './database.ts';
import { distinctNames, type ResultColumn, usersValue } from './values.ts';

/** Rows as arrays in the columns' order; values as in `ResultRows`. */
export type RowPart = readonly (readonly unknown[])[];

export interface ResultStream {
  /** A second column of one name is `name_1`. */
  readonly columns: readonly ResultColumn[];
  /** `rows` of a query; `changed` of a statement that counts rows; `effect` of one that does neither. */
  readonly kind: 'rows' | 'changed' | 'effect';
  /** The rows that the statement changed; 0 for a query. */
  readonly changedRows: number;
  /** At most 2,048 rows at a time. To be read once; whoever leaves early ends the statement. */
  parts(): AsyncGenerator<RowPart>;
}

export interface StreamOptions {
  /** Between two parts, what it was aborted with is thrown. */
  readonly signal?: AbortSignal | undefined;
  /** Asks DuckDB for a part, as long as the connection is open. */
  readonly during: OwnedConnection['during'];
  /** Runs the statement once more, and throws what it fails with. */
  readonly runAgain: () => Promise<unknown>;
}

const KINDS: Readonly<Record<number, ResultStream['kind']>> = {
  [ResultReturnType.QUERY_RESULT]: 'rows',
  [ResultReturnType.CHANGED_ROWS]: 'changed',
};

export function streamOf(result: DuckDBResult, { signal, during, runAgain }: StreamOptions): ResultStream {
  const names = distinctNames(result.columnNames());
  const types = result.columnTypes();
  const { isStreaming } = result;
  return {
    columns: names.map((name, index) => ({ name, type: String(types[index]) })),
    kind: KINDS[result.returnType] ?? 'effect',
    changedRows: result.rowsChanged,
    async *parts() {
      let rows = 0;
      for (;;) {
        signal?.throwIfAborted();
        const chunk = await during(() => result.fetchChunk());
        if (chunk === null || chunk.rowCount === 0) {
          if (isStreaming && (chunk === null || hasFailed(result)))
            throw await during(() => failure(runAgain, rows));
          return;
        }
        rows += chunk.rowCount;
        yield chunk.getRows().map((row) => row.map(usersValue));
      }
    },
  };
}

/**
 * A statement that fails, or is interrupted, after its first rows looks like one that has no more: the
 * client's `fetchChunk` says nothing of it (1.5.5-r.5). Only the kind of the result is then another one.
 */
const hasFailed = ({ returnType }: DuckDBResult): boolean => returnType === ResultReturnType.INVALID;

/** The client does not pass the reason on, so the statement is asked for it. */
async function failure(runAgain: () => Promise<unknown>, rows: number): Promise<unknown> {
  try {
    await runAgain();
  } catch (error) {
    return error;
  }
  return new PsybergError('sql-failed', `the statement failed after ${rows} rows, and not when run again`, {
    hint: 'run the same command again',
    retryable: true,
  });
}
