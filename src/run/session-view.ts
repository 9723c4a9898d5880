/**
 * The tables that a session's own catalog shows: sources cut down to what changed, the target on its branch,
 * and what checks look at. Tables -> view of the catalog; DuckDB sees a change with its next statement.
 */
import type { SessionTables, SessionViews, ViewTable } from '../catalog/index.ts';
import { sameTable, type TableIdentifier, tableName } from '../model/names.ts';

export interface SessionView {
  /** Adds these tables, replacing those of the same names. */
  show(tables: readonly ViewTable[]): void;
  /** Shows the target under another schema from now on. */
  useSchema(target: TableIdentifier, schemaId: number): void;
  /** Says that files of its views lie beside this table: who may read the table may then read them too. */
  putListsBeside(table: TableIdentifier): void;
  close(): void;
}

/**
 * Opens an empty view. `readOnly`: no commit goes through it, not even to a branch. `holdsBranch`: nobody
 * else sees the branch of its name.
 */
export function sessionView(
  views: SessionViews,
  name: string,
  { readOnly = false, holdsBranch = false }: Pick<SessionTables, 'readOnly' | 'holdsBranch'> = {},
): SessionView {
  const shown = new Map<string, ViewTable>();
  const beside = new Map<string, TableIdentifier>();
  let schema: { readonly target: TableIdentifier; readonly schemaId: number } | undefined;
  const open = (): void => {
    const tables = [...shown.values()].map((each) =>
      schema !== undefined && sameTable(each.table, schema.target)
        ? { ...each, schemaId: schema.schemaId }
        : each,
    );
    views.open({ name, tables, readOnly, holdsBranch, listsBeside: [...beside.values()] });
  };
  return {
    show(tables) {
      for (const each of tables) shown.set(tableName(each.identifier), each);
      open();
    },
    useSchema(target, schemaId) {
      schema = { target, schemaId };
      if (shown.size > 0) open();
    },
    putListsBeside(table) {
      if (beside.has(tableName(table))) return;
      beside.set(tableName(table), table);
      if (shown.size > 0) open();
    },
    close: () => views.close(name),
  };
}
