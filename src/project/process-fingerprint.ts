/**
 * Sums up in one value what decides the rows of a process: its query with macros and variables put in, its
 * sources with their windows, and the target's event time and partitions. ProcessSpec + the query's tree ->
 * SHA-256. Pure. Audits change no row and are left out, and so is the name: a renamed process has the same
 * fingerprint.
 */
import { createHash } from 'node:crypto';
import { patternOf } from '../kinds/patterns/index.ts';
import { engineOf } from '../model/engines.ts';
import type { ProcessSql } from '../model/hours-made.ts';
import { tableName } from '../model/names.ts';
import type { MacroSpec, ProcessSpec, SourceSpec, TypedValue } from '../model/process-spec.ts';
import { isTreeNode } from '../model/query-tree.ts';
import { type SqlSyntax, type SqlToken, sqlTokens } from '../model/sql-tokens.ts';
import { macrosUsed } from './read-macros.ts';

/** If this number changes, the SQL of every process counts as changed. */
const VERSION = 1;

/** SHA-256 in hex of how the process is written: cheap, and only good to see that nothing changed at all. */
export function textSha256Of(spec: ProcessSpec): string {
  const { sql } = spec;
  return sha256([
    VERSION,
    sql,
    macrosOf(spec).map(({ definition }) => definition),
    valuesOf(spec),
    headOf(spec),
  ]);
}

/**
 * `tree`: of the process's query, from `json_serialize_sql`; undefined for a query that DuckDB does not
 * serialize, which is then compared word by word.
 */
export function processSqlOf(spec: ProcessSpec, tree: unknown): ProcessSql {
  const values = valuesOf(spec);
  const query = isTreeNode(tree) && tree['error'] !== true ? meaning(tree, new Map(values)) : undefined;
  const macros = macrosOf(spec).map(({ definition }) => wordsOf(definition));
  const words = wordsOf(spec.sql, engineOf(spec));
  const parts = [VERSION, query ?? [words, values], longNumbers(spec.sql), macros, headOf(spec)];
  return { fingerprint: sha256(parts), textSha256: textSha256Of(spec) };
}

const sha256 = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');

/** Ordered by name: it does not matter in which files they are. */
const macrosOf = ({ sql, macros = [] }: ProcessSpec): MacroSpec[] =>
  macrosUsed([sql], macros).toSorted((left, right) => (left.name < right.name ? -1 : 1));

/** The variables that the query names; one that only an audit names changes no row. */
function valuesOf({ parameters, variables = {} }: ProcessSpec): [string, TypedValue][] {
  const named = new Set(parameters.map(({ name }) => name));
  return Object.entries(variables)
    .filter(([name]) => named.has(name))
    .sort(([left], [right]) => (left < right ? -1 : 1));
}

function headOf(spec: ProcessSpec): unknown {
  const { target } = spec;
  return {
    hour_by_hour: patternOf(spec).readsPrevious,
    ...(engineOf(spec) === 'duckdb' ? {} : { engine: engineOf(spec) }),
    sources: spec.sources.map(sourceOf).sort((left, right) => (left.alias < right.alias ? -1 : 1)),
    event_time: target.eventTime?.toLowerCase() ?? null,
    partition_by: target.partitionBy.map(({ transform, column, argument = null }) => [
      transform,
      column.toLowerCase(),
      argument,
    ]),
  };
}

const sourceOf = ({ table, alias, eventTime, eventTimeUnit, window, lookup, files }: SourceSpec) => ({
  alias: alias.toLowerCase(),
  table: tableName(table).toLowerCase(),
  event_time: eventTime?.toLowerCase() ?? null,
  unit: eventTimeUnit ?? null,
  window:
    window === undefined ? null : [window.beforeHours, window.afterHours, window.key?.toLowerCase() ?? null],
  lookup: lookup !== undefined,
  files:
    files === undefined
      ? null
      : [files.globs, files.format, byName(files.columns ?? {}), byName(files.options)],
});

const byName = (values: Readonly<Record<string, unknown>>): [string, unknown][] =>
  Object.entries(values).sort(([left], [right]) => (left < right ? -1 : 1));

/**
 * The tree without the places of its parts, and with the values of variables instead of their names. Keys in
 * one order.
 */
function meaning(value: unknown, values: ReadonlyMap<string, TypedValue>): unknown {
  if (Array.isArray(value)) return value.map((each) => meaning(each, values));
  if (!isTreeNode(value)) return value;
  if (value['class'] === 'PARAMETER') {
    const variable = values.get(String(value['identifier']));
    if (variable !== undefined) return { class: 'VARIABLE', alias: value['alias'], ...variable };
  }
  // An expression's alias becomes the name of a column, while that of a table only serves as a reference.
  const isTable = value['class'] === undefined;
  const keys = Object.keys(value).filter((key) => !PLACES.has(key));
  return Object.fromEntries(
    keys
      .sort()
      .map((key) => [
        key,
        REFERENCES.has(key) || (isTable && key === 'alias')
          ? folded(value[key], values)
          : meaning(value[key], values),
      ]),
  );
}

/** Where names refer to something: DuckDB finds it whatever their case. */
const REFERENCES: ReadonlySet<string> = new Set([
  'column_names',
  'table_name',
  'schema_name',
  'catalog_name',
  'relation_name',
  'exclude_list',
  'using_columns',
  'key',
]);

function folded(value: unknown, values: ReadonlyMap<string, TypedValue>): unknown {
  if (Array.isArray(value)) return value.map((each) => folded(each, values));
  return typeof value === 'string' ? value.toLowerCase() : meaning(value, values);
}

/** Where a part is in the text, and which parameter comes first in it. */
const PLACES: ReadonlySet<string> = new Set(['query_location', 'named_param_map']);

/** Numbers with more digits than JavaScript can hold: in the tree they have been rounded. */
const longNumbers = (sql: string): string[] =>
  sqlTokens(sql).flatMap((token) => {
    const text = sql.slice(token.first, token.end);
    return token.kind === 'number' && text.length > 15 ? [text] : [];
  });

/** The words of a text, without comments and white space; unquoted ones in lower case. */
const wordsOf = (sql: string, syntax: SqlSyntax = 'duckdb'): string[] =>
  sqlTokens(sql, syntax)
    .filter(({ kind }) => kind !== 'comment')
    .map(({ kind, first, end }) => {
      const text = sql.slice(first, end);
      return FOLDED.has(kind) ? text.toLowerCase() : text;
    });

const FOLDED: ReadonlySet<SqlToken['kind']> = new Set(['word', 'number']);

/** The text that is kept of the SQL: macros and variables that it uses, then the query as written. */
export function sqlTextOf(spec: ProcessSpec): string {
  const values = valuesOf(spec).map(([name, { value }]) => `-- $${name} = ${JSON.stringify(value)}`);
  const macros = macrosOf(spec).map(({ definition }) => `create macro ${definition};`);
  return [...values, ...macros, spec.sql].join('\n');
}
