/**
 * Defines what the writer of data files has counted about their rows, so that they need not be read again for
 * it.
 */
import type { HourRange } from './hour.ts';

export interface WriterCounts {
  readonly rows: bigint;
  /**
   * Columns without NULL in any row, their names in lower case. For nested columns the writer counts nothing.
   */
  readonly columnsWithoutNull: ReadonlySet<string>;
  /** The hours of the rows in each file; undefined if the writer does not tell them for each. */
  readonly hours: readonly HourRange[] | undefined;
}
