/** The columns of a source by the names that they had when its rows were loaded, and by those of now. */

export interface SourceNames {
  /** Under which the query sees it. */
  readonly alias: string;
  /** In their order of now; those that were dropped at the end. */
  readonly columns: readonly NamedColumn[];
}

export interface NamedColumn {
  /** What it is whatever it is called; no two columns of a source have one. */
  readonly column: string;
  /** DuckDB's own name of its type. */
  readonly type: string;
  /** Undefined: it came since. */
  readonly before: string | undefined;
  /** Undefined: it was dropped. */
  readonly after: string | undefined;
  /** Its place of then, from 0. */
  readonly placeBefore?: number;
  /** True where rows of files from before it came have a value all the same (Iceberg's `initial-default`). */
  readonly fillsOldRows?: boolean;
}
