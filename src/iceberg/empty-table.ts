/** Tables that hold nothing yet. Metadata -> whether. Pure. */
import { mainSnapshot } from './history.ts';
import type { Snapshot, TableMetadata } from './table-metadata.ts';

/** True for a snapshot that follows no other and holds no file: what it says of the table is "empty". */
export const isEmptyRoot = ({ 'parent-snapshot-id': parent, summary }: Snapshot): boolean =>
  (parent === undefined || parent === null) &&
  summary?.['total-data-files'] === '0' &&
  summary['total-records'] === '0';

/**
 * True while `main` has never held a row, as far as its history says: no `main` at all, or an
 * {@link isEmptyRoot} alone. A table whose rows were deleted is not among them.
 */
export function holdsNothingYet(metadata: TableMetadata): boolean {
  const main = mainSnapshot(metadata);
  return main === undefined || isEmptyRoot(main);
}
