/**
 * Reads and writes names of tables: `namespace.name` in text, two fields in values. Text -> TableIdentifier
 * -> text. Pure.
 */
import { usageError } from './errors.ts';

/**
 * A table of the catalog, in the form of the Iceberg REST protocol. A project's tables have one namespace
 * level: DuckDB sees it as a schema.
 */
export interface TableIdentifier {
  readonly namespace: readonly string[];
  readonly name: string;
}

/** The rule for names of namespaces, tables, aliases and processes: these never need quotes. */
export const NAME_PATTERN = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The text of a table's name in every file, message and table that this project writes. */
export const tableName = (table: TableIdentifier): string => [...table.namespace, table.name].join('.');

/**
 * True if both name the same table. DuckDB compares names without case, so two tables must not differ only by
 * case.
 */
export const sameTable = (left: TableIdentifier, right: TableIdentifier): boolean =>
  tableKey(left) === tableKey(right);

/** A key for maps and sets of tables; equal exactly if `sameTable` is true. */
export const tableKey = (table: TableIdentifier): string => tableName(table).toLowerCase();

/** Why `text` is not a table name, or undefined if it is one. */
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

/** Whether both name one column. If the other is undefined, no column has that name. */
export const sameColumnName = (one: string, other: string | undefined): boolean =>
  one.toLowerCase() === other?.toLowerCase();
