/**
 * Tables as they were loaded last, asked for again by their ETag (Iceberg REST specification, `loadTable`): a
 * session loads its tables a dozen times, and a table of many snapshots is most of a megabyte.
 *
 * While a session is under way its tables are not asked for again at all, until something is committed to
 * them: it works on the heads that it began with, and its commits say what they expect, so that whatever
 * others did meanwhile is found out there. Then the table is loaded anew. Sessions of 10 rows, requests to
 * the catalog without and with that (2026-11-29): stateless 39, 8; stateful 50, 8; dimension 50, 8.
 */
import { keepNewest } from '../../model/keep-newest.ts';
import { expiresAtMs } from '../../model/storage-settings.ts';
import type { CatalogTable } from '../service/catalog.ts';

export interface CachedTable {
  /** Null where the catalog gives none: such a table is asked for as a whole. */
  readonly etag: string | null;
  readonly table: CatalogTable;
  readonly loadedAtMs: number;
  /** The session in which the catalog said last that it is so; 0: to be asked for again. */
  readonly seenIn: number;
}
/** When a request was sent: what was committed to since is not in its answer. */
export type AskedAt = number;
export interface TableCache {
  /** A table that need not be asked for: a session is under way, and has seen it. */
  seen(key: string): CatalogTable | undefined;
  /** A table to ask for by its ETag. */
  find(key: string): (CachedTable & { readonly etag: string }) | undefined;
  /** To be taken before a request is sent. */
  askedAt(): AskedAt;
  remember(key: string, etag: string | null, loaded: { table: CatalogTable; askedAt: AskedAt }): void;
  /** The catalog says that a known table is as it was. */
  confirm(key: string, askedAt: AskedAt): void;
  forget(key: string): void;
  /** From now on tables are asked for once, each anew, until the function that this returns is called. */
  beginSession(): () => void;
}

const TABLES_MAX = 64;
/**
 * Credentials for files are asked for anew this long before they expire; those that do not say live as long
 * as this.
 */
const CREDENTIALS_MARGIN_MS = 300_000;

export function tableCache(nowMs: () => number = Date.now): TableCache {
  const cached = new Map<string, CachedTable>();
  /** Sessions that are under way, and the number of the one that began last. */
  let open = 0;
  let session = 0;
  /** Grows with everything that was forgotten. */
  let changes: AskedAt = 0;
  const holding = (key: string): CachedTable | undefined => {
    const found = cached.get(key);
    if (found === undefined || !credentialsHold(found, nowMs())) return undefined;
    cached.delete(key);
    cached.set(key, found);
    return found;
  };
  const seenIn = (askedAt: AskedAt): number => (open > 0 && askedAt === changes ? session : 0);
  return {
    seen(key) {
      const found = open === 0 ? undefined : holding(key);
      return found?.seenIn === session ? found.table : undefined;
    },
    find(key) {
      const found = holding(key);
      return found === undefined || found.etag === null ? undefined : { ...found, etag: found.etag };
    },
    askedAt: () => changes,
    remember(key, etag, { table, askedAt }) {
      const entry = { etag, table, loadedAtMs: nowMs(), seenIn: seenIn(askedAt) };
      keepNewest(cached, [key, entry], { max: TABLES_MAX });
    },
    confirm(key, askedAt) {
      const found = cached.get(key);
      if (found !== undefined) cached.set(key, { ...found, seenIn: seenIn(askedAt) });
    },
    forget(key) {
      changes += 1;
      cached.delete(key);
    },
    beginSession() {
      open += 1;
      session += 1;
      return () => {
        open -= 1;
      };
    },
  };
}

/** An answer "not modified" brings no new credentials with it. */
function credentialsHold({ table, loadedAtMs }: CachedTable, nowMs: number): boolean {
  const configs = [
    table.config ?? {},
    ...(table.storageCredentials ?? []).map((credential) => credential.config),
  ];
  const expiries = configs.flatMap((config) => expiresAtMs(config) ?? []);
  if (
    (table.storageCredentials ?? []).length === 0 &&
    !Object.keys(configs[0] ?? {}).some((key) => SECRET_KEY.test(key))
  )
    return true;
  const endsAtMs = expiries.length === 0 ? loadedAtMs + 2 * CREDENTIALS_MARGIN_MS : Math.min(...expiries);
  return nowMs < endsAtMs - CREDENTIALS_MARGIN_MS;
}

const SECRET_KEY =
  /^(?:token|s3\.session-token|s3\.secret-access-key|gcs\.oauth2\.token|adls\.token|adls\.sas-token(?:\..*)?)$/;
