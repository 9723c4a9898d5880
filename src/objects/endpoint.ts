/**
 * Finds where a bucket answers, and with which keys it is asked. Settings in Iceberg's names -> address,
 * keys. Pure.
 */
import { usageError } from '../model/errors.ts';
import { CA_FILE, hasS3Keys, type StorageSettings } from '../model/storage-settings.ts';
import type { ObjectLocation } from './location.ts';

export interface BucketAddress {
  /** Address of the bucket, without a slash at the end. */
  readonly url: string;
  readonly region: string;
}
export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/**
 * The bucket's name is part of the host, unless the settings want it in the path, or it has dots, which no
 * certificate covers. Throws `storage-setting-invalid`.
 */
export function bucketAddress({ scheme, bucket }: ObjectLocation, settings: StorageSettings): BucketAddress {
  const isGoogle = scheme === 'gs';
  const region = settings['s3.region'] ?? settings['client.region'] ?? (isGoogle ? 'auto' : 'us-east-1');
  const given = settings['s3.endpoint'] ?? '';
  const standard = isGoogle ? 'https://storage.googleapis.com' : `https://s3.${region}.amazonaws.com`;
  const endpoint = endpointOf(given === '' ? standard : given);
  if (settings['s3.path-style-access'] === 'true' || bucket.includes('.'))
    return { url: `${endpoint.origin}${withoutSlash(endpoint.pathname)}/${bucket}`, region };
  // Node's URL knows every way to write an IP address, and reduces it to digits and dots or to brackets.
  if (/^[\d.]+$|^\[/.test(endpoint.hostname))
    throw usageError(
      'storage-setting-invalid',
      `s3.endpoint is the number of a machine, before which the bucket ${bucket} cannot stand: ${given}`,
      { hint: 'set s3.path-style-access: "true" under catalog.storage in psyberg.yaml, or name a host' },
    );
  return {
    url: `${endpoint.protocol}//${bucket}.${endpoint.host}${withoutSlash(endpoint.pathname)}`,
    region,
  };
}

function endpointOf(text: string): URL {
  const url = /^https?:\/\//i.test(text) ? text : `https://${text}`;
  if (URL.canParse(url)) return new URL(url);
  throw usageError('storage-setting-invalid', `s3.endpoint is no address: ${text}`, {
    hint: 'write it as https://HOST:PORT in catalog.storage of psyberg.yaml',
  });
}

/** Throws `storage-keys-missing`. */
export function keysOf({ bucket, scheme }: ObjectLocation, settings: StorageSettings): Keys {
  if (!hasS3Keys(settings))
    throw usageError('storage-keys-missing', `nobody says with which keys ${scheme}://${bucket} is reached`, {
      hint: 'set s3.access-key-id and s3.secret-access-key under catalog.storage in psyberg.yaml, or export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
    });
  const sessionToken = settings['s3.session-token'];
  return {
    accessKeyId: settings['s3.access-key-id'] as string,
    secretAccessKey: settings['s3.secret-access-key'] as string,
    ...(sessionToken === undefined || sessionToken === '' ? {} : { sessionToken }),
  };
}

/** Iceberg's settings with the variables from which AWS's own tools read them. */
const VARIABLES: readonly (readonly [string, readonly string[]])[] = [
  ['client.region', ['AWS_REGION', 'AWS_DEFAULT_REGION']],
  ['s3.endpoint', ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL']],
  [CA_FILE, ['AWS_CA_BUNDLE']],
];
const KEY_VARIABLES: readonly (readonly [string, string])[] = [
  ['s3.access-key-id', 'AWS_ACCESS_KEY_ID'],
  ['s3.secret-access-key', 'AWS_SECRET_ACCESS_KEY'],
  ['s3.session-token', 'AWS_SESSION_TOKEN'],
];

/**
 * Takes settings from psyberg.yaml, and from the environment where that file is silent. Keys of both are
 * never mixed.
 */
export function withEnvironment(
  settings: StorageSettings | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): StorageSettings {
  const found: Record<string, string> = {};
  for (const [setting, variables] of VARIABLES) {
    const value = variables
      .map((name) => environment[name])
      .find((each) => each !== undefined && each !== '');
    if (value !== undefined) found[setting] = value;
  }
  if (settings === undefined || !KEY_VARIABLES.some(([setting]) => settings[setting] !== undefined))
    for (const [setting, name] of KEY_VARIABLES)
      if ((environment[name] ?? '') !== '') found[setting] = environment[name] as string;
  return { ...found, ...settings };
}

const withoutSlash = (path: string): string => path.replace(/\/+$/, '');
