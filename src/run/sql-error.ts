/** DuckDB's complaints about a process's SQL, mapped back to the file. Error -> PsybergError with file:line:column. Pure. */
import { PsybergError } from '../model/errors.ts';
import type { Plan } from '../model/plan.ts';
import type { ProcessSpec, TextPosition } from '../model/process-spec.ts';

/** Gives an error of the user's own query its place in the file; every other error is returned as it is. */
export function mapSqlError(error: unknown, plan: Plan, spec: ProcessSpec): unknown {
  if (!(error instanceof PsybergError) || error.code !== 'sql-failed') return error;
  const sql = String(error.context['sql'] ?? '');
  const start = sql.indexOf(spec.sql);
  if (start < 0) return error;
  const queryLine = sql.slice(0, start).split('\n').length;
  const place = placeInFile(error.message, spec, queryLine);
  const where = place === undefined ? spec.file : `${spec.file}:${place.line}:${place.column}`;
  return new PsybergError('process-sql-failed', `${where} ${firstLines(error.message)}`, {
    hint: `correct the SQL of ${plan.process_name} and run again; nothing was published`,
    context: { process_name: plan.process_name, file: spec.file, ...(place ?? {}) },
    exitCode: isMistake(error.message) ? 2 : 1,
    cause: error,
  });
}

/** Errors of the text itself, as against data that a correct query could not handle. */
const isMistake = (message: string): boolean => /^(Parser|Binder|Catalog) Error/.test(message);

/** DuckDB ends a message with `LINE n: text` and a caret below; a long line is cut, and then starts with dots. */
export function placeInFile(message: string, spec: Pick<ProcessSpec, 'sqlOffset'>, queryLine: number): TextPosition | undefined {
  const match = /\nLINE (\d+): (.*)\n( *)\^/.exec(message);
  if (match === null) return undefined;
  const lineInQuery = Number(match[1]) - queryLine;
  if (lineInQuery < 0) return undefined;
  const label = `LINE ${match[1]}: `.length;
  const column = (match[3] as string).length - label + 1;
  const cut = (match[2] as string).startsWith('...');
  return {
    line: spec.sqlOffset.line + lineInQuery,
    column: cut || column < 1 ? 1 : lineInQuery === 0 ? column + spec.sqlOffset.column - 1 : column,
  };
}

/** The message without the excerpt: the place is given as file:line:column. */
const firstLines = (message: string): string => (message.split('\n\nLINE ')[0] as string).replaceAll('\n', ' ').trim();

