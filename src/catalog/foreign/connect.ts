/**
 * Connects to a foreign catalog: asks for its configuration, nothing else. Settings of the project ->
 * Catalog.
 */

import { credentialChain } from '../../aws/credential-chain.ts';
import { usageError } from '../../model/errors.ts';
import type { ForeignCatalog } from '../../model/process-spec.ts';
import { secretsAmong } from '../../model/storage-settings.ts';
import { type AroundRequest, untold } from '../around-request.ts';
import type { Catalog } from '../service/catalog.ts';
import { type BearerTokens, bearerTokens } from './bearer-tokens.ts';
import { foreignError } from './errors.ts';
import { foreignCatalog } from './foreign-catalog.ts';
import { httpSender } from './http.ts';
import { apiRoot, type CatalogConfig, type ForeignSettings, foreignSettings } from './settings.ts';
import { type RequestSigner, requestSigner } from './sign.ts';
import { type ForeignReply, foreignTransport } from './transport.ts';

/** @throws PsybergError `catalog-unreachable`, `catalog-unauthorized`, `no-such-warehouse`. */
export async function connectForeignCatalog(
  catalog: ForeignCatalog,
  aroundRequest: AroundRequest = untold,
): Promise<Catalog> {
  const http = httpSender(catalog.tls);
  const tokens = bearerTokens(catalog, { http });
  const chain = credentialChain(catalog.storageChain);
  const signer = catalog.auth === 'sigv4' ? requestSigner(catalog, chain) : undefined;
  let settings: ForeignSettings | undefined;
  const transport = foreignTransport({
    uri: catalog.uri,
    http,
    tokens,
    signer,
    acceptsIdempotencyKeys: () => settings?.acceptsIdempotencyKeys === true,
    aroundRequest,
  });
  const withoutSecrets = (text: string): string =>
    secretsOf(catalog, tokens, signer).reduce(
      (rest, secret) => (secret === '' ? rest : rest.replaceAll(secret, '…')),
      text,
    );
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
  const config = readConfig(configured, catalog);
  settings = foreignSettings(catalog, config);
  if (settings.token !== undefined) tokens.adopt(settings.token);
  signer?.adopt({ ...config.defaults, ...config.overrides });
  return foreignCatalog({
    settings,
    transport,
    withoutSecrets,
    ...(catalog.storageChain === undefined ? {} : { chain }),
  });
}

const secretsOf = (
  { storage }: ForeignCatalog,
  tokens: BearerTokens,
  signer: RequestSigner | undefined,
): readonly string[] => [...tokens.secrets(), ...(signer?.secrets() ?? []), ...secretsAmong(storage)];

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
