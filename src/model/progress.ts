/** Defines how far something long has come: reported by whoever works, drawn by whoever shows it. */

/** Parts of the same kind that are done one after the other. */
export interface PartsProgress {
  readonly kind: 'parts';
  /** What it is about: a process, a table, `tests`. */
  readonly subject: string;
  /** What is done: `load`, `audit`. */
  readonly action: string;
  /** How many parts are done, of `total`. */
  readonly done: number;
  readonly total: number;
  /** The name of a part: `hour`, `audit`, `group of files`, `test`. */
  readonly unit: string;
  /** Rows written so far, if they are counted. */
  readonly rows?: bigint;
}

/** The running statement, as far as DuckDB tells. */
export interface StatementProgress {
  readonly kind: 'statement';
  /** 0..100. */
  readonly percent: number;
}

export type WorkProgress = PartsProgress | StatementProgress;
