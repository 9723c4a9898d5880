/**
 * A local path without `file:` (and a host), as DuckDB reports a file that it read: writers spell it both
 * ways. As `sql/macros/plain_path.sql`.
 */
export const plainPath = (path: string): string => path.replace(/^file:(\/\/[^/]*)?/, '');

/**
 * Whether DuckDB takes a path in an object store for a pattern of names. In a folder it looks for the very
 * name first; of a store it asks what the pattern fits, and `[1]` fits no bracket (DuckDB 1.5.5).
 */
export const isPatternInStore = (location: string): boolean =>
  /^[a-z][a-z0-9+.-]*:\/\//i.test(location) && !location.startsWith('file:') && /[[\]*?]/.test(location);
