/**
 * psyberg.yaml: its schema, and the catalog and tables that it names. YAML -> the project's own part of
 * ProjectSpec.
 */
import path from 'node:path';
import * as z from 'zod';
import { filled, strictMap } from '../kinds/shapes.ts';
import { parseTableName, tableKey, tableNameProblem } from '../model/names.ts';
import type { CatalogSpec, StateTables } from '../model/process-spec.ts';
import { tableText } from './header-schema.ts';
import { isMap } from './plain-values.ts';
import type { ReportProblem } from './problems.ts';
import { jsonSchemaOf, validate } from './validate.ts';
import type { YamlText } from './yaml-text.ts';

export const PROJECT_FILE = 'psyberg.yaml';

/** Names of the state tables when psyberg.yaml does not say otherwise. */
export const DEFAULT_TABLES = Object.freeze({
  high_water_mark_table: 'psyberg.high_water_mark_table',
  session_table: 'psyberg.psyberg_session_f',
  signal_table: 'psyberg.psyberg_signal',
  audit_failure_table: 'psyberg.psyberg_audit_failure',
});
type TableKey = keyof typeof DEFAULT_TABLES;

/**
 * Rows of a failed audit that are kept when psyberg.yaml does not say otherwise; and the most it may say:
 * they pass through this process's memory.
 */
const AUDIT_FAILURE_ROWS = 1000;
const WINDOW_KEY_LIMIT = 1_000_000;
const AUDIT_FAILURE_ROWS_MAX = 100_000;

const projectSchema = strictMap({
  name: z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, 'must hold letters, digits, _, - and . only'),
  catalog: strictMap({
    warehouse: filled.optional(),
    database: filled.optional(),
    uri: filled.optional(),
    token: filled.optional(),
    credential: filled.optional(),
    oauth2_server_uri: filled.optional(),
    scope: filled.optional(),
    allowed_locations: z.array(filled).optional(),
  }),
  processes: filled.optional(),
  tables: strictMap({
    high_water_mark_table: tableText.optional(),
    session_table: tableText.optional(),
    signal_table: tableText.optional(),
    audit_failure_table: tableText.optional(),
  }).optional(),
  audit_failure_rows: z.number().int().min(0).max(AUDIT_FAILURE_ROWS_MAX).optional(),
  window_key_limit: z.number().int().min(0).optional(),
});

/** The JSON schema of psyberg.yaml, for editors. */
export function projectJsonSchema(): Record<string, unknown> {
  return { ...jsonSchemaOf(projectSchema), title: PROJECT_FILE };
}

export interface ProjectFile {
  readonly name: string;
  readonly catalog: CatalogSpec;
  readonly processes: string;
  readonly tables: StateTables;
  readonly auditFailureRows: number;
  readonly windowKeyLimit: number;
}

/** Validates psyberg.yaml. Every problem is reported; the result is meaningful only when there was none. */
export function readProjectFile(
  yaml: YamlText,
  options: { readonly root: string; readonly environment: NodeJS.ProcessEnv; readonly report: ReportProblem },
): ProjectFile {
  const { root, report } = options;
  if (!isMap(yaml.value)) {
    if (yaml.value !== undefined)
      report(yaml.placeOf([]), `${PROJECT_FILE} must be a map of keys`, 'begin with "name: my_project"');
    return {
      name: '',
      catalog: { kind: 'embedded', warehouse: root },
      processes: 'processes',
      tables: tablesOf({}),
      auditFailureRows: AUDIT_FAILURE_ROWS,
      windowKeyLimit: WINDOW_KEY_LIMIT,
    };
  }
  validate(projectSchema, yaml, report);
  const { name, catalog, processes, tables, audit_failure_rows: auditFailureRows } = yaml.value;
  const { window_key_limit: windowKeyLimit } = yaml.value;
  const named = isMap(tables) ? tables : {};
  checkTables(named, yaml, report);
  return {
    name: typeof name === 'string' ? name : '',
    catalog: isMap(catalog) ? catalogOf(catalog, yaml, options) : { kind: 'embedded', warehouse: root },
    processes: typeof processes === 'string' ? processes : 'processes',
    tables: tablesOf(named),
    auditFailureRows: typeof auditFailureRows === 'number' ? auditFailureRows : AUDIT_FAILURE_ROWS,
    windowKeyLimit: typeof windowKeyLimit === 'number' ? windowKeyLimit : WINDOW_KEY_LIMIT,
  };
}

function catalogOf(
  catalog: Readonly<Record<string, unknown>>,
  yaml: YamlText,
  options: { readonly root: string; readonly environment: NodeJS.ProcessEnv; readonly report: ReportProblem },
): CatalogSpec {
  const { root, environment, report } = options;
  const text = (key: string): string | undefined => {
    const value = catalog[key];
    if (typeof value !== 'string') return undefined;
    // Secrets belong in the environment, so that psyberg.yaml can be committed.
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
  };
  const warehouse = text('warehouse');
  const [uri, database, token, credential] = [
    text('uri'),
    text('database'),
    text('token'),
    text('credential'),
  ];
  const [oauth2ServerUri, scope] = [text('oauth2_server_uri'), text('scope')];
  const allowed = Array.isArray(catalog['allowed_locations'])
    ? catalog['allowed_locations'].filter((each) => typeof each === 'string')
    : [];
  if (uri !== undefined) {
    if (catalog['allowed_locations'] !== undefined)
      report(
        yaml.placeOfKey(['catalog', 'allowed_locations']),
        'allowed_locations is for the embedded catalog',
        'remove it, or remove uri',
      );
    if (database !== undefined)
      report(
        yaml.placeOfKey(['catalog', 'database']),
        'a catalog has uri or database, not both',
        'keep uri for an Iceberg REST catalog, database for the embedded one',
      );
    if (token !== undefined && credential !== undefined)
      report(
        yaml.placeOfKey(['catalog', 'credential']),
        'a catalog has token or credential, not both',
        'keep one of them',
      );
    if (!/^https?:\/\//.test(uri))
      report(yaml.placeOf(['catalog', 'uri']), 'uri must begin with http:// or https://');
    for (const [key, address] of [
      ['uri', uri],
      ['oauth2_server_uri', oauth2ServerUri],
    ] as const) {
      // Addresses are printed; tokens and credentials never are.
      if (address !== undefined && /^https?:\/\/[^/]*@/.test(address))
        report(
          yaml.placeOf(['catalog', key]),
          `${key} must not hold a user or a password`,
          'use token or credential',
        );
    }
    for (const [key, value] of [
      ['oauth2_server_uri', oauth2ServerUri],
      ['scope', scope],
    ] as const) {
      if (value !== undefined && credential === undefined)
        report(
          yaml.placeOfKey(['catalog', key]),
          `${key} is for a catalog with credential`,
          'add credential, or remove it',
        );
    }
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
  for (const key of ['token', 'credential', 'oauth2_server_uri', 'scope']) {
    if (catalog[key] !== undefined)
      report(yaml.placeOfKey(['catalog', key]), `${key} is for a catalog with uri`, 'add uri, or remove it');
  }
  if (warehouse === undefined) {
    if (catalog['warehouse'] === undefined)
      report(
        yaml.placeOfKey(['catalog']),
        'the catalog needs warehouse or uri',
        'add "warehouse: warehouse" for an embedded catalog in that folder',
      );
    return { kind: 'embedded', warehouse: root };
  }
  // Beside `file:///a/b`: `file:/a/b`, and `file://b` for a folder of the project.
  const withoutScheme = (location: string): string => location.replace(/^file:(\/\/)?/, '');
  const folderOf = (location: string): string => path.resolve(root, withoutScheme(location));
  const allowedLocations = allowed.length === 0 ? {} : { allowedLocations: allowed.map(folderOf) };
  const local = withoutScheme(warehouse);
  const remote = /^[a-z][a-z0-9+.-]*:\/\//i.test(local);
  if (database !== undefined) {
    if (!/^postgres(ql)?:\/\//.test(database))
      report(yaml.placeOf(['catalog', 'database']), 'database must begin with postgres://');
  }
  if (remote)
    report(
      yaml.placeOf(['catalog', 'warehouse']),
      'the embedded catalog keeps tables in a folder of this machine or of one that it mounts',
      'name a folder, or the uri of a catalog that serves this warehouse',
    );
  if (database !== undefined)
    return { kind: 'embedded-database', warehouse: path.resolve(root, local), database, ...allowedLocations };
  return { kind: 'embedded', warehouse: path.resolve(root, local), ...allowedLocations };
}

const tablesOf = (named: Readonly<Record<string, unknown>>): StateTables => {
  const table = (key: TableKey) => {
    const written = named[key];
    return parseTableName(
      typeof written === 'string' && tableNameProblem(written) === undefined ? written : DEFAULT_TABLES[key],
    );
  };
  return {
    highWaterMarkTable: table('high_water_mark_table'),
    sessionTable: table('session_table'),
    signalTable: table('signal_table'),
    auditFailureTable: table('audit_failure_table'),
  };
};

function checkTables(named: Readonly<Record<string, unknown>>, yaml: YamlText, report: ReportProblem): void {
  const tables = tablesOf(named);
  const seen = new Map<string, string>();
  for (const [key, table] of [
    ['high_water_mark_table', tables.highWaterMarkTable],
    ['session_table', tables.sessionTable],
    ['signal_table', tables.signalTable],
    ['audit_failure_table', tables.auditFailureTable],
  ] as const) {
    const other = seen.get(tableKey(table));
    if (other !== undefined)
      report(
        yaml.placeOf(['tables', key]),
        `${key} and ${other} are the same table`,
        'give each its own name',
      );
    seen.set(tableKey(table), key);
  }
}
