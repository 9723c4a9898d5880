/** Reads the tables, aliases and pattern that a header names, before it is known to be right. Pure. */
import { PATTERNS, type PatternKind } from '../kinds/patterns/index.ts';
import { NAME_PATTERN, tableNameProblem } from '../model/names.ts';
import { PATTERN_NAMES, type Pattern } from '../model/process-spec.ts';
import { isMap, textOf } from './plain-values.ts';

/** Names that the engine gives its own tables inside a process's SQL and audits. */
export const RESERVED_ALIASES: Readonly<Record<string, string>> = Object.freeze({
  staged: 'the rows that the session staged',
  target: 'the whole staged table',
  previous: "the target's rows of the hour before",
});

/** The name of a table, if it can be one. */
export const tableOf = (value: unknown): string | undefined =>
  typeof value === 'string' && tableNameProblem(value) === undefined ? value : undefined;

/** The alias of a source in SQL: as written, otherwise the last part of the table's name. */
export function aliasOf(source: unknown): string | undefined {
  if (!isMap(source)) return undefined;
  const alias = textOf(source['alias']);
  if (alias !== undefined) return NAME_PATTERN.test(alias) ? alias : undefined;
  return source['alias'] === undefined ? tableOf(source['table'])?.split('.').at(-1) : undefined;
}

/** The pattern by name or number, from `pattern` or else `etl_pattern_id`; undefined if that is none. */
export function writtenPattern(header: Readonly<Record<string, unknown>>): Pattern | undefined {
  const written = header['pattern'] ?? header['etl_pattern_id'];
  return PATTERN_NAMES.find((name) => written === name || written === PATTERNS[name].etlPatternId);
}

/** The pattern's kind, which has its rules. */
export const kindOf = (pattern: Pattern | undefined): PatternKind | undefined =>
  pattern === undefined ? undefined : PATTERNS[pattern];
