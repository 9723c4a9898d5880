/**
 * Signs requests to Azure's Blob Storage, which an account with a hierarchical namespace (Data Lake Storage)
 * answers as well. Place, settings -> address, signed headers. An account's key, a SAS or a token take forty
 * lines here. `@azure/storage-blob` 12 has its own HTTP client, without the certificates, patience and
 * errors of this room, and takes 0.7 s to import, with some twenty packages (busy machine, 2026-11-30).
 */
import { createHmac } from 'node:crypto';
import { type AzureAccess, azureAccess } from '../model/azure-access.ts';
import { usageError } from '../model/errors.ts';
import type { StorageSettings } from '../model/storage-settings.ts';
import type { ObjectRequest, OpenedPlace, SignedRequest } from './ask-store.ts';
import { azureLocation, encodedKey, type ObjectLocation } from './location.ts';

/** Since 2021-02-12, names of blobs are encoded if XML cannot hold them. */
const API_VERSION = '2021-12-02';

/** The keys that psyberg can use itself; any other access is only known to DuckDB. */
type OwnKey = Extract<AzureAccess['key'], { readonly kind: 'signature' | 'account-key' | 'token' }>;

interface Container {
  /** Without a slash at its end. */
  readonly url: string;
  readonly account: string;
  readonly key: OwnKey;
}

/** True if psyberg itself can ask for objects below a place. */
export function opensInAzure(location: string, settings: StorageSettings): boolean {
  const place = azureLocation(location);
  return place !== undefined && containerAt(place, settings) !== undefined;
}

/** @throws PsybergError `storage-keys-missing`. */
export function openInAzure(place: ObjectLocation, settings: StorageSettings): OpenedPlace {
  const container = containerAt(place, settings);
  if (container === undefined)
    throw usageError(
      'storage-keys-missing',
      `nobody says with which key ${place.scheme}://${place.bucket} is reached`,
      {
        hint: 'set adls.account-key, adls.sas-token or adls.connection-string under catalog.storage in psyberg.yaml',
      },
    );
  const url = place.key === '' ? container.url : `${container.url}/${encodedKey(place.key)}`;
  return { address: new URL(url).origin, sign: async (request) => signed(container, url, request) };
}

function containerAt({ scheme, bucket }: ObjectLocation, settings: StorageSettings): Container | undefined {
  const [name = ''] = bucket.split('@');
  const access = azureAccess(`${scheme}://${bucket}`, settings);
  // A host instead of a container: only DuckDB writes locations like this.
  if (access === undefined || name.includes('.')) return undefined;
  const { account, suffix, key } = access;
  if (key.kind === 'connection-string') return containerOf(key.text, name);
  if (key.kind === 'principal' || key.kind === 'chain') return undefined;
  return { url: `${access.scheme}://${account}.blob.${suffix}/${name}`, account, key };
}

/** Azure, "Configure Azure Storage connection strings". */
function containerOf(text: string, name: string): Container | undefined {
  const parts = new Map(
    text.split(';').map((part) => {
      const [key = ''] = part.split('=', 1);
      return [key.trim().toLowerCase(), part.slice(part.indexOf('=') + 1).trim()] as const;
    }),
  );
  const part = (key: string, otherwise = ''): string => parts.get(key) || otherwise;
  const account = part('accountname');
  const standard = `${part('defaultendpointsprotocol', 'https')}://${account}.blob.${part('endpointsuffix', 'core.windows.net')}`;
  const endpoint = part('blobendpoint', account === '' ? '' : standard).replace(/\/+$/, '');
  const [sas, key] = [part('sharedaccesssignature').replace(/^\?/, ''), part('accountkey')];
  if (!URL.canParse(endpoint) || (sas === '' && (key === '' || account === ''))) return undefined;
  return {
    url: `${endpoint}/${name}`,
    account,
    key: sas === '' ? { kind: 'account-key', key } : { kind: 'signature', sas },
  };
}

function signed(
  { account, key }: Container,
  place: string,
  { method, query = {}, headers: given = {}, body }: ObjectRequest,
): SignedRequest {
  // A plus does not mean a blank there.
  const search = new URLSearchParams(query).toString().replaceAll('+', '%20');
  const url = search === '' ? place : `${place}?${search}`;
  const headers = { ...given, 'x-ms-date': new Date().toUTCString(), 'x-ms-version': API_VERSION };
  switch (key.kind) {
    case 'signature':
      return { url: `${url}${search === '' ? '?' : '&'}${key.sas}`, headers };
    case 'token':
      return { url, headers: { ...headers, authorization: `Bearer ${key.token}` } };
    case 'account-key': {
      const bytes = body instanceof Blob ? body.size : (body?.length ?? 0);
      const text = textToSign({ method, account, place, query, headers, bytes });
      const signature = createHmac('sha256', Buffer.from(key.key, 'base64')).update(text).digest('base64');
      return { url, headers: { ...headers, authorization: `SharedKey ${account}:${signature}` } };
    }
  }
}

/** Headers that are signed by their position in the text alone (Azure, "Authorize with Shared Key"). */
const STANDARD = [
  'content-encoding',
  'content-language',
  'content-length',
  'content-md5',
  'content-type',
  'date',
  'if-modified-since',
  'if-match',
  'if-none-match',
  'if-unmodified-since',
  'range',
];

function textToSign({
  method,
  account,
  place,
  query,
  headers,
  bytes,
}: {
  readonly method: string;
  readonly account: string;
  readonly place: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: number;
}): string {
  const all: Readonly<Record<string, string>> = {
    ...headers,
    'content-length': bytes === 0 ? '' : String(bytes),
  };
  const ofAzure = Object.keys(headers)
    .filter((name) => name.startsWith('x-ms-'))
    .sort();
  return [
    method,
    ...STANDARD.map((name) => all[name] ?? ''),
    ...ofAzure.map((name) => `${name}:${headers[name]}`),
    `/${account}${new URL(place).pathname}`,
    ...Object.keys(query)
      .sort()
      .map((name) => `${name}:${query[name]}`),
  ].join('\n');
}
