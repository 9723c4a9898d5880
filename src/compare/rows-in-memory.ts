/** Makes a place in memory for rows that are compared. Engine -> tables; nothing is left behind. */
import type { Engine } from '../engine/index.ts';
import {
  type FragmentsOf,
  renderStatement,
  type SqlFragment,
  type StatementName,
  statement,
  tableFragment,
} from '../statements/index.ts';
import { boundQuery, type RowsPort } from './recompute/rows-port.ts';

export interface RowsInMemory extends RowsPort {
  readonly engine: Engine;
  tableNamed(name: string): SqlFragment;
}

const MEMORY = 'psyberg_compare';
const NAMESPACE = ['compared'];

/** Does `work` with such a place, and removes it afterwards. */
export async function withRowsInMemory<T>(
  engine: Engine,
  work: (rows: RowsInMemory) => Promise<T>,
): Promise<T> {
  await engine.execute(statement('compare/attach_compared'));
  try {
    await engine.execute(statement('compare/drop_compared'));
    await engine.execute(statement('compare/make_compared'));
    return await work({
      engine,
      run: (name, fragments, parameters = {}) =>
        engine.table({ sql: renderAny(name, fragments), parameters }),
      ask: (asked) => engine.table(boundQuery(asked)),
      tableNamed: (name) => tableFragment(MEMORY, { namespace: NAMESPACE, name }),
    });
  } finally {
    engine.resume();
    // After an internal error of DuckDB there is nothing left to detach.
    await engine.detach(MEMORY).catch(() => undefined);
  }
}

/** Renders a statement whose fragments the compiler has already checked. */
const renderAny: (name: StatementName, fragments: FragmentsOf<StatementName>) => string = renderStatement;
