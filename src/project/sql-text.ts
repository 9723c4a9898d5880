/**
 * Checks one SQL text of the project, a process's query or an audit's. SQL with its place -> problems and the
 * query alone. Pure.
 */
import { NAME_PATTERN } from '../model/names.ts';
import { PARAMETER_NAMES, type ParameterUse, type TextPosition } from '../model/process-spec.ts';
import { scanSql } from '../model/scan-sql.ts';
import { type SqlSyntax, sqlTokens } from '../model/sql-tokens.ts';
import { didYouMean } from './did-you-mean.ts';
import { positionAt, type ReportProblem } from './problems.ts';

export interface QueryText {
  /** Without surrounding white space and the closing semicolon, but with leading comments. */
  readonly sql: string;
  readonly sqlOffset: TextPosition;
  readonly parameters: readonly ParameterUse[];
  /** Every `{{name}}`, by its offset in `sql`. */
  readonly placeholders: readonly ParameterUse[];
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

export interface QueryTextOptions {
  /** The offset in the text at which the SQL begins. */
  readonly first: number;
  /** What the SQL belongs to, for messages. */
  readonly what: string;
  /** What it may name as `$name`, besides the engine's own parameters. */
  readonly named: ReadonlySet<string>;
  /** Default: DuckDB's. */
  readonly syntax?: SqlSyntax;
  readonly report: ReportProblem;
}

/** Reads the SQL in `text`. */
export function readQueryText(text: string, options: QueryTextOptions): QueryText {
  const { what, report, syntax = 'duckdb' } = options;
  const names = [...PARAMETER_NAMES, ...options.named];
  const rest = text.slice(options.first);
  const scan = scanSql(rest, syntax);
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
  if (syntax === 'spark') refuseDoubleQuotes(rest, (offset) => report(place(offset), ...DOUBLE_QUOTES));
  for (const { name, offset } of scan.parameters)
    if (!names.includes(name)) report(place(offset), ...unknownParameter(name, names));
  const start = rest.length - rest.trimStart().length;
  // After the semicolon there are only comments and white space. Without one, a line comment at the end
  // stays.
  const end = statement?.semicolon ?? rest.length;
  const sql = rest.slice(start, end).trimEnd();
  return {
    sql,
    sqlOffset: place(start),
    parameters: scan.parameters
      .filter(({ name }) => names.includes(name))
      .map(({ name, offset }) => ({ name, offset: offset - start })),
    placeholders: scan.placeholders.map(({ name, offset }) => ({ name, offset: offset - start })),
  };
}

/**
 * In a session's statements double quotes mean names, as in standard SQL. Spark by default reads them as
 * texts, and a text with the name of a column would then be read as that column.
 */
const DOUBLE_QUOTES: [message: string, hint: string] = [
  'double quotes mean a text to Spark by itself, and a name in standard SQL',
  "write '…' for a text, and `…` for a name",
];

function refuseDoubleQuotes(sql: string, refuse: (offset: number) => void): void {
  for (const { first } of sqlTokens(sql, 'spark'))
    if (/^(?:[rR])?"/.test(sql.slice(first, first + 2))) refuse(first);
}

/** What is wrong with an undeclared parameter, and what to do. */
export function unknownParameter(name: string, names: readonly string[]): [message: string, hint: string] {
  const known = names.map((each) => `$${each}`);
  if (name === '?') return ["a parameter must have a name, found '?'", `parameters: ${known.join(', ')}`];
  const nearest = didYouMean(`$${name}`, known, 'parameters');
  return [
    `unknown parameter $${name}`,
    NAME_PATTERN.test(name)
      ? `${nearest.replace(/\?$/, '')}; or set a variable in psyberg.yaml: vars: { ${name}: … }`
      : nearest,
  ];
}
