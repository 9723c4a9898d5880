/** The catalog of psyberg.yaml. YAML -> CatalogSpec. Every problem is reported. */
import path from 'node:path';
import type { CatalogSpec } from '../model/process-spec.ts';
import type { ReportProblem } from './problems.ts';
import type { YamlText } from './yaml-text.ts';

interface Reading {
  /** As it is written, also where a value is of a wrong type. */
  readonly catalog: Readonly<Record<string, unknown>>;
  readonly yaml: YamlText;
  readonly root: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly report: ReportProblem;
}
/** The catalog's keys as they are written, with the values of environment variables in them. */
interface Written {
  readonly [key: string]: unknown;
  readonly warehouse?: string | undefined;
  readonly database?: string | undefined;
  readonly uri?: string | undefined;
  readonly token?: string | undefined;
  readonly credential?: string | undefined;
  readonly oauth2_server_uri?: string | undefined;
  readonly scope?: string | undefined;
}

export function catalogOf(
  catalog: Readonly<Record<string, unknown>>,
  yaml: YamlText,
  options: Omit<Reading, 'catalog' | 'yaml'>,
): CatalogSpec {
  const reading = { ...options, catalog, yaml };
  const text = (key: string): string | undefined => textOf(catalog, key, reading);
  const written: Written = {
    ...catalog,
    warehouse: text('warehouse'),
    uri: text('uri'),
    database: text('database'),
    token: text('token'),
    credential: text('credential'),
    oauth2_server_uri: text('oauth2_server_uri'),
    scope: text('scope'),
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
  if (typeof value !== 'string') return undefined;
  return value.replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (whole, variable: string) => {
    const found = environment[variable];
    if (found === undefined)
      report(
        yaml.placeOf(['catalog', key]),
        `the environment variable ${variable} is not set`,
        `set it: export ${variable}=…`,
      );
    return found ?? whole;
  });
}

function restCatalog(written: Written & { readonly uri: string }, reading: Reading): CatalogSpec {
  const { warehouse, uri, token, credential, oauth2_server_uri: oauth2ServerUri, scope } = written;
  checkRestKeys(written, reading);
  checkAddresses(written, reading);
  checkCredential(written, reading);
  return {
    kind: 'rest',
    uri,
    ...(warehouse === undefined ? {} : { warehouse }),
    ...(token === undefined ? {} : { token }),
    ...(credential === undefined ? {} : { credential }),
    ...(oauth2ServerUri === undefined ? {} : { oauth2ServerUri }),
    ...(scope === undefined ? {} : { scope }),
  };
}

function checkRestKeys(written: Written, { yaml, report }: Reading): void {
  if (written['allowed_locations'] !== undefined)
    report(
      yaml.placeOfKey(['catalog', 'allowed_locations']),
      'allowed_locations is for the embedded catalog',
      'remove it, or remove uri',
    );
  if (written.database !== undefined)
    report(
      yaml.placeOfKey(['catalog', 'database']),
      'a catalog has uri or database, not both',
      'keep uri for an Iceberg REST catalog, database for the embedded one',
    );
  if (written.token !== undefined && written.credential !== undefined)
    report(
      yaml.placeOfKey(['catalog', 'credential']),
      'a catalog has token or credential, not both',
      'keep one of them',
    );
}

function checkAddresses(written: Written & { readonly uri: string }, { yaml, report }: Reading): void {
  if (!/^https?:\/\//.test(written.uri))
    report(yaml.placeOf(['catalog', 'uri']), 'uri must begin with http:// or https://');
  // Addresses are printed; tokens and credentials never are.
  for (const key of ['uri', 'oauth2_server_uri'] as const)
    if (/^https?:\/\/[^/]*@/.test(written[key] ?? ''))
      report(
        yaml.placeOf(['catalog', key]),
        `${key} must not hold a user or a password`,
        'use token or credential',
      );
}

function checkCredential(written: Written, { yaml, report }: Reading): void {
  for (const key of ['oauth2_server_uri', 'scope'] as const)
    if (written[key] !== undefined && written.credential === undefined)
      report(
        yaml.placeOfKey(['catalog', key]),
        `${key} is for a catalog with credential`,
        'add credential, or remove it',
      );
}

function embeddedCatalog(written: Written, { catalog, yaml, root, report }: Reading): CatalogSpec {
  const { warehouse, database } = written;
  for (const key of ['token', 'credential', 'oauth2_server_uri', 'scope'])
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
  const local = withoutScheme(warehouse);
  if (database !== undefined && !/^postgres(ql)?:\/\//.test(database))
    report(yaml.placeOf(['catalog', 'database']), 'database must begin with postgres://');
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(local))
    report(
      yaml.placeOf(['catalog', 'warehouse']),
      'the embedded catalog keeps tables in a folder of this machine or of one that it mounts',
      'name a folder, or the uri of a catalog that serves this warehouse',
    );
  const place = { warehouse: path.resolve(root, local), ...allowedLocations(written, root) };
  return database === undefined
    ? { kind: 'embedded', ...place }
    : { kind: 'embedded-database', database, ...place };
}

/** Beside `file:///a/b`: `file:/a/b`, and `file://b` for a folder of the project. */
const withoutScheme = (location: string): string => location.replace(/^file:(\/\/)?/, '');

function allowedLocations(written: Written, root: string): { readonly allowedLocations?: readonly string[] } {
  const allowed = Array.isArray(written['allowed_locations'])
    ? written['allowed_locations'].filter((each) => typeof each === 'string')
    : [];
  return allowed.length === 0
    ? {}
    : { allowedLocations: allowed.map((location) => path.resolve(root, withoutScheme(location))) };
}
