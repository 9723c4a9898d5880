/**
 * Defines what a project contains: its catalog, its state tables and its processes. Plain frozen data;
 * `src/project` makes it, every later room reads it.
 */
import type { AcceptedFinding } from './accepted-findings.ts';
import type { EngineName, EnginesSpec } from './engines.ts';
import type { FilesSpec } from './files-source.ts';
import type { Grain } from './grain.ts';
import type { TableIdentifier } from './names.ts';
import type { OnSignalSpec } from './on-signal.ts';
import type { StartSpec } from './start.ts';
import type { StepValue } from './step.ts';

/** How a target depends on its sources; the consequences are in `src/kinds/patterns`. */
export const PATTERN_NAMES = ['stateless', 'stateful', 'dimension'] as const;
export type Pattern = (typeof PATTERN_NAMES)[number];

/** Unit of an event-time column that holds integers since 1970-01-01T00:00:00Z. */
export type EventTimeUnit = 'epoch_s' | 'epoch_ms' | 'epoch_us';

/**
 * Where a source's valid-to timestamp (the hour up to which it is complete) is read from. What a provider
 * needs besides its kind is defined with the kind, in `src/kinds/vtts`.
 */
export interface VttsSpec {
  /** The provider's name in the header. */
  readonly kind: string;
}

/** What a stateless load does if rows of its source were changed or removed. */
export type OnSourceChange = 'refuse' | 'append-added';

/**
 * What a session does if the columns of its query are not those of its target. `append`: new ones are added
 * to the table. `ignore`: new ones are left out. Missing ones are NULL in both cases.
 */
export type OnSchemaChange = 'refuse' | 'append' | 'ignore';

/**
 * The rows of a source that an hour of the target depends on: from `beforeHours` before it to `afterHours`
 * after it, both hours included.
 */
export interface SourceWindow {
  readonly beforeHours: number;
  readonly afterHours: number;
  /**
   * Of these hours, a changed row affects only those in which a source without a window, or the target, has a
   * row with the same value in its column of this name.
   */
  readonly key?: string;
}

/**
 * The most hours that a window can have before and after, together: two years, the same as for gaps that a
 * plan fills.
 */
export const WINDOW_HOURS_MAX = 2 * 366 * 24;

/** What happens to hours that were made with an earlier state of a lookup. */
export const ON_LOOKUP_CHANGE = ['ignore', 'restate'] as const;
export type OnLookupChange = (typeof ON_LOOKUP_CHANGE)[number];

/** A source that is read whole and has no hours. */
export interface LookupSpec {
  /** `ignore`: they stay as they are. `restate`: they are computed again. */
  readonly onChange: OnLookupChange;
  /**
   * Only with `restate`: of the target's hours, only those are computed again in which another source, or the
   * target, has a row with the same value in its column of this name as a changed row of the lookup.
   */
  readonly key?: string;
  /** Where the header names the key. */
  readonly keyPlace?: TextPosition;
}

export interface SourceSpec {
  /** For a folder, the name that it has instead of a table's (`folderName`): no catalog knows it. */
  readonly table: TableIdentifier;
  /** Only for a folder of files instead of a table. */
  readonly files?: FilesSpec;
  /** The name under which the process's SQL sees the rows of this session. */
  readonly alias: string;
  /**
   * Column that tells when the event happened. Always set in a stateful or dimension process, except for a
   * lookup.
   */
  readonly eventTime?: string;
  /** Only for integer columns; undefined for timestamps and dates. */
  readonly eventTimeUnit?: EventTimeUnit;
  /**
   * Only in a stateful or dimension process; undefined: an hour depends only on the same hour of the source.
   */
  readonly window?: SourceWindow;
  /** Undefined: a source of events, whose rows cause sessions. */
  readonly lookup?: LookupSpec;
  readonly vtts: VttsSpec;
  readonly onSourceChange: OnSourceChange;
  /**
   * What to do with rows whose event time is NULL: they belong to no hour. `skip`: they are counted and
   * reported; a stateless load, which needs no hour, takes them.
   */
  readonly nulls: 'refuse' | 'skip';
  /** In ms: event times in a later hour than that of the clock plus this are set aside. */
  readonly futureToleranceMs: number;
  /** Where the process begins to read this source; after that its watermark decides. */
  readonly start: StartSpec;
  /** True if a tag on the source keeps the watermark's snapshot from being expired. */
  readonly protect: boolean;
}

export type PartitionTransform = 'identity' | 'year' | 'month' | 'day' | 'hour' | 'bucket' | 'truncate';

/** One entry of `partition_by`: `hour(cancel_ts)`, `bucket(16, account_id)`, `country`. */
export interface PartitionBySpec {
  readonly transform: PartitionTransform;
  readonly column: string;
  /** Number of buckets or width; only for bucket and truncate. */
  readonly argument?: number;
}

export interface TargetSpec {
  readonly table: TableIdentifier;
  /** Always set in a stateful or dimension process: it decides which rows a range replaces. */
  readonly eventTime?: string;
  readonly partitionBy: readonly PartitionBySpec[];
  /** Iceberg table properties, set when the table is created. */
  readonly properties: Readonly<Record<string, string>>;
  /**
   * What a first session does with a target that has rows or watermarks of others; default: `refuse`. `keep`:
   * it adds to them (a process of hours replaces those of its hours, like in any session).
   */
  readonly existingRows?: 'refuse' | 'keep';
}

/** `block`: a failure prevents the publish. `warn`: it is reported. */
export type AuditSeverity = 'block' | 'warn';

/** What every audit has. What a kind adds is defined with the kind, in `src/kinds/audits`. */
export interface AuditSpec {
  /** The kind's name in the header. */
  readonly kind: string;
  /** Unique within the process: the kind, or the file's name for own SQL, with a number if used again. */
  readonly name: string;
  readonly severity: AuditSeverity;
  /** Its place in the process's file; for own SQL the place where it begins in its own file. */
  readonly place: TextPosition;
  /** Only for SQL of the project's own: absolute path of its file, and the file's query. */
  readonly file?: string;
  readonly sql?: string;
  /** The query as written in the file, if names were put in for `{{name}}`. */
  readonly template?: string;
  /** For SQL of the project's own: the parameters it uses. */
  readonly parameters?: readonly ParameterUse[];
}

/** The values that a process's SQL can name as `$name`. */
export const PARAMETER_NAMES = Object.freeze([
  'psyberg_session_id',
  'process_name',
  'landed_at',
  'first_hour',
  'last_hour',
  'range_start',
  'range_end',
] as const);

/** The one that only a process reading files can name: other rows may be computed again. */
export const FILES_PARAMETER = 'landed_at';

/**
 * Names that the engine binds in the statements around a project's SQL: no variable, and no parameter of an
 * audit, can have one of them.
 */
export const ENGINE_PARAMETERS: ReadonlySet<string> = new Set([
  ...PARAMETER_NAMES,
  'hours',
  'first_hours',
  'last_hours',
  'previous_start',
  'kept_rows',
  'destination',
  'computed_before',
  'computed_from',
  'row_limit',
]);

/** A place where the SQL uses a parameter; `offset` counts UTF-16 units from the SQL's start to the `$`. */
export interface ParameterUse {
  readonly name: string;
  readonly offset: number;
}

/** A place in a file; both start at 1. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

/** DuckDB's names of the types that a variable can have. */
export type VariableType = 'VARCHAR' | 'BIGINT' | 'DOUBLE' | 'BOOLEAN' | 'DATE';

/** A value that SQL names as `$name`, with DuckDB's name of its type, such as `VARCHAR[]`. */
export interface TypedValue {
  readonly type: string;
  /** In the form that a plan holds: dates and moments are ISO texts. */
  readonly value: StepValue;
}

/** A variable of psyberg.yaml. */
export interface VariableSpec {
  readonly name: string;
  readonly type: VariableType;
  readonly value: VariableValue;
  /** True if the value is not the one in psyberg.yaml. */
  readonly isGiven: boolean;
  /** Where it is declared in psyberg.yaml. */
  readonly place: TextPosition;
}
export type VariableValue = string | number | boolean;

/** A macro of `macros/*.sql`, available in every query. */
export interface MacroSpec {
  readonly name: string;
  /** Absolute path. */
  readonly file: string;
  /** The place of its name in the file. */
  readonly place: TextPosition;
  /** The text in the file from its name on, without the semicolon: `name(parameters) as …`. */
  readonly definition: string;
}

/** How a process of hours catches up with what changed. */
export interface CatchupSpec {
  /**
   * How many of the newest complete hours are computed again, including the last one; undefined: as far back
   * as something changed. Hours that were never computed are loaded in any case.
   */
  readonly thresholdHours?: number;
  /** `range`: hours without gaps, even if a key would leave some out; undefined: according to `hours`. */
  readonly load?: 'changed' | 'range';
  /** Which hours a session takes first if there are more than `hoursPerSession`; undefined: the oldest. */
  readonly order?: 'oldest' | 'newest';
  /** How many hours a session loads at most; the others stay owed. Undefined: all. */
  readonly hoursPerSession?: number;
}

export interface ProcessSpec {
  readonly processName: string;
  /** Absolute path of the file it was read from. */
  readonly file: string;
  readonly pattern: Pattern;
  /**
   * What works on its rows; undefined: DuckDB. Its SQL, and that of its audits, is written for that engine.
   */
  readonly engine?: EngineName;
  readonly sources: readonly SourceSpec[];
  readonly target: TargetSpec;
  readonly onSchemaChange: OnSchemaChange;
  /** For a restate: new columns are added, as with `append`, but none may be missing, as with `refuse`. */
  readonly refusesMissingColumns?: true;
  readonly audits: readonly AuditSpec[];
  /** `contiguous`: every hour from the first to the last; `touched`: only the hours that changed. */
  readonly hours: 'contiguous' | 'touched';
  /** The unit in which its target is counted; undefined: hours. */
  readonly grain?: Grain;
  readonly catchup: CatchupSpec;
  /** Findings about its SQL that are intended; undefined: none. */
  readonly accept?: readonly AcceptedFinding[];
  /** Who is told what its sessions announce; undefined: whoever the project names. */
  readonly onSignal?: OnSignalSpec;
  /** The file's text after the header, without surrounding white space and a closing semicolon. */
  readonly sql: string;
  /** Where the first character of `sql` is in the file: used to map DuckDB's error positions back. */
  readonly sqlOffset: TextPosition;
  readonly parameters: readonly ParameterUse[];
  /** The project's variables that `sql` or an audit names; undefined if there are none. */
  readonly variables?: Readonly<Record<string, TypedValue>>;
  /** The project's macros that `sql` or an audit uses, also through others; undefined if there are none. */
  readonly macros?: readonly MacroSpec[];
  /**
   * SHA-256 in hex of `sql`, and of the macros and variables that it uses: it shows that a plan made for
   * other SQL is stale.
   */
  readonly sqlSha256: string;
}

interface EmbeddedCatalog {
  /** An absolute path, or `s3://bucket/prefix` or `gs://…` without a trailing slash. */
  readonly warehouse: string;
  /** Other places, of the warehouse's kind, where tables may lie too. */
  readonly allowedLocations?: readonly string[];
  /** How files in an object store are reached, in Iceberg's names; includes secrets. */
  readonly storage?: Readonly<Record<string, string>>;
  /** Set if the keys for them are those of this machine. */
  readonly storageChain?: StorageChain;
}

/** Keys from the environment, profiles and roles of this machine, looked up when they are needed. */
export interface StorageChain {
  /** Default: `AWS_PROFILE`, or `default`. */
  readonly profile?: string;
}

/** How the catalog is reached. */
export type CatalogSpec =
  /** Pointers in the warehouse's `catalog.db`, or, if it is in an object store, in the folder `state`. */
  | ({ readonly kind: 'embedded'; readonly state?: string } & EmbeddedCatalog)
  /** Pointers in PostgreSQL. */
  | ({ readonly kind: 'embedded-database'; readonly database: string } & EmbeddedCatalog)
  | ({ readonly kind: 'rest' } & ForeignCatalog);

export type AccessDelegation = 'vended-credentials' | 'none';

/** An Iceberg REST catalog elsewhere. */
export interface ForeignCatalog {
  readonly uri: string;
  /** The warehouse to name in the request for `/v1/config`. */
  readonly warehouse?: string;
  /** A bearer token. */
  readonly token?: string;
  /** OAuth2 client credentials: `id:secret`, or only a secret. */
  readonly credential?: string;
  /** Default: the catalog's own `/v1/oauth/tokens`. */
  readonly oauth2ServerUri?: string;
  /** Default: `catalog`, as in Apache Iceberg's clients. */
  readonly scope?: string;
  readonly audience?: string;
  readonly resource?: string;
  /** A token issued by somebody else, to be exchanged for one of the catalog's (RFC 8693). */
  readonly subjectToken?: SubjectToken;
  /** `sigv4`: requests are signed with AWS keys, and no token is sent. */
  readonly auth?: 'sigv4';
  /** The service's name in the signature. Default: from the address, or `execute-api`. */
  readonly signingName?: string;
  /** Default: from the address, or the region of `storage` or of this machine. */
  readonly signingRegion?: string;
  readonly tls?: CatalogTls;
  /** How files are reached, in Iceberg's names (`s3.endpoint`, `client.region`); includes secrets. */
  readonly storage?: Readonly<Record<string, string>>;
  /** Set if the keys for them, and those that sign requests, are those of this machine. */
  readonly storageChain?: StorageChain;
  /** `none`: the catalog is not asked for credentials for files. Default: `vended-credentials`. */
  readonly accessDelegation?: AccessDelegation;
}

/** Exactly one of the first two tells where the token is. */
export interface SubjectToken {
  readonly text?: string;
  /** Absolute; read again for each exchange, since others renew it. */
  readonly file?: string;
  /** Default: `urn:ietf:params:oauth:token-type:jwt`. */
  readonly type?: string;
}

/** Files of PEM, by their absolute paths. */
export interface CatalogTls {
  /** Certificates to trust in addition to those of this machine. */
  readonly caFile?: string;
  /** The client's own certificate and key; both or none. */
  readonly certFile?: string;
  readonly keyFile?: string;
}

/** The tables for watermarks, sessions, signals, the rows of failed audits and files that were read. */
export interface StateTables {
  readonly highWaterMarkTable: TableIdentifier;
  readonly sessionTable: TableIdentifier;
  readonly signalTable: TableIdentifier;
  readonly auditFailureTable: TableIdentifier;
  readonly fileTable: TableIdentifier;
}

export interface ProjectSpec {
  readonly name: string;
  /** Absolute path of the folder that contains psyberg.yaml. */
  readonly root: string;
  readonly catalog: CatalogSpec;
  /** Absolute path. */
  readonly processesDirectory: string;
  readonly tables: StateTables;
  /** How many rows of a failed audit are kept in `auditFailureTable` at most. */
  readonly auditFailureRows: number;
  /** If changed rows have more keys than this, all hours of a window change. */
  readonly windowKeyLimit: number;
  /** Who is told what sessions announce, except for processes that name somebody themselves. */
  readonly onSignal?: OnSignalSpec;
  /** What processes can run on besides DuckDB; undefined if psyberg.yaml does not say. */
  readonly engines?: EnginesSpec;
  /** In the order of psyberg.yaml. */
  readonly variables: readonly VariableSpec[];
  /** Each after those that it uses. */
  readonly macros: readonly MacroSpec[];
  /** In the order of their file names. */
  readonly processes: readonly ProcessSpec[];
}
