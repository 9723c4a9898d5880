/** How far something long has come: told by who works, drawn by who shows it. */

/** Parts of equal kind that are done one after the other. */
export interface PartsProgress {
  readonly kind: 'parts';
  /** Of what: a process, a table, `tests`. */
  readonly subject: string;
  /** What is done: `load`, `audit`. */
  readonly action: string;
  /** Parts that are done, of `total`. */
  readonly done: number;
  readonly total: number;
  /** One part: `hour`, `audit`, `group of files`, `test`. */
  readonly unit: string;
  /** Rows that were written so far, where they are counted. */
  readonly rows?: bigint;
}

/** The statement that runs now, as far as DuckDB knows. */
export interface StatementProgress {
  readonly kind: 'statement';
  /** 0..100. */
  readonly percent: number;
}

export type WorkProgress = PartsProgress | StatementProgress;
