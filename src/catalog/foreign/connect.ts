/**
 * Connects to a foreign catalog: asks for its configuration, nothing else. Settings of the project ->
 * Catalog.
 */
import { usageError } from '../../model/errors.ts';
import type { ForeignCatalog } from '../../model/process-spec.ts';
import type { Catalog } from '../service/catalog.ts';
import { bearerTokens } from './bearer-tokens.ts';
import { foreignError } from './errors.ts';
import { foreignCatalog } from './foreign-catalog.ts';
import { apiRoot, type CatalogConfig, type ForeignSettings, foreignSettings } from './settings.ts';
import { type ForeignReply, foreignTransport } from './transport.ts';

/** @throws PsybergError `catalog-unreachable`, `catalog-unauthorized`, `no-such-warehouse`. */
export async function connectForeignCatalog(catalog: ForeignCatalog): Promise<Catalog> {
  const tokens = bearerTokens(catalog);
  let settings: ForeignSettings | undefined;
  const transport = foreignTransport({
    uri: catalog.uri,
    tokens,
    acceptsIdempotencyKeys: () => settings?.acceptsIdempotencyKeys === true,
  });
  const withoutSecrets = (text: string): string =>
    tokens.secrets().reduce((rest, secret) => (secret === '' ? rest : rest.replaceAll(secret, '…')), text);
  const { uri, warehouse } = catalog;
  const query = warehouse === undefined ? '' : `?warehouse=${encodeURIComponent(warehouse)}`;
  const configured = await transport({ method: 'GET', url: `${apiRoot(uri)}config${query}` });
  if (configured.status !== 200)
    throw foreignError(
      configured,
      {
        what: 'read',
        subject: `The configuration of the catalog at ${uri}`,
        absent: 'no-such-warehouse',
      },
      withoutSecrets,
    );
  settings = foreignSettings(catalog, readConfig(configured, catalog));
  if (settings.token !== undefined) tokens.adopt(settings.token);
  return foreignCatalog({ settings, transport, withoutSecrets });
}

function readConfig(reply: ForeignReply, { uri }: ForeignCatalog): CatalogConfig {
  try {
    const config = JSON.parse(reply.text) as CatalogConfig | null;
    if (typeof config === 'object' && config !== null) return config;
  } catch {
    // Reported below: it is no configuration.
  }
  throw usageError(
    'catalog-unreachable',
    `What answers at ${uri} is no Iceberg REST catalog: its configuration is not JSON`,
    {
      hint: 'set catalog.uri to what comes before /v1/config',
    },
  );
}
