/**
 * What opens files in Azure's stores, as options of DuckDB's secret. Iceberg's properties (`adls.…` as
 * PyIceberg and Java's `AzureProperties` name them) -> options. Pure. Undefined where they open nothing.
 * DuckDB knows an account's key and a SAS by a connection string alone.
 */
import { AZURE_CHAIN, type StorageSettings } from '../model/storage-settings.ts';

const SCOPE = /^(?:abfss?|az|azure):\/\//;
export const isInAzure = (location: string): boolean => SCOPE.test(location);

/** By DuckDB's names. */
export type AzureOptions = Readonly<Record<string, string>>;

export function azureOptions(scope: string, config: StorageSettings): AzureOptions | undefined {
  const host = /^\w+:\/\/[^/@]*@([^/]+)/.exec(scope)?.[1] ?? '';
  const account =
    config['adls.account-name'] ??
    config['adls.auth.shared-key.account.name'] ??
    (host.split('.')[0] || accountNamed(config));
  const of = (property: string): string | undefined =>
    config[`${property}.${host}`] ?? config[`${property}.${account}`] ?? config[property];
  const written = of('adls.connection-string');
  // To Java it is an address, to PyIceberg what Azure shows under that name.
  if (written !== undefined && /(?:^|;)\w+=/.test(written)) return { connection_string: written };
  if (account === undefined || account === '') return undefined;
  const sas = config[`adls.sas-token.${account}.${suffixOf(host, config)}`] ?? sasOf(config, of, account);
  if (sas !== undefined)
    return connected(account, host, config, `SharedAccessSignature=${sas.replace(/^\?/, '')}`);
  const key = config['adls.account-key'] ?? config['adls.auth.shared-key.account.key'];
  if (key !== undefined) return connected(account, host, config, `AccountKey=${key}`);
  const [tenant, client, secret] = ['tenant-id', 'client-id', 'client-secret'].map(
    (name) => config[`adls.${name}`],
  );
  if (tenant !== undefined && client !== undefined && secret !== undefined)
    return {
      provider: 'service_principal',
      account_name: account,
      tenant_id: tenant,
      client_id: client,
      client_secret: secret,
    };
  const token = config['adls.token'];
  if (token !== undefined) return { provider: 'access_token', account_name: account, access_token: token };
  return config[AZURE_CHAIN] === undefined
    ? undefined
    : { provider: 'credential_chain', account_name: account };
}

/** Catalogs name the account, or its whole host, behind a dot. */
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

/** `core.windows.net`, behind the account and the service. */
const suffixOf = (host: string, config: StorageSettings): string =>
  (config['adls.blob-storage-authority'] ?? config['adls.dfs-storage-authority'])?.replace(
    /^\.?(?:blob|dfs)\./,
    '',
  ) ??
  /^[^.]+\.(?:blob|dfs)\.(.+)$/.exec(host)?.[1] ??
  'core.windows.net';

function connected(account: string, host: string, config: StorageSettings, key: string): AzureOptions {
  const scheme = config['adls.blob-storage-scheme'] ?? config['adls.dfs-storage-scheme'] ?? 'https';
  const suffix = suffixOf(host, config);
  return {
    connection_string: `DefaultEndpointsProtocol=${scheme};AccountName=${account};${key};EndpointSuffix=${suffix}`,
  };
}
