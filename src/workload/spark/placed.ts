/**
 * Spark's complaints about the SQL of a process or of an audit, with their places in the file. Error ->
 * error.
 */
import { relative } from 'node:path';
import { PsybergError, usageError } from '../../model/errors.ts';
import type { AuditSpec, TextPosition } from '../../model/process-spec.ts';
import type { Work } from '../port.ts';
import { sparkText } from './literals.ts';

/** Classes of SQLSTATE that are the statement's own, or that of the values that it meets. */
const OWN = /^(?:21|22|42|0A)/;
/** Spark before 4.0 tells no SQLSTATE: what of its conditions is nobody's SQL. */
const OF_SERVER = /^\[(?:INTERNAL_ERROR|INVALID_HANDLE)/;

export function placedError({ spec, root }: Work, error: unknown): unknown {
  if (!isOfSql(error)) return error;
  return complaint(error, {
    code: 'process-sql-failed',
    file: relative(root, spec.file).replaceAll('\\', '/'),
    place: placeIn(error, spec.sql, spec.sqlOffset),
    what: `the SQL of ${spec.processName}`,
    context: { process_name: spec.processName },
  });
}

export function placedAuditError({ spec, root }: Work, audit: AuditSpec, error: unknown): unknown {
  if (!isOfSql(error)) return error;
  const place = audit.sql === undefined ? audit.place : placeIn(error, audit.sql, audit.place);
  return complaint(error, {
    code: 'audit-sql-failed',
    file: relative(root, audit.file ?? spec.file).replaceAll('\\', '/'),
    place,
    what: `the audit ${audit.name}`,
    context: { process_name: spec.processName, audit: audit.name },
  });
}

function isOfSql(error: unknown): error is PsybergError {
  if (!(error instanceof PsybergError) || error.code !== 'sql-failed') return false;
  const state = /SQLSTATE: (\w{5})/.exec(error.message)?.[1];
  return state === undefined ? !OF_SERVER.test(error.message) : OWN.test(state);
}

interface Complaint {
  readonly code: 'process-sql-failed' | 'audit-sql-failed';
  readonly file: string;
  readonly place: TextPosition;
  readonly what: string;
  readonly context: Readonly<Record<string, unknown>>;
}

function complaint(error: PsybergError, { code, file, place, what, context }: Complaint): PsybergError {
  return usageError(code, `${file}:${place.line}:${place.column} ${error.message}`, {
    hint: `correct ${what}, which is Spark SQL, and run again; nothing was published`,
    context: { ...context, file, ...place },
    cause: error,
  });
}

/** Where Spark points to in the statement, as a place in the file that `text` begins in at `begin`. */
function placeIn(error: PsybergError, text: string, begin: TextPosition): TextPosition {
  const { sql, line, column } = error.context;
  if (typeof sql !== 'string' || typeof line !== 'number' || typeof column !== 'number') return begin;
  const at = sql.indexOf(sparkText(text));
  if (at < 0) return begin;
  const before = sql.slice(0, at).split('\n');
  const lines = line - before.length;
  if (lines < 0 || lines >= text.split('\n').length) return begin;
  if (lines > 0) return { line: begin.line + lines, column };
  return { line: begin.line, column: begin.column + column - 1 - (before.at(-1) as string).length };
}
