/**
 * Parses a user's SQL with DuckDB's own parser. SQL -> tree, or the parser's error. Nothing is bound or run.
 */

import { literalFragment, statement } from '../statements/index.ts';
import type { Engine } from './engine.ts';

/** The part of it that every caller reads: what is wrong with the text, or the queries in it. */
export interface ParserVerdict {
  readonly error?: boolean;
  readonly error_message?: string;
  /** Byte offset, as text; only where the text cannot be parsed: other statements than queries have none. */
  readonly position?: string;
  readonly statements?: readonly unknown[];
}

/** The JSON of `json_serialize_sql`: `{error: true, error_message, position}` for text that is no query. */
export async function parseQuery<T>(engine: Engine, sql: string): Promise<T> {
  const [row] = await engine.query(statement('engine/parse_query', { query: literalFragment(sql) }));
  return JSON.parse(row?.tree ?? '{}') as T;
}
