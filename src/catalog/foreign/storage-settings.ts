/**
 * How the files of a foreign catalog's tables are reached. What everybody says of it -> settings, in
 * Iceberg's own names. Pure. Whoever makes a secret of them must have all: DuckDB takes the secret with the
 * longest scope, whole, and never adds what another one says.
 */
import { isSecretKey, type StorageOrigin, type StorageSettings } from '../../model/storage-settings.ts';
import type { StorageCredential } from '../service/catalog.ts';

/** Families of settings that say how files are reached (`S3FileIOProperties`, `GCPProperties`, …). */
const STORAGE_KEY = /^(?:s3|client|gcs|adls)\./;

/** Those of them among any settings. */
const storageSettings = (settings: StorageSettings | null | undefined): StorageSettings =>
  Object.fromEntries(Object.entries(settings ?? {}).filter(([key]) => STORAGE_KEY.test(key)));

/** What a table says of its files beside what is said for all. */
export interface TableStorage {
  readonly config: StorageSettings;
  readonly storageCredentials?: readonly StorageCredential[];
}

/** Keys with what belongs to them. */
const KEY_SET: readonly string[] = [
  's3.access-key-id',
  's3.secret-access-key',
  's3.session-token',
  's3.session-token-expires-at-ms',
];

/**
 * Settings on top of others. Keys are taken as a set: one's own with the session token of another one's would
 * open nothing.
 */
function addSettings(below: StorageSettings, above: StorageSettings): StorageSettings {
  if (above['s3.access-key-id'] === undefined) return { ...below, ...above };
  const others = Object.entries(below).filter(([key]) => !KEY_SET.includes(key));
  return { ...Object.fromEntries(others), ...above };
}

/**
 * Credentials add to the table's settings, and these to those of the catalog: some catalogs hand out keys
 * in the one and the endpoint in the other (Apache Polaris does; Apache's and PyIceberg's clients merge).
 */
export function tableStorage(
  ofCatalog: StorageSettings,
  table: StorageSettings,
  credentials: readonly StorageCredential[] | null | undefined,
): TableStorage {
  const config = addSettings(ofCatalog, table);
  if (credentials == null || credentials.length === 0) return { config };
  return {
    config,
    storageCredentials: credentials.map(({ prefix, config: given }) => ({
      prefix,
      config: addSettings(storageSettings(config), given),
    })),
  };
}

/** Who says what, in the order in which the later one wins. */
export type StorageVoices = readonly (readonly [string, StorageSettings | null | undefined])[];

/** What all of them say together. */
export const settingsOf = (voices: StorageVoices): StorageSettings =>
  voices.reduce<StorageSettings>((below, [, said]) => addSettings(below, storageSettings(said)), {});

/** The settings that count, with who says each. */
export function storageOrigins(voices: StorageVoices): StorageOrigin[] {
  const counting = new Map<string, StorageOrigin>();
  for (const [from, settings] of voices) {
    if (settings?.['s3.access-key-id'] !== undefined) for (const key of KEY_SET) counting.delete(key);
    for (const [key, value] of Object.entries(storageSettings(settings)))
      counting.set(key, { key, value: isSecretKey(key) ? undefined : value, from });
  }
  return [...counting.values()].sort((one, other) => (one.key < other.key ? -1 : 1));
}
