/** Functions of DuckDB that the parse tree tells like any other. Names. */

/** Those that make one value of many rows: the names of `duckdb_functions()` for aggregates. */
export const AGGREGATES: ReadonlySet<string> = new Set(
  `any_value approx_count_distinct approx_quantile approx_top_k arbitrary arg_max arg_max_null
   arg_max_nulls_last arg_min arg_min_null arg_min_nulls_last argmax argmin array_agg avg bit_and bit_or bit_xor
   bitstring_agg bool_and bool_or corr count count_if count_star countif covar_pop covar_samp entropy favg first
   fsum group_concat histogram histogram_exact kahan_sum kurtosis kurtosis_pop last list listagg mad max max_by
   mean median min min_by mode product quantile quantile_cont quantile_disc regr_avgx regr_avgy regr_count
   regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy reservoir_quantile sem skewness stddev
   stddev_pop stddev_samp string_agg sum sum_no_overflow sumkahan var_pop var_samp variance`.split(/\s+/),
);

/** Those that take a function, `x -> x + 1`. */
export const LAMBDA_FUNCTIONS: ReadonlySet<string> = new Set(
  `apply array_apply array_filter array_reduce array_transform filter list_apply list_filter list_reduce
   list_transform reduce`.split(/\s+/),
);

/** Those that make rows of one value, also in a select list. */
export const ROW_MAKERS: ReadonlySet<string> = new Set(['unnest', 'unlist', 'generate_subscripts']);
