/** Declares what a recompute needs of DuckDB: plain tables, and statements over them. */
import type { BoundStatement, BoundValue, ResultRows } from '../../engine/index.ts';
import {
  type FragmentsOf,
  fromJson,
  type SqlType,
  type StatementName,
  sqlTypeOf,
} from '../../statements/index.ts';
import type { TypedQuery } from './process-query.ts';

export interface RowsPort {
  /** Runs one of the engine's own statements. */
  run<Name extends StatementName>(
    statement: Name,
    fragments: FragmentsOf<Name>,
    parameters?: Readonly<Record<string, BoundValue>>,
  ): Promise<ResultRows>;
  /** Runs a user's query with its sources, and with values of the types that they state. */
  ask(query: TypedQuery): Promise<ResultRows>;
}

/** A user's query as the engine takes it. */
export function boundQuery({ sql, values }: TypedQuery): BoundStatement {
  const parameters = Object.entries(values).map(([name, { type }]) => ({
    name,
    type: sqlTypeOf(type) as SqlType,
    nullable: false,
    inside: [],
    optional: false,
  }));
  const given = Object.entries(values).map(([name, { value }]) => [name, value as BoundValue] as const);
  return {
    sql,
    parameters: fromJson(parameters, Object.fromEntries(given)),
    declared: { name: "a process's query", parameters },
  };
}
