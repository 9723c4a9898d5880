/**
 * A local path without `file:` (and a host), as DuckDB reports a file that it read: writers spell it both
 * ways. Like `sql/macros/plain_path.sql`.
 */
export const plainPath = (path: string): string => path.replace(/^file:(\/\/[^/]*)?/, '');

/**
 * Whether DuckDB reads a path in an object store as a pattern of names. In a folder it looks for the exact
 * name first; in a store it looks for what matches the pattern, and `[1]` does not match brackets (DuckDB
 * 1.5.5).
 */
export const isPatternInStore = (location: string): boolean =>
  /^[a-z][a-z0-9+.-]*:\/\//i.test(location) && !location.startsWith('file:') && /[[\]*?]/.test(location);
