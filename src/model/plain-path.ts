/**
 * A local path without `file:` (and a host), as DuckDB reports a file that it read: writers spell it both
 * ways. As `sql/macros/plain_path.sql`.
 */
export const plainPath = (path: string): string => path.replace(/^file:(\/\/[^/]*)?/, '');
