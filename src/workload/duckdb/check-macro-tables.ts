/**
 * The tables that a process's SQL, and that of its audits, names to macros: only those that it may read
 * anyway. ProcessSpec + macros -> nothing, or an error with its place.
 */
import { relative } from 'node:path';
import { type Engine, parseQuery } from '../../engine/index.ts';
import { usageError } from '../../model/errors.ts';
import type { ProcessSpec, TextPosition } from '../../model/process-spec.ts';
import { unquoted } from '../../model/scan-sql.ts';
import { macroTables } from './define-macros.ts';
import { tablesNamed } from './macro-reads.ts';
import { placeOfByte } from './sql-error.ts';

interface Checked {
  /** The project's folder. */
  readonly root: string;
  readonly spec: ProcessSpec;
  /** The process's query as DuckDB's parser gives it. */
  readonly tree: unknown;
}

/**
 * Throws `macro-table-undeclared`. `previous` is not among the tables: its columns are found by the names
 * that the query itself reads of it.
 */
export async function checkMacroTables(engine: Engine, { root, spec, tree }: Checked): Promise<void> {
  if (spec.macros === undefined) return;
  const aliases = spec.sources.map(({ alias }) => alias);
  const text = { sql: spec.sql, begin: spec.sqlOffset, file: relative(root, spec.file) };
  refuseOthers(engine, { ...text, tree, allowed: aliases });
  for (const { sql, file, place, ...audit } of spec.audits) {
    const { expression } = audit as { readonly expression?: string };
    if (sql !== undefined && file !== undefined)
      refuseOthers(engine, {
        sql,
        begin: place,
        file: relative(root, file),
        tree: await parseQuery(engine, sql),
        allowed: [...aliases, 'staged', 'target'],
      });
    else if (expression !== undefined)
      refuseOthers(engine, {
        sql: '',
        begin: place,
        file: text.file,
        tree: await parseQuery(engine, `select ${expression}`),
        allowed: [],
      });
  }
}

interface Text {
  readonly sql: string;
  readonly begin: TextPosition;
  readonly file: string;
  readonly tree: unknown;
  readonly allowed: readonly string[];
}

function refuseOthers(engine: Engine, { sql, begin, file, tree, allowed }: Text): void {
  for (const { name, at } of tablesNamed(tree, macroTables(engine))) {
    if (name !== undefined && allowed.some((each) => each.toLowerCase() === unquoted(name).toLowerCase()))
      continue;
    const { line, column } = placeOfByte(sql, at, begin);
    throw usageError(
      'macro-table-undeclared',
      name === undefined
        ? `${file}:${line}:${column} the name of a table that a macro reads must stand there as text`
        : `${file}:${line}:${column} a macro is to read ${name}, which is no table of this query`,
      {
        hint:
          allowed.length === 0
            ? 'an expression reads only the columns of its row; write a query into audits/'
            : `declare it under sources: and name its alias; the tables are ${allowed.join(', ')}`,
        context: { file, line, column, table: name ?? null },
      },
    );
  }
}
