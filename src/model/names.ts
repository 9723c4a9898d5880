/**
 * Names of tables: `namespace.name` in text, two fields in values. Text -> TableIdentifier -> text. Pure.
 */
import { usageError } from './errors.ts';

/**
 * A table of the catalog, in the shape of the Iceberg REST protocol. A project's tables have one namespace
 * level: DuckDB sees it as a schema.
 */
export interface TableIdentifier {
  readonly namespace: readonly string[];
  readonly name: string;
}

/**
 * The rule that names of namespaces, tables, aliases and processes follow; quoting is then never needed by a
 * person.
 */
export const NAME_PATTERN = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The text of a table's name, as in every file, message and table that this project writes. */
export const tableName = (table: TableIdentifier): string => [...table.namespace, table.name].join('.');

/**
 * True when both name the same table. DuckDB compares names without case, so two tables may not differ by
 * case alone.
 */
export const sameTable = (left: TableIdentifier, right: TableIdentifier): boolean =>
  tableKey(left) === tableKey(right);

/** A key for maps and sets of tables; equal exactly when `sameTable` is true. */
export const tableKey = (table: TableIdentifier): string => tableName(table).toLowerCase();

/** Says why `text` is no table name, or undefined when it is one. */
export function tableNameProblem(text: string): string | undefined {
  const parts = text.split('.');
  if (parts.length !== 2) return `a table is named namespace.table, found '${text}'`;
  const bad = parts.find((part) => !NAME_PATTERN.test(part));
  return bad === undefined
    ? undefined
    : `a name holds letters, digits and _, and starts with no digit, found '${bad}' in '${text}'`;
}

/** Reads `namespace.table`. Throws `table-name-invalid` for anything else. */
export function parseTableName(text: string): TableIdentifier {
  const problem = tableNameProblem(text);
  if (problem !== undefined)
    throw usageError('table-name-invalid', problem, {
      hint: 'write the table as namespace.table, for example raw.raw_cancels',
      context: { found: text },
    });
  const [namespace, name] = text.split('.') as [string, string];
  return Object.freeze({ namespace: Object.freeze([namespace]), name });
}

/**
 * The tag on a source that keeps the snapshot of the process's watermark from being expired. Branches of
 * sessions are named `psyberg_<process>_<session id>`.
 */
export const protectionTag = (processName: string): string => `psyberg_${processName}`;

/** Whether both name one column. Of none a column has the name. */
export const sameColumnName = (one: string, other: string | undefined): boolean =>
  one.toLowerCase() === other?.toLowerCase();
