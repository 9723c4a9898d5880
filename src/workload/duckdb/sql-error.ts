/**
 * Maps DuckDB's complaints about the SQL of a process or of an audit back to the file. Error -> PsybergError
 * with file:line:column.
 */
import { relative } from 'node:path';
import { placeOfByte } from '../../binding/edited-text.ts';
import { type Engine, type ParserVerdict, parseQuery } from '../../engine/index.ts';
import { PsybergError, usageError } from '../../model/errors.ts';
import type { Plan } from '../../model/plan.ts';
import type { AuditSpec, ProcessSpec, ProjectSpec, TextPosition } from '../../model/process-spec.ts';
import { sourceUnreadable } from '../../model/source-unreadable.ts';
import type { Work } from '../port.ts';
import { detailsOf, placeInTemplate, placeInText, withoutExcerpt } from './sql-faults.ts';

/** Gives an error of the user's own query its place in the file; every other error is returned as it is. */
export function mapSqlError(error: unknown, { spec, plan, root }: Work): unknown {
  if (!(error instanceof PsybergError) || error.code !== 'sql-failed') return nameProcess(error, spec);
  const unreadable = unreadableSource(error, plan) ?? otherFormat(error, plan);
  if (unreadable !== undefined) return unreadable;
  const place = placeInFile(error, { sql: spec.sql, begin: spec.sqlOffset });
  if (place === undefined) return error;
  const file = relative(root, spec.file);
  return new PsybergError(
    'process-sql-failed',
    `${file}:${placeText(place)} ${withoutExcerpt(error.message)}`,
    {
      ...detailsOf(error.message, `the SQL of ${spec.processName}`),
      context: { process_name: spec.processName, file, ...place },
      cause: error,
    },
  );
}

/**
 * Gives an error of an audit its name and its place: in its own file, or in the header of the process.
 * `columns`: those of the target, for an audit that names none of them.
 */
export function mapAuditError(
  error: unknown,
  { spec, plan, root }: Work,
  audit: AuditSpec,
  columns: readonly string[],
): unknown {
  if (!(error instanceof PsybergError) || error.code !== 'sql-failed') return error;
  const unreadable = unreadableSource(error, plan) ?? otherFormat(error, plan);
  if (unreadable !== undefined) return unreadable;
  const { sql, template } = audit;
  const own = sql !== undefined;
  const file = relative(root, audit.file ?? spec.file);
  const place = (own ? placeInFile(error, { sql, template, begin: audit.place }) : undefined) ?? audit.place;
  const details = detailsOf(error.message, own ? `the SQL of ${file}` : `the audit ${audit.name} in ${file}`);
  return new PsybergError(
    'audit-sql-failed',
    `${file}:${placeText(place)} the audit ${audit.name} of ${spec.processName} cannot be run: ${withoutExcerpt(error.message)}`,
    {
      ...details,
      ...(!own && /^Binder Error/.test(error.message)
        ? { hint: `${details.hint}; the columns of the target are ${columns.join(', ')}` }
        : {}),
      context: { process_name: spec.processName, audit: audit.name, file, ...place },
      cause: error,
    },
  );
}

const placeText = ({ line, column }: { readonly line: number; readonly column?: number }): string =>
  column === undefined ? String(line) : `${line}:${column}`;

/**
 * Says which process met an internal error of DuckDB, since those after it go on; every other error is
 * returned as it is.
 */
export function nameProcess(error: unknown, { processName }: Pick<ProcessSpec, 'processName'>): unknown {
  if (!(error instanceof PsybergError) || error.code !== 'engine-internal-error') return error;
  if ('process_name' in error.context) return error;
  return new PsybergError(error.code, `${processName}: ${error.message}; nothing was published`, {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    context: { process_name: processName, ...error.context },
    retryable: error.retryable,
    cause: error,
  });
}

/** A data file that is missing or damaged is no mistake of the query that reads it. */
function unreadableSource(
  error: PsybergError,
  { sources, target }: Pick<Plan, 'sources' | 'target'>,
): PsybergError | undefined {
  const file =
    /^(?:IO|Invalid Input|Serialization|HTTP) Error: [^\n]*?["'`]((?:[a-z0-9]+:)?\/[^"'`\n]+\.(?:parquet|avro|puffin))["'`]/i.exec(
      error.message,
    )?.[1];
  if (file === undefined) return undefined;
  const isIn = (table: string): boolean => file.includes(`/${table.replaceAll('.', '/')}/`);
  const lies = sources.find((each) => isIn(each.table));
  if (lies === undefined && isIn(target.table))
    return sourceUnreadable({
      table: target.table,
      isSource: false,
      snapshotId: target.base_snapshot_id,
      file,
      cause: error,
    });
  const source = lies ?? (sources.length === 1 ? sources[0] : undefined);
  if (source === undefined) return undefined;
  return sourceUnreadable({
    table: source.table,
    snapshotId: source.head?.snapshot_id ?? null,
    file,
    cause: error,
  });
}

/**
 * Old files of another format than Parquet, which a session reads beside the new ones. DuckDB does not say of
 * which table.
 */
function otherFormat(error: PsybergError, { sources }: Pick<Plan, 'sources'>): PsybergError | undefined {
  const format = /^Not implemented Error: File format '(\w+)' not supported/.exec(error.message)?.[1];
  if (format === undefined) return undefined;
  const tables = sources.map((source) => source.table);
  return usageError(
    'source-unsupported',
    `${tables.length === 1 ? `the source ${tables[0]}` : `one of the sources ${tables.join(', ')}`} holds data files of the format ${format}, and DuckDB reads Parquet alone`,
    {
      hint: 'rewrite its files as Parquet (table property write.format.default=parquet, then rewrite_data_files with rewrite-all in Spark); nothing was published',
      context: { tables, found: format, expected: 'PARQUET' },
      cause: error,
    },
  );
}

/**
 * The place of a failed statement's fault in the user's file; undefined when the statement does not hold that
 * text. An error of values often names no place: then it is the line in which the text begins.
 */
function placeInFile(
  { message, context }: PsybergError,
  {
    sql,
    template,
    begin,
  }: {
    readonly sql: string;
    readonly template?: string | undefined;
    readonly begin: TextPosition;
  },
): { readonly line: number; readonly column?: number } | undefined {
  const statement = String(context['sql'] ?? '');
  // The user's text comes last: behind the sources, whose statements may hold the same words.
  const start = statement.lastIndexOf(sql);
  if (start < 0) return undefined;
  const found = placeInText(message, sql, statement.slice(0, start).split('\n').length);
  if (found === undefined) return { line: begin.line };
  const place = template === undefined ? found : placeInTemplate(found, template, sql);
  return {
    line: begin.line + place.line,
    column: place.column + (place.line === 0 ? begin.column : 1),
  };
}

/**
 * Has DuckDB's parser read the process's SQL, without running or binding it. Throws `process-sql-failed` with
 * the place in the file.
 */
export async function checkSyntax(
  engine: Engine,
  project: Pick<ProjectSpec, 'root'>,
  spec: ProcessSpec,
): Promise<ParserVerdict> {
  const verdict = await parseQuery<ParserVerdict>(engine, spec.sql);
  if (verdict.error !== true || verdict.position === undefined) return verdict;
  const { line, column } = placeOfByte(spec.sql, spec.sqlOffset, Number(verdict.position));
  const file = relative(project.root, spec.file);
  throw usageError('process-sql-failed', `${file}:${line}:${column} Parser Error: ${verdict.error_message}`, {
    hint: `correct the SQL of ${spec.processName} and run again; nothing was published`,
    context: { process_name: spec.processName, file, line, column },
  });
}
