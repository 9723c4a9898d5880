/**
 * What a project says: its catalog, its state tables and its processes. Plain frozen data; `src/project`
 * makes it, every later room reads it.
 */
import type { AcceptedFinding } from './accepted-findings.ts';
import type { EngineName, EnginesSpec } from './engines.ts';
import type { FilesSpec } from './files-source.ts';
import type { Grain } from './grain.ts';
import type { TableIdentifier } from './names.ts';
import type { OnSignalSpec } from './on-signal.ts';
import type { StartSpec } from './start.ts';
import type { StepValue } from './step.ts';

/** How a target depends on its sources; what follows from it stands in `src/kinds/patterns`. */
export const PATTERN_NAMES = ['stateless', 'stateful', 'dimension'] as const;
export type Pattern = (typeof PATTERN_NAMES)[number];

/** Unit of an event-time column that holds integers since 1970-01-01T00:00:00Z. */
export type EventTimeUnit = 'epoch_s' | 'epoch_ms' | 'epoch_us';

/**
 * Where a source's valid-to timestamp (the hour up to which it is complete) is read from. What a provider
 * knows beside its kind stands with the kind, in `src/kinds/vtts`.
 */
export interface VttsSpec {
  /** The provider's name in the header. */
  readonly kind: string;
}

/** What a stateless load does when rows of its source were changed or removed. */
export type OnSourceChange = 'refuse' | 'append-added';

/**
 * What a session does when the columns of its query are not those of its target. `append`: new ones are added
 * to the table. `ignore`: new ones are left out. Missing ones are NULL in both.
 */
export type OnSchemaChange = 'refuse' | 'append' | 'ignore';

/**
 * The rows of a source on which an hour of the target depends: from `beforeHours` before it to `afterHours`
 * after it, both hours included.
 */
export interface SourceWindow {
  readonly beforeHours: number;
  readonly afterHours: number;
  /**
   * Only those hours depend on a row in which a source without a window, or the target, has a row with the
   * same value in its column of this name.
   */
  readonly key?: string;
}

/** The most hours before and after that a window has together: two years, as far as a plan fills gaps. */
export const WINDOW_HOURS_MAX = 2 * 366 * 24;

/** What becomes of hours that were made with an earlier state of a lookup. */
export const ON_LOOKUP_CHANGE = ['ignore', 'restate'] as const;
export type OnLookupChange = (typeof ON_LOOKUP_CHANGE)[number];

/** A source that is read whole and has no hours. */
export interface LookupSpec {
  /** `ignore`: they stay as they are. `restate`: they are computed again. */
  readonly onChange: OnLookupChange;
  /**
   * Only with `restate`: of the hours of the target only those are computed again in which another source, or
   * the target, has a row with the same value in its column of this name as a row of the lookup that changed.
   */
  readonly key?: string;
  /** Where the header names the key. */
  readonly keyPlace?: TextPosition;
}

export interface SourceSpec {
  /** Of a folder the name that it has where a table would be (`folderName`): no catalog knows it. */
  readonly table: TableIdentifier;
  /** Only of a folder of files in place of a table. */
  readonly files?: FilesSpec;
  /** The name under which the process's SQL sees the rows of this session. */
  readonly alias: string;
  /**
   * Column that says when the event happened. Always there in a stateful or dimension process, but for a
   * lookup.
   */
  readonly eventTime?: string;
  /** Only for integer columns; undefined for timestamps and dates. */
  readonly eventTimeUnit?: EventTimeUnit;
  /**
   * Only in a stateful or dimension process; undefined: an hour depends on the same hour of the source alone.
   */
  readonly window?: SourceWindow;
  /** Undefined: a source of events, whose rows make sessions happen. */
  readonly lookup?: LookupSpec;
  readonly vtts: VttsSpec;
  readonly onSourceChange: OnSourceChange;
  /**
   * What happens to rows whose event time is NULL: they belong to no hour. `skip`: counted and reported; a
   * stateless load, which needs no hour, takes them.
   */
  readonly nulls: 'refuse' | 'skip';
  /** In ms: event times in a later hour than that in which the clock plus this lies are set aside. */
  readonly futureToleranceMs: number;
  /** Where the process begins with this source; from then on its watermark decides. */
  readonly start: StartSpec;
  /** True when a tag on the source keeps the watermark's snapshot from being expired. */
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
  /** Always there in a stateful or dimension process: it decides which rows a range replaces. */
  readonly eventTime?: string;
  readonly partitionBy: readonly PartitionBySpec[];
  /** Iceberg table properties, given when the table is created. */
  readonly properties: Readonly<Record<string, string>>;
  /**
   * What a first session does with a target that holds rows or watermarks of others; default: `refuse`.
   * `keep`: it adds to them (a process of hours replaces those of its hours, as in any session).
   */
  readonly existingRows?: 'refuse' | 'keep';
}

/** `block`: a failure publishes nothing. `warn`: it is reported. */
export type AuditSeverity = 'block' | 'warn';

/** What every audit has. What its kind adds stands with the kind, in `src/kinds/audits`. */
export interface AuditSpec {
  /** The kind's name in the header. */
  readonly kind: string;
  /** Unique within the process; the kind, or the file's name for own SQL, with a number when used again. */
  readonly name: string;
  readonly severity: AuditSeverity;
  /** Where it stands in the process's file; of own SQL: where that begins in its own file. */
  readonly place: TextPosition;
  /** Only of SQL of the project's own: absolute path of its file, and the file's query. */
  readonly file?: string;
  readonly sql?: string;
  /** The query as it stands in the file, where names were put in for `{{name}}`. */
  readonly template?: string;
  /** Of what SQL of the project it holds. */
  readonly parameters?: readonly ParameterUse[];
}

/** The values that a process's SQL may name as `$name`. */
export const PARAMETER_NAMES = Object.freeze([
  'psyberg_session_id',
  'process_name',
  'landed_at',
  'first_hour',
  'last_hour',
  'range_start',
  'range_end',
] as const);

/** Of them, what only a process that reads files may name: other rows are computed anew. */
export const FILES_PARAMETER = 'landed_at';

/**
 * Names that the engine binds in the statements around a project's SQL: no variable, and no parameter of an
 * audit, may have one of them.
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

/** A place in a file; both count from 1. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

/** DuckDB's names of the types that a variable may have. */
export type VariableType = 'VARCHAR' | 'BIGINT' | 'DOUBLE' | 'BOOLEAN' | 'DATE';

/** A value that SQL names as `$name`, with DuckDB's name of its type, such as `VARCHAR[]`. */
export interface TypedValue {
  readonly type: string;
  /** As a plan holds it: dates and moments are ISO texts. */
  readonly value: StepValue;
}

/** A variable of psyberg.yaml. */
export interface VariableSpec {
  readonly name: string;
  readonly type: VariableType;
  readonly value: VariableValue;
  /** True where it is not that of psyberg.yaml. */
  readonly isGiven: boolean;
  /** Where it is declared in psyberg.yaml. */
  readonly place: TextPosition;
}
export type VariableValue = string | number | boolean;

/** A macro of `macros/*.sql`, seen by every query. */
export interface MacroSpec {
  readonly name: string;
  /** Absolute path. */
  readonly file: string;
  /** Of its name in the file. */
  readonly place: TextPosition;
  /** What stands in the file from its name on, without the semicolon: `name(parameters) as …`. */
  readonly definition: string;
}

/** How a process of hours catches up with what changed. */
export interface CatchupSpec {
  /**
   * So many of the newest complete hours are computed again, the last one counted; undefined: as far back as
   * something changed. Hours that were never computed are loaded whatever it says.
   */
  readonly thresholdHours?: number;
  /** `range`: hours without gaps, also where a key would leave some out; undefined: as `hours` says. */
  readonly load?: 'changed' | 'range';
  /** Which hours a session takes first where they are more than `hoursPerSession`; undefined: the oldest. */
  readonly order?: 'oldest' | 'newest';
  /** A session loads no more hours than these, and owes the others; undefined: all. */
  readonly hoursPerSession?: number;
}

export interface ProcessSpec {
  readonly processName: string;
  /** Absolute path of the file it was read from. */
  readonly file: string;
  readonly pattern: Pattern;
  /** What works on its rows; undefined: DuckDB. Its SQL, and that of its audits, is that engine's. */
  readonly engine?: EngineName;
  readonly sources: readonly SourceSpec[];
  readonly target: TargetSpec;
  readonly onSchemaChange: OnSchemaChange;
  /** Of a restate: columns may come with `append`, and none may go as with `refuse`. */
  readonly refusesMissingColumns?: true;
  readonly audits: readonly AuditSpec[];
  /** `contiguous`: every hour from the first to the last; `touched`: only the hours that changed. */
  readonly hours: 'contiguous' | 'touched';
  /** What its target is counted in; undefined: hours. */
  readonly grain?: Grain;
  readonly catchup: CatchupSpec;
  /** What of the findings about its SQL is meant so; undefined: nothing. */
  readonly accept?: readonly AcceptedFinding[];
  /** Who is told what its sessions announce; undefined: whoever the project names. */
  readonly onSignal?: OnSignalSpec;
  /** The file's text after the header, without surrounding white space and a closing semicolon. */
  readonly sql: string;
  /**
   * Where the first character of `sql` stands in the file: DuckDB's error positions are mapped back with it.
   */
  readonly sqlOffset: TextPosition;
  readonly parameters: readonly ParameterUse[];
  /** The project's variables that `sql` or an audit names; undefined where there are none. */
  readonly variables?: Readonly<Record<string, TypedValue>>;
  /**
   * The project's macros that `sql` or an audit uses, also through others; undefined where there are none.
   */
  readonly macros?: readonly MacroSpec[];
  /**
   * SHA-256 in hex of `sql`, and of the macros and variables that it uses: a plan made for other SQL is
   * recognised as stale.
   */
  readonly sqlSha256: string;
}

interface EmbeddedCatalog {
  /** An absolute path, or `s3://bucket/prefix` or `gs://…` without a slash at its end. */
  readonly warehouse: string;
  /** Places beside the warehouse, of its kind, in which tables may lie too. */
  readonly allowedLocations?: readonly string[];
  /** How files of an object store are reached, in Iceberg's names; secrets are among it. */
  readonly storage?: Readonly<Record<string, string>>;
  /** The keys for them are those that this machine has. */
  readonly storageChain?: StorageChain;
}

/** Keys from the environment, profiles and roles of this machine, looked up when they are needed. */
export interface StorageChain {
  /** Default: `AWS_PROFILE`, else `default`. */
  readonly profile?: string;
}

/** How the catalog is reached. */
export type CatalogSpec =
  /** Pointers in `catalog.db` of the warehouse, or where that is in an object store of the folder `state`. */
  | ({ readonly kind: 'embedded'; readonly state?: string } & EmbeddedCatalog)
  /** Pointers in PostgreSQL. */
  | ({ readonly kind: 'embedded-database'; readonly database: string } & EmbeddedCatalog)
  | ({ readonly kind: 'rest' } & ForeignCatalog);

export type AccessDelegation = 'vended-credentials' | 'none';

/** An Iceberg REST catalog elsewhere. */
export interface ForeignCatalog {
  readonly uri: string;
  /** The warehouse to ask `/v1/config` for. */
  readonly warehouse?: string;
  /** A bearer token. */
  readonly token?: string;
  /** OAuth2 client credentials: `id:secret`, or a secret alone. */
  readonly credential?: string;
  /** Default: the catalog's own `/v1/oauth/tokens`. */
  readonly oauth2ServerUri?: string;
  /** Default: `catalog`, as in Apache Iceberg's clients. */
  readonly scope?: string;
  readonly audience?: string;
  readonly resource?: string;
  /** A token of somebody else's, exchanged for one of the catalog's (RFC 8693). */
  readonly subjectToken?: SubjectToken;
  /** `sigv4`: requests are signed with AWS keys, and no token is sent. */
  readonly auth?: 'sigv4';
  /** The service's name in the signature. Default: what the address says, else `execute-api`. */
  readonly signingName?: string;
  /** Default: what the address says, else the region of `storage` or of this machine. */
  readonly signingRegion?: string;
  readonly tls?: CatalogTls;
  /** How files are reached, in Iceberg's names (`s3.endpoint`, `client.region`); secrets are among it. */
  readonly storage?: Readonly<Record<string, string>>;
  /** The keys for them, and those that sign requests, are those that this machine has. */
  readonly storageChain?: StorageChain;
  /** `none`: the catalog is not asked for credentials for files. Default: `vended-credentials`. */
  readonly accessDelegation?: AccessDelegation;
}

/** Exactly one of the two says where it is. */
export interface SubjectToken {
  readonly text?: string;
  /** Absolute; read anew for each exchange, since others renew it. */
  readonly file?: string;
  /** Default: `urn:ietf:params:oauth:token-type:jwt`. */
  readonly type?: string;
}

/** Files of PEM, by their absolute paths. */
export interface CatalogTls {
  /** Certificates to trust beside those of this machine. */
  readonly caFile?: string;
  /** Who we are; both or none. */
  readonly certFile?: string;
  readonly keyFile?: string;
}

/** Where watermarks, sessions, signals, the rows of failed audits and files that were read are kept. */
export interface StateTables {
  readonly highWaterMarkTable: TableIdentifier;
  readonly sessionTable: TableIdentifier;
  readonly signalTable: TableIdentifier;
  readonly auditFailureTable: TableIdentifier;
  readonly fileTable: TableIdentifier;
}

export interface ProjectSpec {
  readonly name: string;
  /** Absolute path of the folder of psyberg.yaml. */
  readonly root: string;
  readonly catalog: CatalogSpec;
  /** Absolute path. */
  readonly processesDirectory: string;
  readonly tables: StateTables;
  /** Rows of a failed audit that are kept in `auditFailureTable`, at most. */
  readonly auditFailureRows: number;
  /** With more keys of changed rows all hours of a window change. */
  readonly windowKeyLimit: number;
  /** Who is told what sessions announce, but for processes that say it themselves. */
  readonly onSignal?: OnSignalSpec;
  /** What processes may run on beside DuckDB; undefined where psyberg.yaml says nothing of it. */
  readonly engines?: EnginesSpec;
  /** In the order of psyberg.yaml. */
  readonly variables: readonly VariableSpec[];
  /** Each behind those that it uses. */
  readonly macros: readonly MacroSpec[];
  /** In the order of their file names. */
  readonly processes: readonly ProcessSpec[];
}
