/** Tells whether a table holds nothing yet. Metadata -> whether. Pure. */
import { mainSnapshot } from './history.ts';
import type { Snapshot, TableMetadata } from './table-metadata.ts';

/** True for a snapshot without a parent whose summary counts no files and no rows. */
export const isEmptyRoot = ({ 'parent-snapshot-id': parent, summary }: Snapshot): boolean =>
  (parent === undefined || parent === null) &&
  summary?.['total-data-files'] === '0' &&
  summary['total-records'] === '0';

/**
 * True while `main` has never held a row, as far as its history says: there is no `main`, or only an
 * {@link isEmptyRoot}. False for a table whose rows were deleted.
 */
export function holdsNothingYet(metadata: TableMetadata): boolean {
  const main = mainSnapshot(metadata);
  return main === undefined || isEmptyRoot(main);
}
