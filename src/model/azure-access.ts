/**
 * Finds how Azure's stores are reached, and as whom. Place, settings in Iceberg's names (`adls.…` as
 * PyIceberg and Java's `AzureProperties` have them) -> address and key. Pure. DuckDB's secret and psyberg's
 * own requests are both made from this, so that they can open the same files.
 */
import { AZURE_CHAIN, type StorageSettings } from './storage-settings.ts';

const IN_AZURE = /^(?:abfss?|az|azure):\/\//;
export const isInAzure = (location: string): boolean => IN_AZURE.test(location);

/** Who makes the request. */
export type AzureKey =
  | { readonly kind: 'connection-string'; readonly text: string }
  | { readonly kind: 'signature'; readonly sas: string }
  | { readonly kind: 'account-key'; readonly key: string }
  | { readonly kind: 'principal'; readonly tenant: string; readonly client: string; readonly secret: string }
  | { readonly kind: 'token'; readonly token: string }
  /** The keys of this machine. */
  | { readonly kind: 'chain' };

export interface AzureAccess {
  /** `''` if a connection string names it. */
  readonly account: string;
  readonly scheme: string;
  /** `core.windows.net`, which follows the account and the service. */
  readonly suffix: string;
  readonly key: AzureKey;
}

/** `place`: a location, or a scheme with `://`. Undefined if the settings give no access there. */
export function azureAccess(place: string, config: StorageSettings): AzureAccess | undefined {
  const host = /^\w+:\/\/[^/@]*@([^/]+)/.exec(place)?.[1] ?? '';
  const account =
    config['adls.account-name'] ??
    config['adls.auth.shared-key.account.name'] ??
    (host.split('.')[0] || accountNamed(config));
  const of = (property: string): string | undefined =>
    config[`${property}.${host}`] ?? config[`${property}.${account}`] ?? config[property];
  const suffix = suffixOf(host, config);
  const scheme = config['adls.blob-storage-scheme'] ?? config['adls.dfs-storage-scheme'] ?? 'https';
  const written = of('adls.connection-string');
  // For Java it is an address, for PyIceberg what Azure shows under that name.
  if (written !== undefined && /(?:^|;)\w+=/.test(written))
    return { account: '', scheme, suffix, key: { kind: 'connection-string', text: written } };
  if (account === undefined || account === '') return undefined;
  const key = keyOf(config, config[`adls.sas-token.${account}.${suffix}`] ?? sasOf(config, of, account));
  return key === undefined ? undefined : { account, scheme, suffix, key };
}

function keyOf(config: StorageSettings, sas: string | undefined): AzureKey | undefined {
  if (sas !== undefined) return { kind: 'signature', sas: sas.replace(/^\?/, '') };
  const key = config['adls.account-key'] ?? config['adls.auth.shared-key.account.key'];
  if (key !== undefined) return { kind: 'account-key', key };
  const [tenant, client, secret] = ['tenant-id', 'client-id', 'client-secret'].map(
    (name) => config[`adls.${name}`],
  );
  if (tenant !== undefined && client !== undefined && secret !== undefined)
    return { kind: 'principal', tenant, client, secret };
  const token = config['adls.token'];
  if (token !== undefined) return { kind: 'token', token };
  return config[AZURE_CHAIN] === undefined ? undefined : { kind: 'chain' };
}

/** Catalogs name the account, or its whole host, after a dot. */
function sasOf(
  config: StorageSettings,
  of: (property: string) => string | undefined,
  account: string,
): string | undefined {
  const [named] = Object.keys(config).filter((key) => key.startsWith(`adls.sas-token.${account}.`));
  return of('adls.sas-token') ?? (named === undefined ? undefined : config[named]);
}

const accountNamed = (config: StorageSettings): string | undefined =>
  Object.keys(config).flatMap((key) => /^adls\.sas-token\.([^.]+)/.exec(key)?.[1] ?? [])[0];

const suffixOf = (host: string, config: StorageSettings): string =>
  (config['adls.blob-storage-authority'] ?? config['adls.dfs-storage-authority'])?.replace(
    /^\.?(?:blob|dfs)\./,
    '',
  ) ??
  /^[^.]+\.(?:blob|dfs)\.(.+)$/.exec(host)?.[1] ??
  'core.windows.net';
