/** Defines which engine works on the rows of a process, and where it is. Plain data. */

/** DuckDB if a process names none. */
export const ENGINE_NAMES = ['duckdb', 'spark'] as const;
export type EngineName = (typeof ENGINE_NAMES)[number];

/** The catalog under which DuckDB sees the project's warehouse: `lake.<namespace>.<table>`. */
export const LAKE_CATALOG = 'lake';

/** The catalog under which an engine sees a session: `sources.<alias>`, `target.<name>`, `staged.<name>`. */
export const SESSION_CATALOG = 'psyberg_session';

/** An Apache Spark that is reached by Spark Connect. */
export interface SparkSpec {
  /** `sc://host:port/;…`, perhaps with a token. Undefined: the environment's SPARK_REMOTE. */
  readonly remote?: string;
  /** File of certificate authorities for its TLS, in addition to those that Node knows; absolute. */
  readonly caFile?: string;
  /** How long a statement may run without any of its tasks ending, in ms; undefined: for ever. */
  readonly timeoutMs?: number;
  /**
   * A catalog that Spark itself has. Then Spark does not call psyberg at all: it gets a session's tables as
   * files, and reaches them by the settings of that catalog. Undefined: it uses psyberg's catalog.
   */
  readonly catalog?: string;
  /**
   * The address under which Spark's driver reaches a session's catalog, with `{port}` for the port it listens
   * on; undefined: the address it listens on.
   */
  readonly catalogUri?: string;
  /** The address that a session's catalog listens on; undefined: this machine only. */
  readonly catalogHost?: string;
  /** Settings of Spark for each session. */
  readonly conf: Readonly<Record<string, string>>;
}

/**
 * Settings that decide what SQL means in a session on Spark: the defaults differ between versions, and
 * clusters set others.
 */
export const SPARK_SQL: Readonly<Record<string, string>> = {
  'spark.sql.session.timeZone': 'UTC',
  // Overflows and wrong casts fail, as in DuckDB, instead of giving NULL.
  'spark.sql.ansi.enabled': 'true',
  // How a value is stored in a column of another type: for Iceberg's tables Spark does not allow LEGACY, and
  // STRICT refuses values that would fit.
  'spark.sql.storeAssignmentPolicy': 'ANSI',
  'spark.sql.ansi.doubleQuotedIdentifiers': 'true',
  // What TIMESTAMP means in casts and literals: an instant.
  'spark.sql.timestampType': 'TIMESTAMP_LTZ',
};

export interface EnginesSpec {
  readonly spark?: SparkSpec;
}

/** The engine of a process. */
export const engineOf = ({ engine = 'duckdb' }: { readonly engine?: EngineName }): EngineName => engine;
