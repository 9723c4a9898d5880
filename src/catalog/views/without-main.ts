/**
 * Shows DuckDB a table that has snapshots but no `main`. Table + client -> table. Pure. Such a table is empty
 * (Iceberg specification, `current-snapshot-id`): a branch or a tag of it is read by name. DuckDB 1.5.5
 * instead reads "now" from the snapshot log, or, without one, takes the newest snapshot: rows that are staged
 * on a branch, or those of a `main` that was removed. It cannot read a branch or a tag by name either, so it
 * loses nothing that it could ask for; other clients get the table as it is.
 */
import type { CatalogTable } from '../service/catalog.ts';

/** How DuckDB names itself, in whatever program it runs: `duckdb/v1.5.5(linux_amd64) …`. */
const DUCKDB = /^duckdb\//i;

/** The table as a client with this `userAgent` gets it. */
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
      // DuckDB reads earlier metadata files by their names if the table changed since its transaction began.
      'metadata-log': [],
      statistics: [],
      'partition-statistics': [],
    },
  };
}
