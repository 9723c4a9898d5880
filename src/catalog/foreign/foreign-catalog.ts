/** What a foreign catalog is told and what it tells back: the connection's settings. Options + `/v1/config` -> ForeignSettings. Pure. */
import { withoutSlash } from '../../iceberg/without-slash.ts';
import type { ForeignCatalog } from '../../model/process-spec.ts';

/** The answer of `/v1/config`. */
export interface CatalogConfig {
  readonly defaults?: Readonly<Record<string, string>> | null;
  readonly overrides?: Readonly<Record<string, string>> | null;
  readonly endpoints?: readonly string[] | null;
  readonly 'idempotency-key-lifetime'?: string | null;
}

export interface ForeignSettings {
  /** Ends in `/v1/<prefix>/`. */
  readonly root: string;
  /** Between the levels of a namespace in a path. */
  readonly namespaceSeparator: string;
  /** Sent with every request; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly endpoints: ReadonlySet<string>;
  readonly acceptsIdempotencyKeys: boolean;
  /** A token that the catalog hands out in its configuration, to be used from then on. */
  readonly token: string | undefined;
}

export const COMMIT_TRANSACTION = 'POST /v1/{prefix}/transactions/commit';

/** What a catalog offers that does not say (Iceberg REST specification, `getConfig`). */
const DEFAULT_ENDPOINTS: readonly string[] = [
  'GET /v1/{prefix}/namespaces',
  'POST /v1/{prefix}/namespaces',
  'GET /v1/{prefix}/namespaces/{namespace}',
  'DELETE /v1/{prefix}/namespaces/{namespace}',
  'POST /v1/{prefix}/namespaces/{namespace}/properties',
  'GET /v1/{prefix}/namespaces/{namespace}/tables',
  'POST /v1/{prefix}/namespaces/{namespace}/tables',
  'GET /v1/{prefix}/namespaces/{namespace}/tables/{table}',
  'POST /v1/{prefix}/namespaces/{namespace}/tables/{table}',
  'DELETE /v1/{prefix}/namespaces/{namespace}/tables/{table}',
  'POST /v1/{prefix}/namespaces/{namespace}/register',
  'POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/metrics',
  'POST /v1/{prefix}/tables/rename',
  COMMIT_TRANSACTION,
];

/** Where a catalog at `uri` answers before it has said more. */
export const apiRoot = (uri: string): string => `${withoutSlash(uri)}/v1/`;

/** Settings of a connection: defaults, then what the project says, then overrides (Iceberg REST specification, `getConfig`). */
export function foreignSettings(catalog: ForeignCatalog, config: CatalogConfig): ForeignSettings {
  const properties: Record<string, string> = {
    ...config.defaults,
    uri: catalog.uri,
    ...(catalog.token === undefined ? {} : { token: catalog.token }),
    ...config.overrides,
  };
  const { prefix = '', uri = catalog.uri } = properties;
  const headers = Object.entries(properties).flatMap(([key, value]) => (key.startsWith('header.') ? [[key.slice('header.'.length).toLowerCase(), value] as const] : []));
  return {
    // A prefix may have several parts: its slashes are slashes of the path.
    root: `${apiRoot(uri)}${prefix === '' ? '' : `${prefix.split('/').map(encodeURIComponent).join('/')}/`}`,
    namespaceSeparator: decodeURIComponent(properties['namespace-separator'] ?? '%1F'),
    headers: Object.fromEntries(headers),
    endpoints: new Set(config.endpoints ?? DEFAULT_ENDPOINTS),
    acceptsIdempotencyKeys: config['idempotency-key-lifetime'] != null,
    token: properties['token'],
  };
}
