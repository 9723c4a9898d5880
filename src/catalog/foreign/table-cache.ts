/**
 * Tables as they were loaded last, asked for again by their ETag (Iceberg REST specification, `loadTable`): a
 * session loads its tables a dozen times, and a table of many snapshots is most of a megabyte.
 */
import type { CatalogTable } from '../service/catalog.ts';

export interface CachedTable {
  readonly etag: string;
  readonly table: CatalogTable;
  readonly loadedAtMs: number;
}
export interface TableCache {
  find(key: string): CachedTable | undefined;
  remember(key: string, etag: string | null, table: CatalogTable): void;
  forget(key: string): void;
}

const TABLES_MAX = 64;
/**
 * Credentials for files are asked for anew this long before they expire; those that do not say live as long
 * as this.
 */
const CREDENTIALS_MARGIN_MS = 300_000;

export function tableCache(nowMs: () => number = Date.now): TableCache {
  const cached = new Map<string, CachedTable>();
  return {
    find(key) {
      const found = cached.get(key);
      if (found === undefined || !credentialsHold(found, nowMs())) return undefined;
      cached.delete(key);
      cached.set(key, found);
      return found;
    },
    remember(key, etag, table) {
      cached.delete(key);
      if (etag === null) return;
      cached.set(key, { etag, table, loadedAtMs: nowMs() });
      for (const oldest of cached.keys()) {
        if (cached.size <= TABLES_MAX) break;
        cached.delete(oldest);
      }
    },
    forget: (key) => void cached.delete(key),
  };
}

/** An answer "not modified" brings no new credentials with it. */
function credentialsHold({ table, loadedAtMs }: CachedTable, nowMs: number): boolean {
  const configs = [
    table.config ?? {},
    ...(table.storageCredentials ?? []).map((credential) => credential.config),
  ];
  const expiries = configs.flatMap((config) =>
    Object.entries(config).flatMap(([key, value]) => (/expires-at/.test(key) ? [Number(value)] : [])),
  );
  if (
    (table.storageCredentials ?? []).length === 0 &&
    !SECRET_KEYS.some((key) => configs[0]?.[key] !== undefined)
  )
    return true;
  const expiresAtMs = expiries.length === 0 ? loadedAtMs + 2 * CREDENTIALS_MARGIN_MS : Math.min(...expiries);
  return nowMs < expiresAtMs - CREDENTIALS_MARGIN_MS;
}

const SECRET_KEYS = ['token', 's3.session-token', 's3.secret-access-key', 'gcs.oauth2.token'];
