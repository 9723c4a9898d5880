/** The settings of a connection to a foreign catalog. Options + `/v1/config` -> ForeignSettings. Pure. */

import type { ForeignCatalog } from '../../model/process-spec.ts';
import { withoutSlash } from '../../model/without-slash.ts';
import { DEFAULT_ENDPOINTS } from '../protocol/endpoints.ts';
import type { StorageVoices } from './storage-settings.ts';

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
  /** Who says what of every table's files; what a table says itself goes before. */
  readonly storageVoices: StorageVoices;
  /** True for a catalog that keeps no snapshot but the newest of a table, and no reference but `main`. */
  readonly keepsOneSnapshot: boolean;
  /** False: the catalog is not asked for credentials. */
  readonly delegatesAccess: boolean;
}

/** Where the project's own settings stand among the others. */
export const PROJECT_VOICE = 'psyberg.yaml';

/** Where a catalog at `uri` answers before it has said more. */
export const apiRoot = (uri: string): string => `${withoutSlash(uri)}/v1/`;

/**
 * Settings of a connection: defaults, then what the project says, then overrides (Iceberg REST specification,
 * `getConfig`).
 */
export function foreignSettings(catalog: ForeignCatalog, config: CatalogConfig): ForeignSettings {
  const properties: Record<string, string> = {
    ...config.defaults,
    uri: catalog.uri,
    ...(catalog.token === undefined ? {} : { token: catalog.token }),
    ...config.overrides,
  };
  const { prefix = '', uri = catalog.uri } = properties;
  const headers = Object.entries(properties).flatMap(([key, value]) =>
    key.startsWith('header.') ? [[key.slice('header.'.length).toLowerCase(), value] as const] : [],
  );
  const voices: StorageVoices = [
    ['the defaults of /v1/config', config.defaults],
    [PROJECT_VOICE, catalog.storage],
    ['the overrides of /v1/config', config.overrides],
  ];
  return {
    root: `${apiRoot(uri)}${prefix === '' ? '' : `${prefix.split('/').map(encodeOnce).join('/')}/`}`,
    namespaceSeparator: decoded(properties['namespace-separator'] ?? '%1F'),
    headers: Object.fromEntries(headers),
    endpoints: new Set(config.endpoints ?? DEFAULT_ENDPOINTS),
    acceptsIdempotencyKeys: config['idempotency-key-lifetime'] != null,
    token: properties['token'],
    storageVoices: voices,
    // Project Nessie's own word; there is none in the specification.
    keepsOneSnapshot: properties['nessie.is-nessie-catalog'] === 'true',
    delegatesAccess: catalog.accessDelegation !== 'none',
  };
}

/**
 * A part of a prefix for a path. Catalogs give it as it is or percent-encoded; Apache Iceberg's clients put
 * it into the path untouched.
 */
const encodeOnce = (part: string): string => encodeURIComponent(part).replaceAll(/%25([\da-f]{2})/gi, '%$1');

/** The separator as catalogs give it: percent-encoded, or as it is. */
function decoded(separator: string): string {
  try {
    return decodeURIComponent(separator);
  } catch {
    return separator;
  }
}
