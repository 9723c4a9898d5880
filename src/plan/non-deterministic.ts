/** What in a query gives another result each time. Tree -> calls. Pure. */

import type { MacroSpec } from '../model/process-spec.ts';
import { isTreeNode, lowerText, lowerTexts, type TreeNode, treeNodes } from '../model/query-tree.ts';
import { macrosThatUse } from '../model/rows-together.ts';
import { sqlTokens } from '../model/sql-tokens.ts';

/**
 * Functions whose result is another one with each query, or each row. A test compares them with those that
 * DuckDB itself does not call consistent.
 */
export const NON_DETERMINISTIC: ReadonlySet<string> = new Set([
  ...['current_date', 'current_time', 'current_timestamp', 'localtime', 'localtimestamp'],
  ...['now', 'today', 'transaction_timestamp', 'get_current_time', 'get_current_timestamp'],
  ...['random', 'setseed', 'uuid', 'uuidv4', 'uuidv7', 'gen_random_uuid'],
  ...['nextval', 'currval', 'txid_current', 'current_transaction_id', 'current_query_id'],
  ...['current_query', 'current_connection_id', 'current_database', 'current_schema', 'current_schemas'],
  ...['in_search_path', 'stats', 'write_log', 'sleep_ms', 'error'],
]);

/** Functions that may be written without brackets. */
const BARE: ReadonlySet<string> = new Set([
  ...['current_date', 'current_time', 'current_timestamp', 'localtime', 'localtimestamp'],
]);
/** They are not consistent for another reason than their result. */
const HARMLESS: ReadonlySet<string> = new Set(['error', 'sleep_ms', 'write_log']);
const NEVER_THE_SAME: ReadonlySet<string> = new Set(
  [...NON_DETERMINISTIC].filter((name) => !HARMLESS.has(name)),
);

/** A call, with its place in the tree. */
export interface NonDeterministicCall {
  readonly node: TreeNode;
  /** As a reader knows it, such as `now()`. */
  readonly called: string;
}

/** `isColumn`: whether a source has a column of that name, in lower case. `macros`: those of the project. */
export function nonDeterministicCalls(
  tree: unknown,
  isColumn: (name: string) => boolean,
  macros: readonly MacroSpec[],
): NonDeterministicCall[] {
  const ofMacros = macrosThatUse(macros, { calls: NEVER_THE_SAME, words: BARE });
  return treeNodes(tree).flatMap((node) => {
    const called = callOf(node, isColumn, ofMacros);
    return called === undefined ? [] : [{ node, called }];
  });
}

function callOf(
  node: TreeNode,
  isColumn: (name: string) => boolean,
  macros: ReadonlySet<string>,
): string | undefined {
  if (node['class'] === 'COLUMN_REF') {
    const [name = '', ...more] = lowerTexts(node['column_names']);
    return more.length === 0 && BARE.has(name) && !isColumn(name) ? name : undefined;
  }
  if (isTreeNode(node['sample']) && Number(node['sample']['seed'] ?? -1) < 0) return 'a sample';
  const name = lowerText(node['function_name']);
  if (node['class'] !== 'FUNCTION' || HARMLESS.has(name)) return undefined;
  const count = Array.isArray(node['children']) ? node['children'].length : 0;
  // With one argument it counts from today.
  if (name === 'age' && count === 1) return 'age() of one argument';
  return NON_DETERMINISTIC.has(name) || macros.has(name) ? `${name}()` : undefined;
}

/** Whether a call is the same wherever it stands in a statement. `called`: as a reader knows it. */
export const isClockOfDuckDb = (called: string): boolean =>
  /^(?:current_date|current_time|current_timestamp|localtime|localtimestamp|now|today|transaction_timestamp|get_current_time|get_current_timestamp)(?:\(\))?$/.test(
    called,
  ) || called.startsWith('age()');

/** Functions of Spark whose result is another one with each statement. */
const SPARKS_CLOCK: ReadonlySet<string> = new Set([
  ...['curdate', 'current_date', 'current_time', 'current_timestamp', 'localtimestamp', 'now'],
  'unix_timestamp',
]);
/** Functions of Spark that return something else at each place and for each row. */
const SPARKS_CHANCE: ReadonlySet<string> = new Set([
  ...[
    'java_method',
    'monotonically_increasing_id',
    'rand',
    'randn',
    'random',
    'randstr',
    'reflect',
    'shuffle',
  ],
  ...['spark_partition_id', 'uniform', 'uuid'],
]);

const SAMPLE = 'a sample';

/** A call in a text of Spark SQL. */
interface SparkCall {
  /** As a reader knows it, such as `now()`. */
  readonly called: string;
  /** Where it begins in the text. */
  readonly first: number;
  /** Whether it is the same wherever it stands in a statement. */
  readonly isClock: boolean;
}

/** The calls of such functions in a text of Spark SQL, of which there may be no tree. */
export function randomCallsOnSpark(sql: string): SparkCall[] {
  const tokens = sqlTokens(sql, 'spark').filter(({ kind }) => kind !== 'comment');
  const text = (index: number): string => {
    const token = tokens[index];
    return token === undefined ? '' : sql.slice(token.first, token.end).toLowerCase();
  };
  return tokens.flatMap(({ kind, first }, index): SparkCall[] => {
    if (kind !== 'word') return [];
    const word = text(index);
    const isCalled = text(index + 1) === '(';
    if (word === 'tablesample')
      return isSampleByChance(text, index + 1) ? [{ called: SAMPLE, first, isClock: false }] : [];
    const [isClock, isChance] = [SPARKS_CLOCK.has(word), SPARKS_CHANCE.has(word)];
    // With an argument, `unix_timestamp` returns the same each time.
    const isOfNow = word !== 'unix_timestamp' || text(index + 2) === ')';
    if (isCalled ? isChance || (isClock && isOfNow) : isClock && BARE.has(word) && text(index - 1) !== '.')
      return [{ called: isCalled ? `${word}()` : word, first, isClock }];
    return [];
  });
}

interface PlacedCall {
  readonly node: TreeNode;
  readonly isClock: boolean;
}

/** The same calls in a tree of such a text, as DuckDB's parser gives it. */
export const sparkCallsIn = (tree: unknown): PlacedCall[] =>
  treeNodes(tree).flatMap((node): PlacedCall[] => {
    const [bare = '', ...more] = node['class'] === 'COLUMN_REF' ? lowerTexts(node['column_names']) : [];
    if (more.length === 0 && BARE.has(bare)) return [{ node, isClock: true }];
    const name = node['class'] === 'FUNCTION' ? lowerText(node['function_name']) : '';
    const isOfNow =
      name !== 'unix_timestamp' || !Array.isArray(node['children']) || node['children'].length === 0;
    if (SPARKS_CHANCE.has(name)) return [{ node, isClock: false }];
    return SPARKS_CLOCK.has(name) && isOfNow ? [{ node, isClock: true }] : [];
  });

/**
 * True for a sample of a share of the rows without a seed, which takes others each time. A sample of a number
 * of rows takes the first.
 */
function isSampleByChance(text: (index: number) => string, opened: number): boolean {
  let at = opened;
  let isShare = false;
  while (text(at) !== ')' && text(at) !== '') {
    isShare ||= ['percent', 'bucket'].includes(text(at));
    at += 1;
  }
  return isShare && text(at + 1) !== 'repeatable';
}

/**
 * Whether a text of Spark SQL has such a call. A sample is none: of its rows others are to be refused.
 * `isAskedTwice`: one answer is held against that of another statement.
 */
export const isRandomOnSpark = (sql: string, { isAskedTwice }: { readonly isAskedTwice: boolean }): boolean =>
  randomCallsOnSpark(sql).some(({ called, isClock }) => called !== SAMPLE && (isAskedTwice || !isClock));
