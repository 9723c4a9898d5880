/** DuckDB whose statements are told. Engine -> the same, observed; as it is where nobody listens. */
import type { Engine } from '../engine/index.ts';
import type { Facts, Observer } from './port.ts';

interface AskedStatement {
  readonly sql: string;
  /** Of the engine's own statements. */
  readonly name?: string;
}
type Work = (statement: AskedStatement, ...others: readonly unknown[]) => Promise<unknown>;

/** Also what it opens beside itself. What it attaches and detaches is not told: those texts hold tokens. */
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
