/**
 * Defines the schema of psyberg.yaml, and reads the catalog and tables that it names. YAML -> the project's
 * own part of ProjectSpec.
 */
import * as z from 'zod';
import { filled, strictMap } from '../kinds/shapes.ts';
import type { EnginesSpec } from '../model/engines.ts';
import { parseTableName, type TableIdentifier, tableKey, tableNameProblem } from '../model/names.ts';
import type { OnSignalSpec } from '../model/on-signal.ts';
import type { CatalogSpec, StateTables } from '../model/process-spec.ts';
import { checkOnSignal, type HeaderOnSignal, onSignalOf, onSignalSchema } from './header-on-signal.ts';
import { tableText } from './header-schema.ts';
import { isMap } from './plain-values.ts';
import type { ReportProblem } from './problems.ts';
import { catalogOf } from './read-catalog.ts';
import { enginesOf, enginesSchema } from './read-engines.ts';
import { variablesSchema } from './read-variables.ts';
import { validate } from './validate.ts';
import type { YamlText } from './yaml-text.ts';

export const PROJECT_FILE = 'psyberg.yaml';

/** Names of the state tables if psyberg.yaml gives no others. */
const DEFAULT_TABLES = Object.freeze({
  high_water_mark_table: 'psyberg.high_water_mark_table',
  session_table: 'psyberg.psyberg_session_f',
  signal_table: 'psyberg.psyberg_signal',
  audit_failure_table: 'psyberg.psyberg_audit_failure',
  file_table: 'psyberg.psyberg_file_f',
});
type TableKey = keyof typeof DEFAULT_TABLES;

/** The key of each state table in psyberg.yaml. */
const TABLE_KEYS = {
  highWaterMarkTable: 'high_water_mark_table',
  sessionTable: 'session_table',
  signalTable: 'signal_table',
  auditFailureTable: 'audit_failure_table',
  fileTable: 'file_table',
} as const satisfies Record<keyof StateTables, TableKey>;

/**
 * How many rows of a failed audit are kept if psyberg.yaml does not say; and the most it may say, since they
 * pass through this process's memory.
 */
const AUDIT_FAILURE_ROWS = 1000;
const WINDOW_KEY_LIMIT = 1_000_000;
const AUDIT_FAILURE_ROWS_MAX = 100_000;

/**
 * Iceberg's own names: any other would look like a setting and do nothing. Besides these, whose keys are
 * used, and whose certificates.
 */
const storageSchema = z.record(
  z
    .string()
    .regex(
      /^(credentials|ca_file|(s3|client|gcs|adls)\.[A-Za-z0-9.-]+)$/,
      "must be one of Iceberg's settings for files, such as s3.endpoint, or credentials, or ca_file",
    ),
  z.union([filled, z.boolean().transform(String), z.number().transform(String)]),
);

export const projectSchema = strictMap({
  name: z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, 'must hold letters, digits, _, - and . only'),
  catalog: strictMap({
    warehouse: filled.optional(),
    database: filled.optional(),
    state: filled.optional(),
    uri: filled.optional(),
    token: filled.optional(),
    credential: filled.optional(),
    oauth2_server_uri: filled.optional(),
    scope: filled.optional(),
    audience: filled.optional(),
    resource: filled.optional(),
    subject_token: filled.optional(),
    subject_token_file: filled.optional(),
    subject_token_type: filled.optional(),
    auth: z.literal('sigv4').optional(),
    signing_name: filled.optional(),
    signing_region: filled.optional(),
    ca_file: filled.optional(),
    client_cert_file: filled.optional(),
    client_key_file: filled.optional(),
    storage: storageSchema.optional(),
    access_delegation: z.enum(['vended-credentials', 'none']).optional(),
    allowed_locations: z.array(filled).optional(),
  }),
  engines: enginesSchema,
  processes: filled.optional(),
  tables: strictMap({
    high_water_mark_table: tableText.optional(),
    session_table: tableText.optional(),
    signal_table: tableText.optional(),
    audit_failure_table: tableText.optional(),
    file_table: tableText.optional(),
  }).optional(),
  audit_failure_rows: z.number().int().min(0).max(AUDIT_FAILURE_ROWS_MAX).optional(),
  window_key_limit: z.number().int().min(0).optional(),
  vars: variablesSchema,
  on_signal: onSignalSchema.optional(),
});

export interface ProjectFile {
  readonly name: string;
  readonly catalog: CatalogSpec;
  readonly processes: string;
  readonly tables: StateTables;
  readonly auditFailureRows: number;
  readonly windowKeyLimit: number;
  readonly onSignal?: OnSignalSpec;
  readonly engines?: EnginesSpec;
}

/** Validates psyberg.yaml. Every problem is reported; the result is meaningful only if there was none. */
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
  const { on_signal: onSignal } = yaml.value;
  checkOnSignal(onSignal, yaml, report);
  return {
    name: typeof name === 'string' ? name : '',
    catalog: isMap(catalog) ? catalogOf(catalog, yaml, options) : { kind: 'embedded', warehouse: root },
    processes: typeof processes === 'string' ? processes : 'processes',
    tables: tablesOf(named),
    auditFailureRows: typeof auditFailureRows === 'number' ? auditFailureRows : AUDIT_FAILURE_ROWS,
    windowKeyLimit: typeof windowKeyLimit === 'number' ? windowKeyLimit : WINDOW_KEY_LIMIT,
    ...enginesOf(yaml.value['engines'], { yaml, ...options }),
    ...(isMap(onSignal) ? { onSignal: onSignalOf(onSignal as HeaderOnSignal) } : {}),
  };
}

const tablesOf = (named: Readonly<Record<string, unknown>>): StateTables => {
  const table = (key: TableKey): TableIdentifier => {
    const written = named[key];
    return parseTableName(
      typeof written === 'string' && tableNameProblem(written) === undefined ? written : DEFAULT_TABLES[key],
    );
  };
  const tables = Object.entries(TABLE_KEYS).map(([name, key]) => [name, table(key)] as const);
  return Object.fromEntries(tables) as Record<keyof StateTables, TableIdentifier>;
};

function checkTables(named: Readonly<Record<string, unknown>>, yaml: YamlText, report: ReportProblem): void {
  const tables = tablesOf(named);
  const seen = new Map<string, string>();
  for (const [name, key] of Object.entries(TABLE_KEYS)) {
    const table = tables[name as keyof StateTables];
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
