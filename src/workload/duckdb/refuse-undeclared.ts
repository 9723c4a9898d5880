/**
 * Whether the SQL of a process, and of its audits, reads its sources alone. Query -> nothing, or
 * `table-not-declared` with the place and the lines to add. What a query names beside them is pinned to
 * nothing, in no plan and in no order.
 */
import { relative } from 'node:path';
import { type Engine, type ParserVerdict, parseQuery } from '../../engine/index.ts';
import { patternOf } from '../../kinds/patterns/index.ts';
import { usageError } from '../../model/errors.ts';
import { parseTableName, sameTable, tableNameProblem } from '../../model/names.ts';
import type { ProcessSpec, ProjectSpec, SourceSpec, TextPosition } from '../../model/process-spec.ts';
import { hiddenRead, type StrangeRead, strangeReads } from './tables-read.ts';

/** One query of the user's. */
interface UserQuery {
  readonly sql: string;
  readonly begin: TextPosition;
  /** Absolute path. */
  readonly file: string;
  /** Relations that it sees besides the sources. */
  readonly own: readonly string[];
  /** For messages. */
  readonly what: string;
}

/** `tree`: of the process's query. Throws `table-not-declared`. */
export async function refuseUndeclared(
  engine: Engine,
  project: Pick<ProjectSpec, 'root'>,
  spec: ProcessSpec,
  tree: ParserVerdict,
): Promise<void> {
  const { sql, sqlOffset: begin, file, processName } = spec;
  const own = patternOf(spec).readsPrevious ? ['previous'] : [];
  refuseReads(engine, { project, spec, tree }, { sql, begin, file, own, what: processName });
  for (const audit of spec.audits) {
    if (audit.sql === undefined) continue;
    const query = {
      sql: audit.sql,
      begin: audit.place,
      file: audit.file ?? file,
      own: ['staged', 'target'],
      what: `the audit ${audit.name} of ${processName}`,
    };
    const parsed = await parseQuery<ParserVerdict>(engine, audit.sql);
    // What DuckDB cannot parse it says when the audit runs.
    refuseReads(engine, { project, spec, tree: parsed }, query);
  }
}

interface Asked {
  readonly project: Pick<ProjectSpec, 'root'>;
  readonly spec: ProcessSpec;
  readonly tree: ParserVerdict;
}

function refuseReads(engine: Engine, { project, spec, tree }: Asked, query: UserQuery): void {
  const given = new Set([...spec.sources.map(({ alias }) => alias), ...query.own].map(lowerCase));
  const [read] = tree.error === true ? unreadTree(query, tree) : strangeReads(tree, given);
  const found = read ?? hiddenRead(engine.tableNames(query.sql), tree, given);
  if (found === undefined) return;
  const place = placeOf(query, found);
  const file = relative(project.root, query.file);
  throw usageError(
    'table-not-declared',
    `${file}:${place.line}:${place.column} ${query.what} reads ${described(found)}`,
    {
      hint: hintFor(spec, found, query),
      context: { process_name: spec.processName, table: found.name, file, ...place },
    },
  );
}

const lowerCase = (text: string): string => text.toLowerCase();

/** A text that DuckDB runs and does not show, such as a pivot over values that only its rows tell. */
const unreadTree = ({ sql }: UserQuery, { position }: ParserVerdict): StrangeRead[] =>
  position === undefined && /\bpivot\b/i.test(sql)
    ? [{ kind: 'function', name: 'pivot', offset: Buffer.byteLength(sql.slice(0, sql.search(/\bpivot\b/i))) }]
    : [];

function described({ kind, name }: StrangeRead): string {
  if (kind === 'file') return `the file '${name}', and a process reads its sources alone`;
  if (kind === 'table')
    return `${name}, which is none of its sources: it would be read as it happens to be, in no plan and in no order`;
  return name === 'pivot'
    ? 'a pivot whose columns depend on its rows, and what it reads cannot be told'
    : `what ${name}() reads, and a process reads its sources alone`;
}

function hintFor(spec: ProcessSpec, { kind, name }: StrangeRead, { own }: UserQuery): string {
  const aliases = [...spec.sources.map(({ alias }) => alias), ...own];
  const known = `${own.includes('staged') ? 'an audit' : 'its query'} sees ${aliases.join(', ')}`;
  if (kind === 'function' && name === 'pivot')
    return 'name the values: pivot … on column in (…); or write sum(…) filter (…) for each';
  if (kind !== 'table') return `load the file into a table, and name that under sources; ${known}`;
  const parts = name.split('.');
  const isOfLake = parts.length === 2 || (parts.length === 3 && parts[0]?.toLowerCase() === 'lake');
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

/** Where a read stands in its file; without a place of its own, where its query begins. */
function placeOf({ sql, begin }: UserQuery, { offset }: StrangeRead): TextPosition {
  if (offset === undefined) return begin;
  const before = Buffer.from(sql).subarray(0, offset).toString().split('\n');
  const column = (before.at(-1) as string).length + (before.length === 1 ? begin.column : 1);
  return { line: begin.line + before.length - 1, column };
}
