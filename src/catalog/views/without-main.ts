/**
 * A table that has snapshots but no `main`, for DuckDB. Table + client -> table. Pure.
 * Such a table is empty (Iceberg specification, `current-snapshot-id`): a branch or a tag on it is read by
 * name. DuckDB 1.5.5 reads "now" from the snapshot log instead, or, without one, takes the newest snapshot
 * there is: rows that are staged on a branch, or those of a `main` that was removed. Nor can it read a branch
 * or a tag by name, so nothing is lost for it that it could ask for; other clients get the table as it is.
 */
import type { CatalogTable } from '../service/catalog.ts';

/** What DuckDB says of itself: `duckdb/v1.5.5(linux_amd64) …`, in whatever program it runs. */
const DUCKDB = /^duckdb\//i;

/** The table as the client that names itself `userAgent` is to get it. */
export function shownTo(userAgent: string | undefined, table: CatalogTable): CatalogTable {
  const { 'current-snapshot-id': current, snapshots = [] } = table.metadata;
  const hasMain = current !== undefined && current !== null && current !== -1n;
  if (hasMain || snapshots.length === 0 || userAgent === undefined || !DUCKDB.test(userAgent)) return table;
  const { text: _withSnapshots, ...rest } = table;
  return {
    ...rest,
    metadata: {
      ...table.metadata,
      refs: {},
      snapshots: [],
      'snapshot-log': [],
      // DuckDB reads earlier metadata files by their names, when the table changed since its transaction
      // began.
      'metadata-log': [],
      statistics: [],
      'partition-statistics': [],
    },
  };
}
