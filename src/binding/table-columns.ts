/** Finds the columns of a table, as SQL that reads it sees them. DDL -> columns, or what is wrong in it. */
import type { Binder, BoundColumn, TextFault } from '../engine/index.ts';
import type { TableIdentifier } from '../model/names.ts';
import type { ProcessSpec, SourceSpec } from '../model/process-spec.ts';
import { ddlStatements } from '../project/ddl-text.ts';
import { identifierFragment, joinedFragment, renderStatement } from '../statements/index.ts';
import { unitsOfBytes } from './edited-text.ts';

export type DdlColumns =
  | { readonly columns: readonly BoundColumn[]; readonly fault?: never }
  | {
      readonly fault: TextFault;
      /** UTF-16 units from the beginning of the text; undefined if DuckDB names no place. */
      readonly offset: number | undefined;
      /** True if the statements run, but create another table. */
      readonly isOther: boolean;
    };

/** The columns of a table that a DDL text creates. */
export async function columnsOfDdl(
  binder: Binder,
  text: string,
  { namespace, name }: TableIdentifier,
): Promise<DdlColumns> {
  const statements = ddlStatements(text);
  const schema = identifierFragment(namespace.join('.'));
  const table = joinedFragment([schema, identifierFragment(name)], '.');
  // When psyberg creates tables from such files, their namespace already exists.
  const begin = renderStatement('engine/make_schema', { schema });
  const declared = await binder.declared([begin, ...statements.map(({ sql }) => sql)], table);
  if (declared.fault === undefined) return { columns: declared.columns };
  const { fault, statement } = declared;
  const at = statement === undefined ? undefined : statements[statement - 1];
  const offset =
    at === undefined
      ? undefined
      : at.offset + (fault.byte === undefined ? 0 : unitsOfBytes(at.sql, fault.byte));
  return { fault, offset, isOther: statement === undefined };
}

/**
 * The columns that a header gives for a folder of files, with `filename` if the process names it. Undefined
 * if it gives none, or if an option of the reader may add others.
 */
export function columnsToldOfFiles(
  { files }: Pick<SourceSpec, 'files'>,
  { sql, audits }: Pick<ProcessSpec, 'sql' | 'audits'>,
): BoundColumn[] | undefined {
  if (files?.columns === undefined) return undefined;
  if (Object.keys(files.options).some((option) => /^(?:hive|filename)/i.test(option))) return undefined;
  const columns = Object.entries(files.columns).map(([name, type]) => ({ name, type }));
  const texts = [sql, ...audits.map((audit) => audit.sql ?? '')];
  const isNamed = texts.some((text) => /\bfilename\b/i.test(text));
  const isThere = columns.some(({ name }) => name.toLowerCase() === 'filename');
  return isNamed && !isThere ? [...columns, { name: 'filename', type: 'VARCHAR' }] : columns;
}
