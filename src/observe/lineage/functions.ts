/** Names functions of DuckDB that look like any other in the parse tree, but are not. */

/** Functions that take a function, `x -> x + 1`. */
export const LAMBDA_FUNCTIONS: ReadonlySet<string> = new Set(
  `apply array_apply array_filter array_reduce array_transform filter list_apply list_filter list_reduce
   list_transform reduce`.split(/\s+/),
);

/** Functions that make several rows of one value, even in a select list. */
export const ROW_MAKERS: ReadonlySet<string> = new Set(['unnest', 'unlist', 'generate_subscripts']);
