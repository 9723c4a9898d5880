/** Defines how two snapshots of a table differ. Plain JSON: the object of `diff --json`. */

/** An hour in which rows differ. Counts as text. */
export interface DiffHour {
  /** Its start, UTC; null for rows without an event time, and if no event time is known. */
  readonly hour: string | null;
  readonly added: string;
  readonly removed: string;
  readonly changed: string;
}

export type DiffRow = Readonly<Record<string, unknown>>;

/** Two rows with the same key. */
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
  /** The columns that identify a row; null: a changed row counts as one removed and one added. */
  readonly key: readonly string[] | null;
  readonly added: string;
  readonly removed: string;
  readonly changed: string;
  /** Ascending; only hours with a difference. */
  readonly hours: readonly DiffHour[];
  readonly sample: {
    readonly added: readonly DiffRow[];
    readonly removed: readonly DiffRow[];
    readonly changed: readonly DiffChange[];
  };
  /** Data files read for each snapshot, and those that both have, which were not read. */
  readonly files: { readonly from: number; readonly to: number; readonly shared: number };
  /** What a reader must know about it, one sentence each. */
  readonly notes: readonly string[];
}
