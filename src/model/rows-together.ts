/** Finds what in a query makes one row out of several. RowNames and nodes of DuckDB's parser. Pure. */
import type { MacroSpec } from './process-spec.ts';
import { isTreeNode, lowerText, type TreeNode } from './query-tree.ts';
import { sqlTokens } from './sql-tokens.ts';

/**
 * DuckDB's aggregate functions, and its macros over them, which a test compares with those that it has; then
 * Spark's with other names.
 */
export const AGGREGATES: ReadonlySet<string> = new Set([
  ...['any_value', 'approx_count_distinct', 'approx_quantile', 'approx_top_k', 'arbitrary', 'arg_max'],
  ...['arg_max_null', 'arg_max_nulls_last', 'arg_min', 'arg_min_null', 'arg_min_nulls_last', 'argmax'],
  ...['argmin', 'array_agg', 'avg', 'bit_and', 'bit_or', 'bit_xor', 'bitstring_agg', 'bool_and', 'bool_or'],
  ...['corr', 'count', 'count_if', 'count_star', 'countif', 'covar_pop', 'covar_samp', 'entropy', 'favg'],
  ...['first', 'fsum', 'geomean', 'geometric_mean', 'group_concat', 'histogram', 'histogram_exact'],
  ...['json_group_array', 'json_group_object', 'json_group_structure', 'kahan_sum', 'kurtosis'],
  ...['kurtosis_pop', 'last', 'list', 'listagg', 'mad', 'max', 'max_by', 'mean', 'median', 'min', 'min_by'],
  ...['mode', 'product', 'quantile', 'quantile_cont', 'quantile_disc', 'regr_avgx', 'regr_avgy'],
  ...['regr_count', 'regr_intercept', 'regr_r2', 'regr_slope', 'regr_sxx', 'regr_sxy', 'regr_syy'],
  ...['reservoir_quantile', 'sem', 'skewness', 'stddev', 'stddev_pop', 'stddev_samp', 'string_agg', 'sum'],
  ...['sum_no_overflow', 'sumkahan', 'var_pop', 'var_samp', 'variance', 'wavg', 'weighted_avg'],
  ...['approx_percentile', 'collect_list', 'collect_set', 'count_min_sketch', 'every', 'histogram_numeric'],
  ...['hll_sketch_agg', 'percentile', 'percentile_approx', 'std', 'try_avg', 'try_sum'],
]);

/** Aggregates whose result is one of the values that they are given. */
export const CHOOSING_AGGREGATES: ReadonlySet<string> = new Set(['any_value', 'first', 'last', 'max', 'min']);

/** Nodes of an expression, except those of subqueries, which have rows of their own. */
export function ownNodes(value: unknown): TreeNode[] {
  if (Array.isArray(value)) return value.flatMap(ownNodes);
  if (!isTreeNode(value) || value['class'] === 'SUBQUERY') return [];
  return [value, ...Object.values(value).flatMap(ownNodes)];
}

/** `macros`: names of the project's macros that make one row out of several. */
export const isAggregateCall = (node: TreeNode, macros: ReadonlySet<string>): boolean => {
  const name = lowerText(node['function_name']);
  return node['class'] === 'FUNCTION' && (AGGREGATES.has(name) || macros.has(name));
};

export const isWindow = (node: TreeNode): boolean => node['class'] === 'WINDOW';

const TOGETHER_WORDS: ReadonlySet<string> = new Set([
  ...['distinct', 'except', 'group', 'having', 'intersect', 'limit', 'over', 'pivot', 'qualify', 'sample'],
  'tablesample',
]);

/**
 * The project's macros, in lower case, whose text makes one row out of several, or that use such a macro.
 * Judged only by their words: a macro that does so with rows of its own counts, too.
 */
export const macrosTogether = (macros: readonly MacroSpec[]): ReadonlySet<string> =>
  macrosThatUse(macros, { calls: AGGREGATES, words: TOGETHER_WORDS });

/**
 * What is searched for in a macro: functions that it calls, and words that stand for themselves. In lower
 * case.
 */
interface UsedWords {
  readonly calls: ReadonlySet<string>;
  readonly words: ReadonlySet<string>;
}

/** The macros, in lower case, whose text contains one of these, or that use such a macro. */
export function macrosThatUse(macros: readonly MacroSpec[], { calls, words }: UsedWords): Set<string> {
  const used = new Map(
    macros.map(({ name, definition }) => [name.toLowerCase(), wordsOf(definition)] as const),
  );
  const found = new Set<string>();
  const isOne = ({ word, isCalled }: MacroWord): boolean =>
    words.has(word) || (isCalled && (calls.has(word) || found.has(word)));
  for (let before = -1; before < found.size; ) {
    before = found.size;
    for (const [name, each] of used) if (each.some(isOne)) found.add(name);
  }
  return found;
}

interface MacroWord {
  readonly word: string;
  /** Columns may have the names of functions. */
  readonly isCalled: boolean;
}

function wordsOf(definition: string): MacroWord[] {
  const tokens = sqlTokens(definition).filter(({ kind }) => kind !== 'comment');
  return tokens.flatMap(({ kind, first, end }, index) => {
    const next = tokens[index + 1];
    const isCalled = next !== undefined && definition.slice(next.first, next.end) === '(';
    // The macro's own name comes first.
    return kind === 'word' && index > 0
      ? [{ word: definition.slice(first, end).toLowerCase(), isCalled }]
      : [];
  });
}
