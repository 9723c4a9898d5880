/**
 * A client that tells what the catalog says about reaching a table's files, before it hands the table out.
 */
import type { StorageCredential } from '../service/catalog.ts';
import type { CatalogClient, LoadedTable } from './catalog-client.ts';

/** `learn` is awaited: whoever gets the table may read its files. */
export function tellingStorage(
  client: CatalogClient,
  learn: (storage: readonly StorageCredential[]) => Promise<void>,
): CatalogClient {
  const told = async <T extends LoadedTable | undefined>(table: T): Promise<T> => {
    if (table?.storage !== undefined) await learn(table.storage);
    return table;
  };
  return {
    ...client,
    loadTable: async (id) => told(await client.loadTable(id)),
    loadTableToRead: async (id) => told(await client.loadTableToRead(id)),
    createTable: async (id, request) => told(await client.createTable(id, request)),
  };
}
