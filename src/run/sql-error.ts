/**
 * DuckDB's complaints about a process's SQL, mapped back to the file. Error -> PsybergError with
 * file:line:column.
 */
import { relative } from 'node:path';
import { type Engine, type ParserVerdict, parseQuery } from '../engine/index.ts';
import { PsybergError, usageError } from '../model/errors.ts';
import type { Plan } from '../model/plan.ts';
import type { ProcessSpec, ProjectSpec, TextPosition } from '../model/process-spec.ts';
import { sourceUnreadable } from '../model/source-unreadable.ts';

/** Gives an error of the user's own query its place in the file; every other error is returned as it is. */
export function mapSqlError(
  error: unknown,
  project: Pick<ProjectSpec, 'root'>,
  spec: ProcessSpec,
  plan: Pick<Plan, 'sources'>,
): unknown {
  if (!(error instanceof PsybergError) || error.code !== 'sql-failed') return error;
  const unreadable = unreadableSource(error, plan);
  if (unreadable !== undefined) return unreadable;
  const sql = String(error.context['sql'] ?? '');
  const start = sql.indexOf(spec.sql);
  if (start < 0) return error;
  const place = placeInFile(error.message, spec, sql.slice(0, start).split('\n').length);
  const file = relative(project.root, spec.file);
  const where = place === undefined ? file : `${file}:${place.line}:${place.column}`;
  return new PsybergError('process-sql-failed', `${where} ${withoutExcerpt(error.message)}`, {
    hint: `correct the SQL of ${spec.processName} and run again; nothing was published`,
    context: { process_name: spec.processName, file, ...(place ?? {}) },
    kind: isMistake(error.message) ? 'usage' : 'unexpected',
    cause: error,
  });
}

/** A data file that is missing or damaged is no mistake of the query that reads it. */
function unreadableSource(error: PsybergError, { sources }: Pick<Plan, 'sources'>): PsybergError | undefined {
  const file =
    /^(?:IO|Invalid Input|Serialization|HTTP) Error: [^\n]*?["'`]((?:[a-z0-9]+:)?\/[^"'`\n]+\.(?:parquet|avro|puffin))["'`]/i.exec(
      error.message,
    )?.[1];
  if (file === undefined) return undefined;
  const source =
    sources.length === 1
      ? sources[0]
      : sources.find((each) => file.includes(`/${each.table.replaceAll('.', '/')}/`));
  if (source === undefined) return undefined;
  return sourceUnreadable({
    table: source.table,
    snapshotId: source.head?.snapshot_id ?? null,
    file,
    cause: error,
  });
}

/** Errors of the text itself, as against data that a correct query could not handle. */
export const isMistake = (message: string): boolean => /^(Parser|Binder|Catalog) Error/.test(message);

/**
 * DuckDB ends a message with `LINE n: text` and a caret below; of a long line it shows a part, led by dots.
 */
function placeInFile(
  message: string,
  spec: Pick<ProcessSpec, 'sql' | 'sqlOffset'>,
  queryLine: number,
): TextPosition | undefined {
  const match = /\nLINE (\d+): (.*)\n( *)\^/.exec(message);
  if (match === null) return undefined;
  const lineInQuery = Number(match[1]) - queryLine;
  const text = spec.sql.split('\n')[lineInQuery];
  if (text === undefined) return undefined;
  const excerpt = match[2] as string;
  const caret = (match[3] as string).length - `LINE ${match[1]}: `.length;
  const shown = excerpt.replace(/^\.\.\./, '').replace(/\.\.\.$/, '');
  const cut = excerpt.startsWith('...') ? text.indexOf(shown) - 3 : 0;
  const column = Math.max(0, caret + Math.max(0, cut));
  return {
    line: spec.sqlOffset.line + lineInQuery,
    column: column + (lineInQuery === 0 ? spec.sqlOffset.column : 1),
  };
}

/** The message without the excerpt: the place is given as file:line:column. */
const withoutExcerpt = (message: string): string =>
  (message.split(/\n+LINE \d+: /)[0] as string).replaceAll('\n', ' ').trim();

/**
 * Has DuckDB's parser read the process's SQL, without running or binding it. Throws `process-sql-failed` with
 * the place in the file.
 */
export async function checkSyntax(
  engine: Engine,
  project: Pick<ProjectSpec, 'root'>,
  spec: ProcessSpec,
): Promise<void> {
  const verdict = await parseQuery<ParserVerdict>(engine, spec.sql);
  if (verdict.error !== true || verdict.position === undefined) return;
  const before = Buffer.from(spec.sql).subarray(0, Number(verdict.position)).toString().split('\n');
  const line = spec.sqlOffset.line + before.length - 1;
  const column = (before.at(-1) as string).length + (before.length === 1 ? spec.sqlOffset.column : 1);
  const file = relative(project.root, spec.file);
  throw usageError('process-sql-failed', `${file}:${line}:${column} Parser Error: ${verdict.error_message}`, {
    hint: `correct the SQL of ${spec.processName} and run again; nothing was published`,
    context: { process_name: spec.processName, file, line, column },
  });
}
