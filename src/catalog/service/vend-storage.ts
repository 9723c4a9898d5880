/** A warehouse that tells its clients how files are reached, as catalogs do that vend credentials. */
import { type StorageSource, withoutFiles } from '../../model/storage-settings.ts';
import type { Catalog, CatalogTable } from './catalog.ts';

/** `config`: Iceberg's names, the keys among them. Whoever may load a table may then do what the keys may. */
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
