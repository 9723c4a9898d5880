/** Passes on what the catalog says about reaching a table's files, before it hands the table out. */
import { dataFolderOf } from '../../iceberg/file-layout.ts';
import type { TableIdentifier } from '../../iceberg/table-metadata.ts';
import type { StorageCredential } from '../service/catalog.ts';
import type { CatalogClient, LoadedTable } from './catalog-client.ts';

/** A table, and the folder of its own files. */
export interface StoredTable {
  readonly table: TableIdentifier;
  readonly location: string;
  /** The folder of its data files. */
  readonly dataFolder: string;
}

/** Awaits `learn`, so that the files of a table that is handed out can be read. */
export function tellingStorage(
  client: CatalogClient,
  learn: (table: StoredTable, storage: readonly StorageCredential[]) => Promise<void>,
): CatalogClient {
  const learned = async <T extends LoadedTable | undefined>(id: TableIdentifier, table: T): Promise<T> => {
    if (table?.storage !== undefined)
      await learn(
        { table: id, location: table.metadata.location, dataFolder: dataFolderOf(table.metadata) },
        table.storage,
      );
    return table;
  };
  return {
    ...client,
    loadTable: async (id) => learned(id, await client.loadTable(id)),
    loadTableToRead: async (id) => learned(id, await client.loadTableToRead(id)),
    createTable: async (id, request) => learned(id, await client.createTable(id, request)),
  };
}
