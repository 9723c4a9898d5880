-- @name engine/without_optimizers
-- What: plans are compared as they were bound, but for columns that nothing reads: what folds expressions, or makes filters of a scan
--       out of them, gives plans that DuckDB 1.5.5 does not write as JSON, and other ones for the same text.
set disabled_optimizers = 'expression_rewriter,statistics_propagation,filter_pushdown,regex_range,in_clause,compressed_materialization'
