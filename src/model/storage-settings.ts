/** Defines settings for reaching files, in Iceberg's names. Values only. */

import { usageError } from './errors.ts';

/** By Iceberg's names (`S3FileIOProperties`, …); includes secrets. */
export type StorageSettings = Readonly<Record<string, string>>;

/** Called for each use, since keys may be renewed. */
export type StorageSource = () => StorageSettings | Promise<StorageSettings>;

/** A setting, its value unless that is secret, and who says so. */
export interface StorageOrigin {
  readonly key: string;
  /** Undefined for a secret. */
  readonly value: string | undefined;
  readonly from: string;
}

/**
 * True if both keys are there. An endpoint alone gives no access: as a secret of DuckDB's it would hide the
 * user's own, which has keys.
 */
export const hasS3Keys = (config: StorageSettings): boolean =>
  (config['s3.access-key-id'] ?? '') !== '' && (config['s3.secret-access-key'] ?? '') !== '';

/** When keys among the settings expire, in ms since 1970; undefined if that is unknown. */
export function expiresAtMs(settings: Readonly<Record<string, string>>): number | undefined {
  const times = Object.entries(settings)
    .flatMap(([key, value]) => {
      if (/expires-at/.test(key)) return Number(value);
      // The token itself tells (Azure, "Create an account SAS").
      return key.startsWith('adls.sas-token') ? Date.parse(new URLSearchParams(value).get('se') ?? '') : [];
    })
    .filter(Number.isFinite);
  return times.length === 0 ? undefined : Math.min(...times);
}

/** Certificates (PEM) to trust besides this machine's: a local file, of which nobody else is told. */
export const CA_FILE = 'ca_file';
/** PyIceberg's name; in seconds. */
const STALL = 's3.request-timeout';
const STALL_SECONDS = 30;

/**
 * How long a store may stay silent, in whole seconds, since DuckDB counts in these. Throws
 * `storage-setting-invalid`.
 */
export function stallSecondsOf(settings: StorageSettings): number {
  const written = settings[STALL];
  if (written === undefined || written === '') return STALL_SECONDS;
  const seconds = Math.ceil(Number(written));
  if (seconds >= 1 && seconds <= STALL_SECONDS_MAX) return seconds;
  throw usageError('storage-setting-invalid', `${STALL} is no time in seconds: ${written}`, {
    hint: `write the longest that the store may say nothing, such as ${STALL}: ${STALL_SECONDS}`,
  });
}
const STALL_SECONDS_MAX = 3600;

/** The setting that `credentials: chain` means for Azure's stores: DuckDB uses the keys of this machine. */
export const AZURE_CHAIN = 'adls.credentials';

/** The settings that others may be told. */
export const withoutFiles = ({ [CA_FILE]: _ofThisMachine, ...settings }: StorageSettings): StorageSettings =>
  settings;

/** The settings that are not secret; any other might be. */
const PRINTABLE =
  /^(?:ca_file|client\.region|s3\.(?:endpoint|path-style-access|region|request-timeout|remote-signing-enabled|session-token-expires-at-ms)|gcs\.(?:service\.host|project-id)|adls\.(?:account-name|credentials|(?:blob|dfs)-storage-(?:authority|scheme)))$/;

export const isSecretKey = (key: string): boolean => !PRINTABLE.test(key);

/** Shorter ones may be ordinary words, which messages need. */
const KEY_ID_LENGTH_MIN = 12;

/**
 * What no message may repeat, whoever wrote it: the secrets among settings, and the ids of keys, which stores
 * mention in errors about a signature.
 */
export const secretsAmong = (settings: Readonly<Record<string, string>> | undefined): readonly string[] =>
  Object.entries(settings ?? {}).flatMap(([key, value]) =>
    (/secret|token$|token\.|sas|account-?\.?key|connection-string/.test(key) && value !== '') ||
    (key === 's3.access-key-id' && value.length >= KEY_ID_LENGTH_MIN)
      ? [value]
      : [],
  );
