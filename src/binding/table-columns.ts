/** The columns of tables, as the SQL that reads them sees them. DDL or Iceberg schema -> columns. */
import type { Binder, BoundColumn, TextFault } from '../engine/index.ts';
import { currentSchema } from '../iceberg/event-time.ts';
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import type { TableIdentifier } from '../model/names.ts';
import { ddlStatements } from '../project/ddl-text.ts';
import { duckdbTypeName, identifierFragment, joinedFragment, type NestedType } from '../statements/index.ts';
import { unitsOfBytes } from './edited-text.ts';

/** Undefined when a type has no counterpart in DuckDB: a query of it cannot be judged here. */
export function columnsOfTable(metadata: TableMetadata): BoundColumn[] | undefined {
  const columns = currentSchema(metadata).fields.map(({ name, type }) => ({
    name,
    type: duckdbTypeName(type as NestedType),
  }));
  return columns.every((column): column is BoundColumn => column.type !== undefined) ? columns : undefined;
}

export type DdlColumns =
  | { readonly columns: readonly BoundColumn[]; readonly fault?: never }
  | {
      readonly fault: TextFault;
      /** UTF-16 units from the beginning of the text; undefined where DuckDB names no place. */
      readonly offset: number | undefined;
      /** True where the statements run, but create another table. */
      readonly isOther: boolean;
    };

/** The columns of a table that a text of DDL creates. */
export async function columnsOfDdl(
  binder: Binder,
  text: string,
  { namespace, name }: TableIdentifier,
): Promise<DdlColumns> {
  const statements = ddlStatements(text);
  const table = joinedFragment([namespace.join("."), name].map(identifierFragment), ".");
  const declared = await binder.declared(
    statements.map(({ sql }) => sql),
    table,
  );
  if (declared.fault === undefined) return { columns: declared.columns };
  const { fault, statement } = declared;
  const at = statement === undefined ? undefined : statements[statement];
  const offset =
    at === undefined ? undefined : at.offset + (fault.byte === undefined ? 0 : unitsOfBytes(at.sql, fault.byte));
  return { fault, offset, isOther: statement === undefined };
}
