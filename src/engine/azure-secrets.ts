/**
 * Makes the options of DuckDB's secret for files in Azure's stores. Iceberg's properties -> options. Pure.
 * Undefined if the properties open nothing. DuckDB takes an account's key or a SAS only in a connection
 * string.
 */
import { type AzureAccess, azureAccess } from '../model/azure-access.ts';
import { assertNever } from '../model/errors.ts';
import type { StorageSettings } from '../model/storage-settings.ts';

/** By DuckDB's names. */
export type AzureOptions = Readonly<Record<string, string>>;

export function azureOptions(scope: string, config: StorageSettings): AzureOptions | undefined {
  const access = azureAccess(scope, config);
  return access === undefined ? undefined : optionsOf(access);
}

function optionsOf(access: AzureAccess): AzureOptions {
  const { account, key } = access;
  switch (key.kind) {
    case 'connection-string':
      return { connection_string: key.text };
    case 'signature':
      return connected(access, `SharedAccessSignature=${key.sas}`);
    case 'account-key':
      return connected(access, `AccountKey=${key.key}`);
    case 'principal':
      return {
        provider: 'service_principal',
        account_name: account,
        tenant_id: key.tenant,
        client_id: key.client,
        client_secret: key.secret,
      };
    case 'token':
      return { provider: 'access_token', account_name: account, access_token: key.token };
    case 'chain':
      return { provider: 'credential_chain', account_name: account };
    default:
      return assertNever(key);
  }
}

const connected = ({ account, scheme, suffix }: AzureAccess, key: string): AzureOptions => ({
  connection_string: `DefaultEndpointsProtocol=${scheme};AccountName=${account};${key};EndpointSuffix=${suffix}`,
});
