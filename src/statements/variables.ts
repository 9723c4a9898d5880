/**
 * Rewrites a statement for a client that binds no values: `$name` becomes the variable of that name.
 * Statement -> statement, value -> literal. Pure. When DuckDB plans a statement it replaces a variable by its
 * value, so files are skipped by it like by a bound value.
 */
import { scanSql } from '../model/scan-sql.ts';
import type { DeclaredParameter, SqlType } from './header.ts';
import { quoteLiteral } from './quote.ts';

/** Every `$name` outside strings and comments as `getvariable('name')`. */
export function withVariables(sql: string): string {
  let text = sql;
  for (const { name, offset } of scanSql(sql).parameters.toReversed()) {
    const written = /^\$("[^"]*"|[\w\u0080-\uffff]+)/.exec(sql.slice(offset))?.[0] ?? '';
    text = `${text.slice(0, offset)}getvariable(${quoteLiteral(name)})${text.slice(offset + written.length)}`;
  }
  return text;
}

/** The values that a literal may have; hours and other moments are ISO texts, integers may be texts. */
export type LiteralValue = string | number | boolean | null | readonly string[];

/** A value as SQL text, of the type that a header declares; if none is given, of its own type. */
export function literalText(value: LiteralValue, declared?: Pick<DeclaredParameter, 'type'>): string {
  return literalOf(value, declared?.type);
}

function literalOf(value: LiteralValue, type: SqlType | undefined): string {
  if (value === null) return 'null';
  if (typeof value === 'object') {
    const items = value.map((item) => literalOf(item, type?.kind === 'list' ? type.item : undefined));
    return `[${items.join(', ')}]${type?.kind === 'list' && isBigint(type.item) ? '::bigint[]' : ''}`;
  }
  if (typeof value !== 'string') return String(value);
  if (type?.kind === 'scalar' && type.name === 'TIMESTAMP')
    return `timestamp ${quoteLiteral(value.replace('T', ' ').replace(/Z$/, ''))}`;
  return type !== undefined && isBigint(type) && /^-?\d+$/.test(value) ? value : quoteLiteral(value);
}

const isBigint = (type: SqlType): boolean => type.kind === 'scalar' && type.name === 'BIGINT';
