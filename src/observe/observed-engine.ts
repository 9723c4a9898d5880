/** Reports the statements of DuckDB. Engine -> the same, observed; unchanged if nobody listens. */
import type { Engine } from '../engine/index.ts';
import type { Facts, Observer } from './port.ts';

interface AskedStatement {
  readonly sql: string;
  /** Set for the engine's own statements. */
  readonly name?: string;
}
type Work = (statement: AskedStatement, ...others: readonly unknown[]) => Promise<unknown>;

/**
 * Also observes connections that it opens beside itself. Attaching and detaching are not reported, since
 * those texts contain tokens.
 */
export function observedEngine(engine: Engine, observer: Observer): Engine {
  if (!observer.listens) return engine;
  const observed =
    (work: Work, factsOf: (result: never) => Facts) =>
    (statement: AskedStatement, ...others: readonly unknown[]): Promise<unknown> =>
      observer.during(
        { kind: 'statement', name: statement.name, sql: statement.sql },
        () => work(statement, ...others),
        factsOf as (result: unknown) => Facts,
      );
  const rowsOf = (rows: readonly unknown[]): Facts => ({ rows: rows.length });
  const rowsChanged = (rows: bigint): Facts => ({ rows: Number(rows) });
  return {
    ...engine,
    query: observed(engine.query as Work, rowsOf) as Engine['query'],
    execute: observed(engine.execute as Work, rowsChanged) as Engine['execute'],
    table: observed(engine.table as Work, () => ({})) as Engine['table'],
    fork: async () => observedEngine(await engine.fork(), observer),
    beside: async (options) => observedEngine(await engine.beside(options), observer),
  };
}
