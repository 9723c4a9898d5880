/**
 * Describes the columns with which Parquet files of any age are read: found by field id, named and typed as
 * the table has them now. Schema -> fragment. Pure.
 */
import { DUCKDB_TYPES } from './duckdb-types.ts';
import { quoteIdentifier, quoteLiteral, type SqlFragment, statementFragment } from './quote.ts';

/** An Iceberg type as metadata write it, as far as reading needs it: a name, or a struct, list or map. */
export type NestedType =
  | string
  | {
      readonly type: 'struct';
      readonly fields: readonly { readonly name: string; readonly type: NestedType }[];
    }
  | { readonly type: 'list'; readonly element: NestedType }
  | { readonly type: 'map'; readonly key: NestedType; readonly value: NestedType };

/** A column as metadata describe it. */
export interface FileColumn {
  readonly id: number;
  readonly name: string;
  readonly type: NestedType;
  /** The value in rows of files that lack the column (Iceberg specification, "Default values"). */
  readonly 'initial-default'?: unknown;
}

/**
 * `map {1: {name: 'id', type: 'bigint', …}, …}`: the `schema` of read_parquet; undefined if DuckDB has no
 * counterpart for a type.
 */
export function fileSchemaFragment(fields: readonly FileColumn[]): SqlFragment | undefined {
  const entries: string[] = [];
  for (const field of fields) {
    const type = duckdbTypeName(field.type);
    if (type === undefined) return undefined;
    entries.push(
      `${Number(field.id)}: {name: ${quoteLiteral(field.name)}, type: ${quoteLiteral(type)}, default_value: ${defaultOf(field)}}`,
    );
  }
  return statementFragment(`map {${entries.join(', ')}}`);
}

/**
 * A text, which DuckDB casts to the column's type. JSON writes bytes differently, and members of structs have
 * defaults of their own.
 */
function defaultOf({ type, 'initial-default': value }: FileColumn): string {
  const isSpelled =
    typeof type === 'string' &&
    type !== 'binary' &&
    !type.startsWith('fixed') &&
    ['string', 'number', 'bigint', 'boolean'].includes(typeof value);
  return isSpelled ? quoteLiteral(String(value)) : 'null';
}

/** DuckDB's name of a column's type; undefined if it has none. */
export function duckdbTypeName(type: NestedType): string | undefined {
  if (typeof type === 'string')
    return (
      DUCKDB_TYPES[type] ??
      (/^decimal\(\d+, ?\d+\)$/.test(type) ? type : /^fixed\[\d+\]$/.test(type) ? 'blob' : undefined)
    );
  if (type.type === 'list') return suffixed(duckdbTypeName(type.element), '[]');
  if (type.type === 'map') {
    const [key, value] = [duckdbTypeName(type.key), duckdbTypeName(type.value)];
    return key === undefined || value === undefined ? undefined : `map(${key}, ${value})`;
  }
  const members = type.fields.map((field) => ({ name: field.name, type: duckdbTypeName(field.type) }));
  return members.some((member) => member.type === undefined)
    ? undefined
    : `struct(${members.map((member) => `${quoteIdentifier(member.name)} ${member.type}`).join(', ')})`;
}

/** The columns of a table as DuckDB's SQL sees them; undefined if DuckDB lacks the type of one. */
export function duckdbColumns(
  fields: readonly Pick<FileColumn, 'name' | 'type'>[],
): { readonly name: string; readonly type: string }[] | undefined {
  const columns = fields.map(({ name, type }) => ({ name, type: duckdbTypeName(type) }));
  return columns.every((column): column is { name: string; type: string } => column.type !== undefined)
    ? columns
    : undefined;
}

const suffixed = (text: string | undefined, suffix: string): string | undefined =>
  text === undefined ? undefined : text + suffix;
