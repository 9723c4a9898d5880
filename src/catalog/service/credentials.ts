/**
 * Chooses among the credentials that a catalog hands out with a table. Table -> credentials by their
 * prefixes. Pure.
 */
import { withoutSlash } from '../../model/without-slash.ts';
import type { CatalogTable, StorageCredential } from './catalog.ts';

/**
 * The credentials for a table's files. Those with a prefix are the newer form (Iceberg REST specification,
 * `LoadTableResult`); if both forms are there, these count. Settings for a whole table apply to its folder.
 */
export function credentialsOf({
  metadata,
  config = {},
  storageCredentials,
}: CatalogTable): readonly StorageCredential[] | undefined {
  if (storageCredentials !== undefined) return storageCredentials;
  if (Object.keys(config).length === 0) return undefined;
  return [{ prefix: `${withoutSlash(metadata.location)}/`, config }];
}
