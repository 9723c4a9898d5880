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

/** Those that may be written without brackets. */
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

/** Functions of Spark whose result is another one with each statement. */
const SPARKS_CLOCK: ReadonlySet<string> = new Set([
  ...['curdate', 'current_date', 'current_time', 'current_timestamp', 'localtimestamp', 'now'],
  'unix_timestamp',
]);
/** Those whose result is another one wherever they stand. */
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

/**
 * Whether a text of Spark SQL, of which there may be no tree, has such a function. `isAskedTwice`: one answer
 * is held against that of another statement.
 */
export function isRandomOnSpark(sql: string, { isAskedTwice }: { readonly isAskedTwice: boolean }): boolean {
  const tokens = sqlTokens(sql, 'spark').filter(({ kind }) => kind !== 'comment');
  return tokens.some(({ kind, first, end }, index) => {
    if (kind !== 'word') return false;
    const word = sql.slice(first, end).toLowerCase();
    const next = tokens[index + 1];
    const isCalled = next !== undefined && sql.slice(next.first, next.end) === '(';
    if (isCalled && SPARKS_CHANCE.has(word)) return true;
    return isAskedTwice && SPARKS_CLOCK.has(word) && (isCalled || BARE.has(word));
  });
}
