/** Reads Psyberg's `--src_tables`: text -> tables with their time columns. Pure. */
import { usageError } from '../model/errors.ts';
import { parseTableName, sameTable, type TableIdentifier, tableNameProblem } from '../model/names.ts';

export interface SrcTable {
  readonly table: TableIdentifier;
  /** The column after `|`: it tells when the event happened. */
  readonly timeColumn?: string;
}

/**
 * Reads `raw.raw_cancels|processing_ts,facts.cancel_request_fact`. `bareName` finds the table of a name
 * without a namespace, which is refused where it finds none. Throws `src-tables-invalid`.
 */
export function parseSrcTables(
  text: string,
  bareName: (name: string) => TableIdentifier | undefined = () => undefined,
): readonly SrcTable[] {
  const invalid = (message: string): Error =>
    usageError('src-tables-invalid', `--src_tables: ${message}`, {
      hint: "write --src_tables='raw.raw_cancels|processing_ts,facts.cancel_request_fact'",
      context: { found: text },
    });
  const tables: SrcTable[] = [];
  for (const entry of text.split(',')) {
    const [name = '', timeColumn, ...more] = entry.split('|').map((part) => part.trim());
    if (name === '')
      throw invalid(
        text.trim() === '' ? 'names no table' : 'a table is missing between two commas or at an end',
      );
    const known = bareName(name);
    const problem = known === undefined ? tableNameProblem(name) : undefined;
    if (problem !== undefined) throw invalid(problem);
    if (more.length > 0) throw invalid(`'${entry.trim()}' has more than one |`);
    if (timeColumn === '') throw invalid(`'${entry.trim()}' names no column behind |`);
    const table = known ?? parseTableName(name);
    if (tables.some((other) => sameTable(other.table, table))) throw invalid(`${name} is there twice`);
    tables.push(Object.freeze({ table, ...(timeColumn === undefined ? {} : { timeColumn }) }));
  }
  return Object.freeze(tables);
}
