/** How two snapshots of a table differ. Plain JSON: the object of `diff --json`. */

/** An hour in which rows differ. Counts as text. */
export interface DiffHour {
  /** Its start, UTC; null for rows without an event time, and where rows have none. */
  readonly hour: string | null;
  readonly added: string;
  readonly removed: string;
  readonly changed: string;
}

export type DiffRow = Readonly<Record<string, unknown>>;

/** Two rows of one key. */
export interface DiffChange {
  readonly from: DiffRow;
  readonly to: DiffRow;
  /** The columns in which they differ. */
  readonly columns: readonly string[];
}

export interface TableDiff {
  readonly table: string;
  /** Snapshot ids; null: the table before its first snapshot. */
  readonly from: string | null;
  readonly to: string | null;
  /** What was asked for: a branch, a tag, or the id. */
  readonly from_name: string;
  readonly to_name: string;
  /** The columns that tell which row is which; null: a changed row is one removed and one added. */
  readonly key: readonly string[] | null;
  readonly added: string;
  readonly removed: string;
  readonly changed: string;
  /** Ascending; an hour without a difference is not among them. */
  readonly hours: readonly DiffHour[];
  readonly sample: {
    readonly added: readonly DiffRow[];
    readonly removed: readonly DiffRow[];
    readonly changed: readonly DiffChange[];
  };
  /** Data files that were read of each, and those that both have and nobody read. */
  readonly files: { readonly from: number; readonly to: number; readonly shared: number };
  /** What a reader has to know of it, a sentence each. */
  readonly notes: readonly string[];
}
