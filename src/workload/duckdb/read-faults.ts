/**
 * Finds what a user's query reads and must not. Query + tree -> faults with their places. Pure. It may read
 * only its relations, by itself or through macros: anything else is pinned to nothing, in no plan and in no
 * order.
 */
import { relative } from 'node:path';
import { placeOfByte } from '../../binding/edited-text.ts';
import { LAKE_CATALOG } from '../../model/engines.ts';
import { parseTableName, sameTable, tableNameProblem } from '../../model/names.ts';
import type { ProcessSpec, SourceSpec, TextPosition } from '../../model/process-spec.ts';
import { unquoted } from '../../model/scan-sql.ts';
import { type MacroTables, tablesNamed } from './macro-reads.ts';
import { hiddenRead, type StrangeRead, strangeReads } from './tables-read.ts';
import type { UserQuery } from './user-queries.ts';

export interface ReadFault extends TextPosition {
  readonly code: 'table-not-declared' | 'macro-table-undeclared';
  /** Relative to the project. */
  readonly file: string;
  readonly message: string;
  readonly hint: string;
  /** As the query names it; null where it does not. */
  readonly table: string | null;
}

export interface JudgedQuery {
  /** Of the project. */
  readonly root: string;
  readonly spec: ProcessSpec;
  readonly query: UserQuery;
  /** As DuckDB's parser gives it; undefined where it gives none. */
  readonly tree: unknown;
  /** The project's macros. */
  readonly macros: MacroTables;
  /** The tables that DuckDB would read for it, where they are known. */
  readonly found?: readonly string[];
}

/** In the order of the text, what is named to macros before the rest. */
export function readFaults(judged: JudgedQuery): ReadFault[] {
  const { query, tree, macros, found = [] } = judged;
  const named = tablesNamed(tree, macros).flatMap((each) => faultOfNamed(judged, each));
  const given = new Set(query.relations.map((name) => name.toLowerCase()));
  const known = new Set(macros.keys());
  const reads = tree === undefined ? unreadTree(query) : strangeReads(tree, given, known);
  const isTold = named.length > 0 || reads.length > 0;
  const hidden = isTold ? undefined : hiddenRead(found, tree, given);
  return [
    ...named,
    ...(hidden === undefined ? reads : [hidden]).map(
      (read): ReadFault => ({
        code: 'table-not-declared',
        ...placeInFile(judged, read.offset),
        message: `${query.what} reads ${described(read)}`,
        hint: hintFor(judged, read),
        table: read.name,
      }),
    ),
  ];
}

function faultOfNamed(
  judged: JudgedQuery,
  { name, at }: ReturnType<typeof tablesNamed>[number],
): ReadFault[] {
  const { kind, relations } = judged.query;
  // The columns of `previous` are found by the names that the query itself reads of it.
  const allowed = relations.filter((each) => each !== 'previous');
  if (name !== undefined && allowed.some((each) => each.toLowerCase() === unquoted(name).toLowerCase()))
    return [];
  return [
    {
      code: 'macro-table-undeclared',
      ...placeInFile(judged, at),
      message:
        name === undefined
          ? 'the name of a table that a macro reads must stand there as text'
          : `a macro is to read ${name}, which is no table of this query`,
      hint: kind === 'expression' ? OF_A_ROW : tableHint(judged, name, allowed),
      table: name ?? null,
    },
  ];
}

function tableHint({ query }: JudgedQuery, name: string | undefined, allowed: readonly string[]): string {
  return name?.toLowerCase() === 'previous' && query.relations.includes('previous')
    ? 'read previous in the query itself, such as in a CTE, and name that to the macro'
    : `declare it under sources: and name its alias; the tables are ${allowed.join(', ')}`;
}

const OF_A_ROW = 'an expression reads only the columns of its row; write a query into audits/';

/** A text that DuckDB runs and does not show, such as a pivot over values that only its rows tell. */
function unreadTree({ sql }: UserQuery): StrangeRead[] {
  const at = sql.search(/\bpivot\b/i);
  return at < 0 ? [] : [{ kind: 'function', name: 'pivot', offset: Buffer.byteLength(sql.slice(0, at)) }];
}

/** Of a table that is there, perhaps. */
const AS_IT_IS = ': it would be read as it happens to be, in no plan and in no order';

function described({ kind, name }: StrangeRead): string {
  if (kind === 'file') return `the file '${name}', and a process reads its sources alone`;
  if (kind === 'table') return `${name}, which is none of its sources${name.includes('.') ? AS_IT_IS : ''}`;
  return name === 'pivot'
    ? 'a pivot whose columns depend on its rows, and what it reads cannot be told'
    : `what ${name}() reads, and a process reads its sources alone`;
}

function hintFor({ spec, query }: JudgedQuery, { kind, name }: StrangeRead): string {
  if (query.kind === 'expression') return OF_A_ROW;
  const known = `${query.kind === 'audit' ? 'an audit' : 'its query'} sees ${query.relations.join(', ')}`;
  if (kind === 'function' && name === 'pivot')
    return 'name the values: pivot … on column in (…); or write sum(…) filter (…) for each';
  if (kind !== 'table') return `load the file into a table, and name that under sources; ${known}`;
  const parts = name.split('.');
  const isOfLake = parts.length === 2 || (parts.length === 3 && parts[0]?.toLowerCase() === LAKE_CATALOG);
  const table = isOfLake ? parts.slice(-2).join('.') : undefined;
  if (table === undefined || tableNameProblem(table) !== undefined) return known;
  const id = parseTableName(table);
  if (sameTable(id, spec.target.table)) return `a process may not read its own target; ${known}`;
  const source = spec.sources.find((each) => sameTable(each.table, id));
  return source === undefined ? linesToAdd(table, spec.sources) : `write ${source.alias} in place of ${name}`;
}

/** The lines of a source, and how the query then names it. */
function linesToAdd(table: string, sources: readonly SourceSpec[]): string {
  const { name } = parseTableName(table);
  const isTaken = sources.some(({ alias }) => alias.toLowerCase() === name.toLowerCase());
  const alias = isTaken ? `${name}_2` : name;
  const lines = [`- table: ${table}`, ...(isTaken ? [`  alias: ${alias}`] : [])];
  return [
    `write ${alias} in the query, and add under sources:`,
    ...[...lines, '  lookup: true       # a table without hours, read whole'].map((line) => `      ${line}`),
    '    or, for a table of events, event_time: COLUMN in place of lookup: true',
  ].join('\n');
}

/** `byte`: of the query; where none is known, and in an expression, the place is where it begins. */
function placeInFile(
  { root, query: { sql, begin, file, kind } }: JudgedQuery,
  byte: number | undefined,
): { readonly file: string } & TextPosition {
  const place = byte === undefined || kind === 'expression' ? begin : placeOfByte(sql, begin, byte);
  return { file: relative(root, file).replaceAll('\\', '/'), ...place };
}
