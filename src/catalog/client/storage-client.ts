/**
 * A client that passes on what the catalog says about reaching a table's files, before it hands the table
 * out.
 */
import type { StorageCredential } from '../service/catalog.ts';
import type { CatalogClient, LoadedTable } from './catalog-client.ts';

/** `learn` is awaited: the files of a table that is handed out can be read. */
export function tellingStorage(
  client: CatalogClient,
  learn: (storage: readonly StorageCredential[]) => Promise<void>,
): CatalogClient {
  const learned = async <T extends LoadedTable | undefined>(table: T): Promise<T> => {
    if (table?.storage !== undefined) await learn(table.storage);
    return table;
  };
  return {
    ...client,
    loadTable: async (id) => learned(await client.loadTable(id)),
    loadTableToRead: async (id) => learned(await client.loadTableToRead(id)),
    createTable: async (id, request) => learned(await client.createTable(id, request)),
  };
}
