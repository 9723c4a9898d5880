/** Reads the catalog of psyberg.yaml. YAML -> CatalogSpec. Every problem is reported. */
import path from 'node:path';
import { isPatternInStore } from '../model/plain-path.ts';
import type { CatalogSpec } from '../model/process-spec.ts';
import { AZURE_CHAIN, CA_FILE } from '../model/storage-settings.ts';
import { withoutSlash } from '../model/without-slash.ts';
import { REST_KEYS, REST_TEXTS, restCatalog } from './read-rest-catalog.ts';
import type { Reading, Written } from './written-catalog.ts';
import type { YamlText } from './yaml-text.ts';

export function catalogOf(
  catalog: Readonly<Record<string, unknown>>,
  yaml: YamlText,
  options: Omit<Reading, 'catalog' | 'yaml'>,
): CatalogSpec {
  const reading = { ...options, catalog, yaml };
  const text = (key: string): string | undefined => textOf(catalog, key, reading);
  const texts = ['warehouse', 'uri', 'database', 'state', ...REST_TEXTS];
  const written: Written = {
    ...catalog,
    ...Object.fromEntries(texts.map((key) => [key, text(key)])),
    ...storageOf(reading),
  };
  return written.uri === undefined
    ? embeddedCatalog(written, reading)
    : restCatalog({ ...written, uri: written.uri }, reading);
}

/** Secrets belong in the environment, so that psyberg.yaml can be committed. */
function textOf(
  catalog: Readonly<Record<string, unknown>>,
  key: string,
  { yaml, environment, report }: Reading,
): string | undefined {
  const value = catalog[key];
  return typeof value === 'string'
    ? filledIn(value, ['catalog', key], { yaml, environment, report })
    : undefined;
}

/** Iceberg's names, and PyIceberg's, for a profile of this machine. */
const PROFILE_KEYS: readonly string[] = ['client.profile-name', 's3.profile-name'];

/** The settings for files; each may contain environment variables. */
function storageOf(reading: Reading): Pick<Written, 'storage' | 'storageChain'> {
  const { storage } = reading.catalog;
  if (typeof storage !== 'object' || storage === null) return { storage: undefined };
  const filled = Object.entries(storage).map(
    ([key, value]) => [key, filledIn(String(value), ['catalog', 'storage', key], reading)] as const,
  );
  const said = filled.find(([key]) => key === 'credentials')?.[1];
  const chained = said === 'chain';
  if (said !== undefined && !chained)
    reading.report(
      reading.yaml.placeOf(['catalog', 'storage', 'credentials']),
      `credentials is chain, not ${said}`,
      'write credentials: chain for the keys of this machine, or s3.access-key-id and s3.secret-access-key',
    );
  const profile = filled.find(([key]) => PROFILE_KEYS.includes(key))?.[1];
  // Together with an Azure account, the keys of this machine are Azure's, so AWS is not asked for any.
  const isAzure = chained && filled.some(([key]) => key.startsWith('adls.'));
  checkKeys(new Map(filled), chained, reading);
  return {
    storage: {
      ...Object.fromEntries(
        filled
          .filter(([key]) => key !== 'credentials' && !PROFILE_KEYS.includes(key))
          .map(([key, value]) => [key, key === CA_FILE ? path.resolve(reading.root, value) : value]),
      ),
      ...(isAzure ? { [AZURE_CHAIN]: 'chain' } : {}),
    },
    ...(chained && !isAzure ? { storageChain: profile === undefined ? {} : { profile } } : {}),
  };
}

/** Checks that keys come from one place, and that both of them are given. */
function checkKeys(storage: ReadonlyMap<string, string>, chained: boolean, { yaml, report }: Reading): void {
  const [id, secret] = ['s3.access-key-id', 's3.secret-access-key'];
  const named = [id, secret].filter((key) => storage.has(key as string)) as string[];
  if (chained)
    for (const key of named)
      report(
        yaml.placeOfKey(['catalog', 'storage', key]),
        'keys come from catalog.storage or from the chain, not from both',
        `remove ${key}, or credentials: chain`,
      );
  else if (named.length === 1)
    report(
      yaml.placeOfKey(['catalog', 'storage', named[0] as string]),
      `${named[0]} alone is no way in`,
      `add ${named[0] === id ? secret : id}, or write credentials: chain`,
    );
  const profile = PROFILE_KEYS.find((key) => storage.has(key));
  if (profile !== undefined && !chained)
    report(
      yaml.placeOfKey(['catalog', 'storage', profile]),
      `${profile} is for keys of this machine`,
      'add credentials: chain',
    );
}

/** A text with its environment variables replaced by their values. */
export function filledIn(
  text: string,
  place: readonly string[],
  { yaml, environment, report }: Pick<Reading, 'yaml' | 'environment' | 'report'>,
): string {
  return text.replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (whole, variable: string) => {
    const found = environment[variable];
    if (found === undefined)
      report(
        yaml.placeOf(place),
        `the environment variable ${variable} is not set`,
        `set it: export ${variable}=…`,
      );
    return found ?? whole;
  });
}

function embeddedCatalog(written: Written, reading: Reading): CatalogSpec {
  const { catalog, yaml, root, report } = reading;
  const { warehouse, database, storage, storageChain } = written;
  for (const key of REST_KEYS)
    if (catalog[key] !== undefined)
      report(yaml.placeOfKey(['catalog', key]), `${key} is for a catalog with uri`, 'add uri, or remove it');
  if (warehouse === undefined) {
    if (catalog['warehouse'] === undefined)
      report(
        yaml.placeOfKey(['catalog']),
        'the catalog needs warehouse or uri',
        'add "warehouse: warehouse" for an embedded catalog in that folder',
      );
    return { kind: 'embedded', warehouse: root };
  }
  if (database !== undefined && !/^postgres(ql)?:\/\//.test(database))
    report(yaml.placeOf(['catalog', 'database']), 'database must begin with postgres://');
  const allowed = allowedLocations(warehouse, reading);
  const place = {
    warehouse: placeOf(warehouse, root),
    ...(allowed.length === 0 ? {} : { allowedLocations: allowed }),
    ...(storage === undefined ? {} : { storage }),
    ...(storageChain === undefined ? {} : { storageChain }),
  };
  const state = stateFolder(written, warehouse, reading);
  return database === undefined
    ? { kind: 'embedded', ...place, ...(state === undefined ? {} : { state }) }
    : { kind: 'embedded-database', database, ...place };
}

/** Locations in stores that are reached by the S3 protocol. */
const IN_STORE = /^(s3|gs):\/\/[^/?#*]+(\/[^?#*]*)?$/;

/**
 * Where one machine keeps the pointers of a warehouse in an object store; also checks the warehouse's
 * location.
 */
function stateFolder(
  { database, state }: Written,
  warehouse: string,
  { yaml, root, report }: Reading,
): string | undefined {
  const isInStore = IN_STORE.test(warehouse);
  if (!isInStore && SCHEME.test(withoutScheme(warehouse)))
    report(
      yaml.placeOf(['catalog', 'warehouse']),
      'the embedded catalog keeps tables in a folder, or in an object store that speaks the S3 protocol',
      'name a folder, s3://bucket/prefix, gs://bucket/prefix, or the uri of a catalog that serves this warehouse',
    );
  else if (isInStore && isPatternInStore(warehouse))
    report(
      yaml.placeOf(['catalog', 'warehouse']),
      'a warehouse in an object store has no brackets in its name: DuckDB takes them for a pattern',
      'choose another prefix',
    );
  else if (!isInStore && state !== undefined)
    report(
      yaml.placeOfKey(['catalog', 'state']),
      'state is for a warehouse in an object store: one in a folder has its pointers there',
      'remove it',
    );
  else if (isInStore && state !== undefined && database !== undefined)
    report(
      yaml.placeOfKey(['catalog', 'state']),
      'the pointers are in state or in database, not in both',
      'keep state for one machine, database for several',
    );
  else if (isInStore && state === undefined && database === undefined)
    report(
      yaml.placeOf(['catalog', 'warehouse']),
      'a store cannot swap several pointers at once, so the pointers of this warehouse need another place',
      'add "state: .psyberg" for this machine alone, or "database: postgres://…" for several',
    );
  return isInStore && state !== undefined ? path.resolve(root, withoutScheme(state)) : undefined;
}

/** Also with one slash: `s3:/bucket` is a slip, and no folder of that name. */
const SCHEME = /^[a-z][a-z0-9+.-]*:\/\/?/i;

/** Accepts not only `file:///a/b`, but also `file:/a/b`, and `file://b` for a folder of the project. */
const withoutScheme = (location: string): string => location.replace(/^file:(\/\/)?/, '');

const placeOf = (location: string, root: string): string =>
  IN_STORE.test(location) ? withoutSlash(location) : path.resolve(root, withoutScheme(location));

/** Locations outside of the warehouse must be reached in the same way as the warehouse. */
function allowedLocations(warehouse: string, { catalog, yaml, root, report }: Reading): readonly string[] {
  const written = catalog['allowed_locations'];
  const allowed = Array.isArray(written) ? written.filter((each) => typeof each === 'string') : [];
  const schemeOf = (location: string): string => SCHEME.exec(withoutScheme(location))?.[0] ?? '';
  allowed.forEach((location, index) => {
    if (schemeOf(location) !== schemeOf(warehouse))
      report(
        yaml.placeOf(['catalog', 'allowed_locations', index]),
        `tables of the warehouse ${warehouse} cannot lie in ${location}: all of a catalog lie in folders, or all in one kind of store`,
        schemeOf(warehouse) === '' ? 'name a folder' : `name a place that begins with ${schemeOf(warehouse)}`,
      );
  });
  return allowed.map((location) => placeOf(location, root));
}
