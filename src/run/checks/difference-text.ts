/** How rows that were computed twice differ. Counts -> words. Pure. */
import type { RowsDiffering } from '../../workload/port.ts';

/** Undefined: they do not differ. */
export function differenceText(row: RowsDiffering | undefined): string | undefined {
  if (row === undefined) return undefined;
  if (row.rows_differing > 0n) return `rows that differ: ${row.rows_differing}`;
  return row.values_differ ? 'numbers differ' : undefined;
}
