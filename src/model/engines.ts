/** Which engine works on the rows of a process, and where it is. Plain data. */

/** DuckDB where a process names none. */
export const ENGINE_NAMES = ['duckdb', 'spark'] as const;
export type EngineName = (typeof ENGINE_NAMES)[number];

/** The catalog under which DuckDB sees the project's warehouse: `lake.<namespace>.<table>`. */
export const LAKE_CATALOG = 'lake';

/** The catalog under which an engine sees a session: `sources.<alias>`, `target.<name>`, `staged.<name>`. */
export const SESSION_CATALOG = 'psyberg_session';

/** An Apache Spark that answers Spark Connect. */
export interface SparkSpec {
  /** `sc://host:port/;…`; a token may be in it. Undefined: what the environment's SPARK_REMOTE says. */
  readonly remote?: string;
  /** File of certificate authorities that its TLS is checked with besides those that Node knows; absolute. */
  readonly caFile?: string;
  /** How long a statement may go on without one of its tasks ending, in ms; undefined: for ever. */
  readonly timeoutMs?: number;
  /**
   * A catalog that Spark has itself. With it Spark calls nothing of psyberg: it finds a session's tables as
   * files, and gets to them by the settings of that catalog. Undefined: it asks psyberg's catalog.
   */
  readonly catalog?: string;
  /**
   * The address under which Spark's driver reaches the catalog of a session, `{port}` being where that
   * listens; undefined: where that listens.
   */
  readonly catalogUri?: string;
  /** What the catalog of a session listens on; undefined: this machine alone. */
  readonly catalogHost?: string;
  /** Settings of Spark for each session. */
  readonly conf: Readonly<Record<string, string>>;
}

/** How a session on Spark means SQL: its defaults differ between versions, and clusters set others. */
export const SPARK_SQL: Readonly<Record<string, string>> = {
  'spark.sql.session.timeZone': 'UTC',
  // Overflows and wrong casts fail, as in DuckDB, in place of NULL.
  'spark.sql.ansi.enabled': 'true',
  // How a value is stored in a column of another type: of Iceberg's tables Spark takes no LEGACY, and STRICT
  // refuses what would fit.
  'spark.sql.storeAssignmentPolicy': 'ANSI',
  'spark.sql.ansi.doubleQuotedIdentifiers': 'true',
  // What the word means in casts and literals: a moment.
  'spark.sql.timestampType': 'TIMESTAMP_LTZ',
};

export interface EnginesSpec {
  readonly spark?: SparkSpec;
}

/** The engine of a process. */
export const engineOf = ({ engine = 'duckdb' }: { readonly engine?: EngineName }): EngineName => engine;
