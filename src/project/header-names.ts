/** What a header says of its tables, aliases and pattern, before it is known to be right. Pure. */
import { PATTERNS, type PatternKind } from '../kinds/patterns/index.ts';
import { NAME_PATTERN, tableNameProblem } from '../model/names.ts';
import { PATTERN_NAMES, type Pattern } from '../model/process-spec.ts';
import { isMap, textOf } from './plain-values.ts';

/** Names that the engine gives to tables of its own inside a process's SQL and audits. */
export const RESERVED_ALIASES: Readonly<Record<string, string>> = Object.freeze({
  staged: 'the rows that the session staged',
  target: 'the whole staged table',
  previous: "the target's rows of the hour before",
});

/** The name of a table, where it can be one. */
export const tableOf = (value: unknown): string | undefined =>
  typeof value === 'string' && tableNameProblem(value) === undefined ? value : undefined;

/** A source's alias as the SQL sees it: as written, else the last part of the table's name. */
export function aliasOf(source: unknown): string | undefined {
  if (!isMap(source)) return undefined;
  const alias = textOf(source['alias']);
  if (alias !== undefined) return NAME_PATTERN.test(alias) ? alias : undefined;
  return source['alias'] === undefined ? tableOf(source['table'])?.split('.').at(-1) : undefined;
}

/** The pattern by its name or its number, of which the first counts; undefined when neither says one. */
export function writtenPattern(header: Readonly<Record<string, unknown>>): Pattern | undefined {
  const written = header['pattern'] ?? header['etl_pattern_id'];
  return PATTERN_NAMES.find((name) => written === name || written === PATTERNS[name].etlPatternId);
}

/** What follows from it. */
export const kindOf = (pattern: Pattern | undefined): PatternKind | undefined =>
  pattern === undefined ? undefined : PATTERNS[pattern];
