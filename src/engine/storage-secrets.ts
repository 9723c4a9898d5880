/**
 * Credentials that a catalog hands out for its files, as DuckDB's secrets. Iceberg's property names -> CREATE
 * SECRET. Pure. DuckDB's Iceberg extension takes them for the tables that it reads itself; manifests that the
 * engine reads by path need a secret of their own.
 */
import { isInAzure } from '../model/azure-access.ts';
import { hasS3Keys } from '../model/storage-settings.ts';
import { quoteIdentifier, quoteLiteral } from '../statements/index.ts';
import { azureOptions } from './azure-secrets.ts';

/** Files below `scope` are reached with what `config` says; its `ca_file` holds all certificates to trust. */
export interface StorageAccess {
  readonly scope: string;
  readonly config: Readonly<Record<string, string>>;
}

/** Options of DuckDB's S3 secret by Iceberg's properties (`S3FileIOProperties`); a later one wins. */
const S3_OPTIONS: readonly (readonly [string, string])[] = [
  ['client.region', 'region'],
  ['region', 'region'],
  ['s3.region', 'region'],
  ['s3.access-key-id', 'key_id'],
  ['s3.secret-access-key', 'secret'],
  ['s3.session-token', 'session_token'],
];

/**
 * The statement that makes them known, or undefined when they are none that DuckDB can use here. The text
 * holds the secret: it is never printed.
 */
export function secretStatement(name: string, { scope, config }: StorageAccess): string | undefined {
  if (isInAzure(scope)) return azureStatement(name, { scope, config });
  const type = /^gs:|^gcs:/.test(scope) ? 'gcs' : /^s3[an]?:/.test(scope) ? 's3' : undefined;
  if (type === undefined) return undefined;
  // Without keys it would hide a secret of the user's own that has some.
  if (type === 's3' && !hasS3Keys(config)) return undefined;
  const options = hasS3Keys(config) ? s3Options(config) : googleOptions(config);
  const given = Object.entries(options).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return given.length === 0 ? undefined : created(name, type, scope, given);
}

function azureStatement(name: string, { scope, config }: StorageAccess): string | undefined {
  const options = azureOptions(scope, config);
  return options === undefined ? undefined : created(name, 'azure', scope, Object.entries(options));
}

function created(
  name: string,
  type: string,
  scope: string,
  options: readonly (readonly [key: string, value: string])[],
): string {
  const parts = [
    `type ${type}`,
    `scope ${quoteLiteral(scope)}`,
    ...options.map(([key, value]) => `${key} ${quoteLiteral(value)}`),
  ];
  return `create or replace temporary secret ${quoteIdentifier(name)} (${parts.join(', ')})`;
}

/** With a token. Google's stores take keys as well, by the protocol of S3. */
const googleOptions = (config: StorageAccess['config']): Record<string, string | undefined> =>
  config['gcs.oauth2.token'] === undefined
    ? {}
    : { bearer_token: config['gcs.oauth2.token'], ...endpointOptions(config['gcs.service.host']) };

function s3Options(config: StorageAccess['config']): Record<string, string | undefined> {
  const options: Record<string, string | undefined> = {};
  for (const [property, option] of S3_OPTIONS) options[option] = config[property] ?? options[option];
  const style = config['s3.path-style-access'] === 'true' ? { url_style: 'path' } : {};
  return { ...options, ...endpointOptions(config['s3.endpoint']), ...style };
}

/** `address`: with a scheme, or a host alone. */
function endpointOptions(address = ''): Record<string, string> {
  const [, scheme, host = ''] = /^(?:(https?):\/\/)?(.*?)\/*$/.exec(address) ?? [];
  if (host === '') return {};
  return { endpoint: host, ...(scheme === undefined ? {} : { use_ssl: String(scheme === 'https') }) };
}
