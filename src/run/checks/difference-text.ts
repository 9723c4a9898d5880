import type { RowsDiffering } from '../../workload/port.ts';

/** How rows that were computed twice differ, in words; undefined: they do not. */
export function differenceText(row: RowsDiffering | undefined): string | undefined {
  if (row === undefined) return undefined;
  if (row.rows_differing > 0n) return `rows that differ: ${row.rows_differing}`;
  return row.values_differ ? 'numbers differ' : undefined;
}
