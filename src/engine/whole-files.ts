/**
 * Statements over manifests and manifest lists in object stores. Statement text -> whether files are fetched
 * whole. Such a file is read from its first byte to its last: asked for its length first, as DuckDB 1.5.5
 * does by itself, each is two requests, one after the other. Of data files parts are read, whose lengths the
 * manifests say.
 */
import type { OwnedConnection } from './database.ts';

/** Or all bytes of a file, which is small where anybody asks for them (`tables/read_bytes`). */
const READS_AVRO =
  /\b(?:read_avro|read_manifests|manifest_list|hours_of_files)\(|\bhex\(content\)|\(\$state_files/;
/** The engine's own tables have small files, whose lengths are not asked for either. */
const READS_DATA = /\b(?:read_parquet(?!\(\$state_files)|read_csv|read_json|parquet_\w+)\(/;

/** `catalogs`: what a table of an attached catalog begins with in SQL. */
export const readsManifestsOnly = (sql: string, catalogs: ReadonlySet<string>): boolean =>
  READS_AVRO.test(sql) && !READS_DATA.test(sql) && ![...catalogs].some((catalog) => sql.includes(catalog));

/** Has a connection fetch files whole, or not; what it does already costs nothing. */
export function wholeFiles(connection: OwnedConnection): (whole: boolean) => Promise<void> {
  let isSet = false;
  return async (whole) => {
    if (whole === isSet) return;
    try {
      await connection.during(() => connection.duckdb.run(`set session force_download = ${whole}`));
      isSet = whole;
    } catch {
      // In a transaction that has failed a connection takes nothing but its end; the next statement tries.
    }
  };
}
