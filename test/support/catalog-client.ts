/** A client of the embedded catalog over HTTP, as a foreign catalog is asked. */
import type { CatalogClient } from '../../src/catalog/client/catalog-client.ts';
import { localClient } from '../../src/catalog/client/local-client.ts';
import { connectForeignCatalog } from '../../src/catalog/foreign/connect.ts';

export interface CatalogClientOptions {
  readonly uri: string;
  readonly token?: string;
  /** The prefix in the path: a catalog's or a view's name. Default: the catalog's own. */
  readonly prefix?: string;
}

/** Makes a client; nothing is sent until its first call. */
export function catalogClient({ uri, token, prefix }: CatalogClientOptions): CatalogClient {
  let opening: ReturnType<typeof connectForeignCatalog> | undefined;
  return localClient(() => {
    opening ??= connectForeignCatalog({
      uri,
      ...(token === undefined ? {} : { token }),
      ...(prefix === undefined ? {} : { warehouse: prefix }),
    }).catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  });
}
