/** Credentials that a catalog hands out with a table. Table -> credentials by their prefixes. Pure. */
import { withoutSlash } from '../../model/without-slash.ts';
import type { CatalogTable, StorageCredential } from './catalog.ts';

/**
 * What opens the files of a table. Credentials with a prefix are the newer way to say it (Iceberg REST
 * specification, `LoadTableResult`); both may be there, and then these count. Settings of a whole table are
 * those of its folder.
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
