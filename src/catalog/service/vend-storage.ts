/** Lets a warehouse tell its clients how files are reached, like catalogs that vend credentials. */
import { type StorageSource, withoutFiles } from '../../model/storage-settings.ts';
import type { Catalog, CatalogTable } from './catalog.ts';

/**
 * `config`: Iceberg's names, including the keys. Whoever may load a table may then do whatever the keys
 * allow.
 */
export function vendingStorage(catalog: Catalog, config: StorageSource): Catalog {
  const vended = async (table: CatalogTable): Promise<CatalogTable> => ({
    ...table,
    config: { ...table.config, ...withoutFiles(await config()) },
  });
  return {
    ...catalog,
    loadTable: async (id) => vended(await catalog.loadTable(id)),
    createTable: async (id, request) => vended(await catalog.createTable(id, request)),
    registerTable: async (id, request) => vended(await catalog.registerTable(id, request)),
  };
}
