/**
 * The tables of a session under its own catalog: sources cut to what changed, the target on its branch, and
 * what checks look at. DuckDB sees a change with its next statement.
 */
import type { SessionTables, SessionViews, ViewTable } from '../catalog/index.ts';
import { sameTable, type TableIdentifier, tableName } from '../model/names.ts';

export interface SessionView {
  /** Shows these tables, in place of those that had their names. */
  show(tables: readonly ViewTable[]): void;
  /** Shows the target under another schema from now on. */
  useSchema(target: TableIdentifier, schemaId: number): void;
  /** Says that files of its views lie beside that table, so that whoever may read it may read them. */
  putListsBeside(table: TableIdentifier): void;
  close(): void;
}

/**
 * `readOnly`: nobody commits through it, not even to a branch. `holdsBranch`: that of its name is nobody
 * else's to see.
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
