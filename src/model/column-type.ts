/**
 * Defines the type of a column that a query returns, split into its parts. Plain data; read from DuckDB's
 * text by `engine/`.
 */
import { sqlName } from './sql-name.ts';

export type ColumnType =
  /** DuckDB's name: `BIGINT`, `DECIMAL(10,2)`, `TIMESTAMP WITH TIME ZONE`, `"NULL"` for an untyped NULL. */
  | { readonly kind: 'plain'; readonly name: string }
  | { readonly kind: 'struct'; readonly members: readonly QueryColumn[] }
  | { readonly kind: 'list'; readonly element: ColumnType }
  | { readonly kind: 'map'; readonly key: ColumnType; readonly value: ColumnType };

export interface QueryColumn {
  readonly name: string;
  readonly type: ColumnType;
}

/** The type as DuckDB writes it, for messages and DDL. */
export function columnTypeText(type: ColumnType): string {
  switch (type.kind) {
    case 'plain':
      return type.name;
    case 'list':
      return `${columnTypeText(type.element)}[]`;
    case 'map':
      return `MAP(${columnTypeText(type.key)}, ${columnTypeText(type.value)})`;
    case 'struct':
      return `STRUCT(${type.members.map(({ name, type: of }) => `${memberName(name)}${columnTypeText(of)}`).join(', ')})`;
  }
}

/** A struct made by `row(…)` has members without names. */
const memberName = (name: string): string => (name === '' ? '' : `${sqlName(name)} `);
