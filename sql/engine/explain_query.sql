-- @name engine/explain_query
-- What: the plan of a query as DuckDB explains it, as JSON: which columns of which tables it scans. It is not run.
explain (format json)
{{query}}
