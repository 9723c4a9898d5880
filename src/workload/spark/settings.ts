/**
 * The settings of a session on Spark: how SQL is meant, and the catalog in which it finds the session's
 * tables. Spec -> settings. Pure.
 */
import { SESSION_CATALOG, SPARK_SQL, type SparkSpec } from '../../model/engines.ts';
import type { ServedCatalog } from '../port.ts';

export type SparkSettings = Readonly<Record<string, string>>;

export const catalogPrefix = (name: string): string => `spark.sql.catalog.${name}`;

/** Where Spark finds the tables: psyberg's catalog, or a folder. */
export type TablesAt =
  | { readonly kind: 'served'; readonly catalog: ServedCatalog }
  /** `files`: how Spark's own catalog gets to files. */
  | { readonly kind: 'folder'; readonly folder: string; readonly files: SparkSettings };

/**
 * What a project sets comes after what psyberg can do without, and before what its SQL relies on. `rows`: how
 * many a statement reads at most; undefined: nobody knows.
 */
export function sessionSettings(
  spark: SparkSpec | undefined,
  at: TablesAt,
  rows?: bigint | undefined,
): SparkSettings {
  const catalog = catalogPrefix(SESSION_CATALOG);
  const ofTables = at.kind === 'served' ? servedSettings(spark, at.catalog) : folderSettings(at.folder);
  return {
    ...below(catalog, at.kind === 'folder' ? at.files : WAITS),
    ...(rows !== undefined && rows <= FEW_ROWS ? INTERPRETED : {}),
    ...spark?.conf,
    ...SPARK_SQL,
    // Its default. Cut off, the plan of a query would hide tables that are none of its sources.
    'spark.sql.maxPlanStringLength': '2147483632',
    [catalog]: 'org.apache.iceberg.spark.SparkCatalog',
    // What the session stages has to be seen by its next statement.
    ...below(catalog, { 'cache-enabled': 'false', ...ofTables }),
  };
}

/**
 * Of few rows plans are interpreted: Spark compiles them to classes, and keeps none of those for another
 * session. The INSERT of 1,000 rows and the count beside it took 0.54 s of CPU so in place of 0.77, those of
 * 100,000 rows 1.32 in place of 1.74, and those of 400,000 as much (medians of 4, turn about, Spark 4.1.2 on
 * 2 cores with eight times as much other work, 2026-11-30). Without `factoryMode` there is no gain.
 */
const INTERPRETED: SparkSettings = {
  'spark.sql.codegen.wholeStage': 'false',
  'spark.sql.codegen.factoryMode': 'NO_CODEGEN',
};
const FEW_ROWS = 100_000n;

/**
 * A catalog that is there answers within milliseconds; without a limit Spark would wait for one that went
 * away in the middle of an answer for ever, and this session with it.
 */
const WAITS: SparkSettings = {
  'rest.client.connection-timeout-ms': '60000',
  'rest.client.socket-timeout-ms': '60000',
};

const below = (prefix: string, settings: SparkSettings): SparkSettings =>
  Object.fromEntries(Object.entries(settings).map(([key, value]) => [`${prefix}.${key}`, value]));

const servedSettings = (
  spark: SparkSpec | undefined,
  { warehouse, uri, token }: ServedCatalog,
): SparkSettings => ({
  type: 'rest',
  uri: advertisedUri(spark, uri),
  warehouse,
  token,
  'rest-metrics-reporting-enabled': 'false',
});

/** The address under which Spark's driver is to find the catalog that listens at `uri`. */
export const advertisedUri = (spark: SparkSpec | undefined, uri: string): string =>
  spark?.catalogUri?.replaceAll('{port}', new URL(uri).port) ?? uri;

const folderSettings = (folder: string): SparkSettings => ({
  type: 'hadoop',
  // Hadoop's own client of S3 has that name; other schemes of it are a matter of settings.
  warehouse: folder.replace(/^s3n?:/, 's3a:'),
});

/** What of the settings of a catalog of Spark says how files are reached. */
const FILES = /^(?:io-impl$|s3\.|client\.|gcs\.|adls\.|http-client\.|hadoop\.)/;

/** Those of `given`, the settings of a catalog by the rest of their names behind its own and a dot. */
export function fileSettings(given: SparkSettings): SparkSettings {
  const settings = Object.fromEntries(Object.entries(given).filter(([key]) => FILES.test(key)));
  const implementation = settings['io-impl'] ?? DEFAULT_FILES[given['type'] ?? ''];
  return implementation === undefined ? settings : { ...settings, 'io-impl': implementation };
}

/** What catalogs of that type take where nothing is said; a folder of tables takes Hadoop's file systems. */
const DEFAULT_FILES: SparkSettings = {
  rest: 'org.apache.iceberg.io.ResolvingFileIO',
  nessie: 'org.apache.iceberg.io.ResolvingFileIO',
  glue: 'org.apache.iceberg.aws.s3.S3FileIO',
};
