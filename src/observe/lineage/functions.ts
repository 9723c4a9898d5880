/** Functions of DuckDB that the parse tree tells like any other. Names. */

/** Those that take a function, `x -> x + 1`. */
export const LAMBDA_FUNCTIONS: ReadonlySet<string> = new Set(
  `apply array_apply array_filter array_reduce array_transform filter list_apply list_filter list_reduce
   list_transform reduce`.split(/\s+/),
);

/** Those that make rows of one value, also in a select list. */
export const ROW_MAKERS: ReadonlySet<string> = new Set(['unnest', 'unlist', 'generate_subscripts']);
