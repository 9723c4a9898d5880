/** What the writer of data files counted of their rows, so that nobody reads them again for it. */
import type { HourRange } from './hour.ts';

export interface WriterCounts {
  readonly rows: bigint;
  /**
   * Columns in which no row is NULL, their names in lower case. Of nested columns the writer counts nothing.
   */
  readonly columnsWithoutNull: ReadonlySet<string>;
  /** The hours in which the rows of each file lie; undefined where the writer does not tell them of each. */
  readonly hours: readonly HourRange[] | undefined;
}
