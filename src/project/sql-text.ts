/**
 * Checks one SQL text of the project, a process's query or an audit's. SQL with its place -> problems and the
 * query alone. Pure.
 */
import {
  PARAMETER_NAMES,
  type ParameterName,
  type ParameterUse,
  type TextPosition,
} from '../model/process-spec.ts';
import { scanSql } from '../model/scan-sql.ts';
import { didYouMean } from './did-you-mean.ts';
import { positionAt, type ReportProblem } from './problems.ts';

export interface QueryText {
  /** Without surrounding white space, leading comments kept, and without the closing semicolon. */
  readonly sql: string;
  readonly sqlOffset: TextPosition;
  readonly parameters: readonly ParameterUse[];
}

const NOT_A_QUERY = new Set([
  'alter',
  'analyze',
  'attach',
  'begin',
  'call',
  'checkpoint',
  'commit',
  'copy',
  'create',
  'delete',
  'detach',
  'drop',
  'execute',
  'explain',
  'export',
  'import',
  'insert',
  'install',
  'load',
  'merge',
  'pragma',
  'prepare',
  'reset',
  'rollback',
  'set',
  'truncate',
  'update',
  'use',
  'vacuum',
]);
const isParameterName = (name: string): name is ParameterName =>
  (PARAMETER_NAMES as readonly string[]).includes(name);

/** Reads the SQL that stands in `text` from `first` on. `what` says whose it is, for the messages. */
export function readQueryText(
  text: string,
  options: { readonly first: number; readonly what: string; readonly report: ReportProblem },
): QueryText {
  const { what, report } = options;
  const rest = text.slice(options.first);
  const scan = scanSql(rest);
  const place = (offset: number): TextPosition => positionAt(text, options.first + offset);
  const [statement, second] = scan.statements;
  if (scan.unclosed !== undefined)
    report(place(scan.unclosed.offset), `this ${scan.unclosed.what} is never closed`);
  if (statement === undefined) {
    if (scan.unclosed === undefined)
      report(place(rest.length), `the SQL of ${what} is empty`, 'write one select statement');
  } else if (NOT_A_QUERY.has(statement.firstWord)) {
    report(
      place(statement.first),
      `the SQL of ${what} must be a query, found '${statement.firstWord}'`,
      'write only the select; the engine does the rest',
    );
  } else if (second !== undefined) {
    report(
      place(second.first),
      `the SQL of ${what} holds more than one statement`,
      'keep one query; use "with … as (…)" for steps',
    );
  }
  for (const { name, offset } of scan.parameters) {
    if (isParameterName(name)) continue;
    const known = PARAMETER_NAMES.map((parameter) => `$${parameter}`);
    if (name === '?')
      report(place(offset), "a parameter must have a name, found '?'", `parameters: ${known.join(', ')}`);
    else report(place(offset), `unknown parameter $${name}`, didYouMean(`$${name}`, known, 'parameters'));
  }
  const start = rest.length - rest.trimStart().length;
  // Behind the semicolon only comments and white space are left. Without one, a closing line comment stays.
  const end = statement?.semicolon ?? rest.length;
  const sql = rest.slice(start, end).trimEnd();
  return {
    sql,
    sqlOffset: place(start),
    parameters: scan.parameters.flatMap(({ name, offset }) =>
      isParameterName(name) ? [{ name, offset: offset - start }] : [],
    ),
  };
}
