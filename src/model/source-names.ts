/**
 * Defines the columns of a source by the names that they had when its rows were loaded, and by their present
 * names.
 */

export interface SourceNames {
  /** The name under which the query sees the source. */
  readonly alias: string;
  /** In their present order; dropped ones at the end. */
  readonly columns: readonly NamedColumn[];
}

export interface NamedColumn {
  /** Identifies the column whatever its name; unique within a source. */
  readonly column: string;
  /** DuckDB's own name of its type. */
  readonly type: string;
  /** Undefined if it was added since. */
  readonly before: string | undefined;
  /** Undefined if it was dropped. */
  readonly after: string | undefined;
  /** Its position at that time, from 0. */
  readonly placeBefore?: number;
  /** True if rows of files that lack the column still have a value in it (Iceberg's `initial-default`). */
  readonly fillsOldRows?: boolean;
}
