/** Finds a table of a warehouse by its name: pointer, then metadata file. */
import type { TableIdentifier } from '../../iceberg/table-metadata.ts';
import { codeOf } from '../errors.ts';
import type { CatalogTable } from './catalog.ts';
import type { Warehouse } from './warehouse.ts';

export type FoundTable = CatalogTable & { readonly metadataLocation: string };

/**
 * Undefined if no table has the name.
 * @throws PsybergError `metadata-file-missing`, `metadata-file-broken`.
 */
export async function findTable(
  { store, files }: Pick<Warehouse, 'store' | 'files'>,
  id: TableIdentifier,
): Promise<FoundTable | undefined> {
  for (let seen: string | undefined; ; ) {
    const pointer = await store.findPointer(id);
    if (pointer?.kind !== 'TABLE') return undefined;
    const { metadataLocation } = pointer;
    try {
      return { ...(await files.read(metadataLocation)), metadataLocation };
    } catch (error) {
      // A commit may have moved the pointer and deleted this file since the pointer was read; only if the
      // same file is missing twice it is really missing.
      if (codeOf(error) !== 'metadata-file-missing' || seen === metadataLocation) throw error;
      seen = metadataLocation;
    }
  }
}
