// Goal: what Iceberg's clients call keys of Azure's stores opens them for DuckDB, and nothing else does. Method: the
// options of its secret for settings as catalogs and projects write them.
import { expect, it } from 'vitest';
import { azureOptions } from '../../src/engine/azure-secrets.ts';
import { secretStatement } from '../../src/engine/storage-secrets.ts';

const scope = 'abfss://lake@acme.dfs.core.windows.net/t/';
const connected = (key: string, suffix = 'core.windows.net'): object => ({
  connection_string: `DefaultEndpointsProtocol=https;AccountName=acme;${key};EndpointSuffix=${suffix}`,
});

it.each<[string, Record<string, string>, object | undefined]>([
  [scope, { 'adls.sas-token.acme': '?sv=1&sig=x' }, connected('SharedAccessSignature=sv=1&sig=x')],
  [scope, { 'adls.sas-token.acme.dfs.core.windows.net': 'sv=1' }, connected('SharedAccessSignature=sv=1')],
  [scope, { 'adls.sas-token': 'sv=1' }, connected('SharedAccessSignature=sv=1')],
  [scope, { 'adls.sas-token.other': 'sv=1' }, undefined],
  [scope, { 'adls.account-key': 'k' }, connected('AccountKey=k')],
  [
    'abfss://',
    { 'adls.auth.shared-key.account.name': 'acme', 'adls.auth.shared-key.account.key': 'k' },
    connected('AccountKey=k'),
  ],
  ['abfss://', { 'adls.account-key': 'k' }, undefined],
  [
    'abfss://lake@acme.dfs.fabric.microsoft.com/t/',
    { 'adls.sas-token': 'sv=1' },
    connected('SharedAccessSignature=sv=1', 'fabric.microsoft.com'),
  ],
  [
    scope,
    { 'adls.connection-string': 'AccountName=a;AccountKey=k' },
    { connection_string: 'AccountName=a;AccountKey=k' },
  ],
  [scope, { 'adls.connection-string.acme': 'https://elsewhere' }, undefined],
  [
    scope,
    { 'adls.tenant-id': 't', 'adls.client-id': 'c', 'adls.client-secret': 's' },
    {
      provider: 'service_principal',
      account_name: 'acme',
      tenant_id: 't',
      client_id: 'c',
      client_secret: 's',
    },
  ],
  [scope, { 'adls.token': 'x' }, { provider: 'access_token', account_name: 'acme', access_token: 'x' }],
  [scope, { 'adls.credentials': 'chain' }, { provider: 'credential_chain', account_name: 'acme' }],
  [scope, { 's3.access-key-id': 'a', 's3.secret-access-key': 'b' }, undefined],
])('%s %j', (place, config, options) => {
  expect(azureOptions(place, config)).toEqual(options);
  expect(secretStatement('s', { scope: place, config }) === undefined).toBe(options === undefined);
});
