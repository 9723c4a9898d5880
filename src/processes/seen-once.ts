/**
 * Wraps a catalog so that each table is loaded only once: all plans of one command then see the same heads,
 * however many processes read a table. Client -> client, for reading only.
 */
import { type TableIdentifier, tableKey } from '../model/names.ts';
import type { Workspace } from '../workspace/open-workspace.ts';

type CatalogClient = Workspace['client'];

export function seenOnce(client: CatalogClient): CatalogClient {
  const seen = {
    ...client,
    loadTable: once(client.loadTable),
    loadTableToRead: once(client.loadTableToRead),
    tableExists: once(client.tableExists),
  };
  BEHIND.set(seen, client);
  return seen;
}

const BEHIND = new WeakMap<CatalogClient, CatalogClient>();

/**
 * The catalog without that memory. Needed where two tables are compared: if one was loaded before a commit
 * of both and the other after it, they would contradict each other.
 */
export function asItIsNow(client: CatalogClient): CatalogClient {
  const behind = BEHIND.get(client);
  return behind === undefined ? client : asItIsNow(behind);
}

/** Remembers each answer; a call that failed is made again. */
function once<Found>(ask: (id: TableIdentifier) => Promise<Found>): (id: TableIdentifier) => Promise<Found> {
  const asked = new Map<string, Promise<Found>>();
  return (id) => {
    const key = tableKey(id);
    const known = asked.get(key);
    if (known !== undefined) return known;
    const answer = ask(id);
    asked.set(key, answer);
    answer.catch(() => asked.delete(key));
    return answer;
  };
}
