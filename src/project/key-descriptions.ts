/**
 * Describes every key of a process file and of psyberg.yaml, by its path; `[]` is an entry of a list. The
 * reference pages are printed from here and from the schemas, and a test fails for a key without a line.
 */

import { AUDIT_NAMES, auditKind } from '../kinds/audits/index.ts';
import { VTTS_NAMES, vttsKind } from '../kinds/vtts/index.ts';

/** The audits describe their own keys. */
const AUDIT_KEYS: Readonly<Record<string, string>> = Object.fromEntries(
  AUDIT_NAMES.flatMap((name) => {
    const { meaning, keys } = auditKind(name);
    const path = `audits[].${name}`;
    return [[path, meaning], ...Object.entries(keys).map(([key, text]) => [`${path}.${key}`, text])];
  }),
);

/** So do the providers of VTTS that need more than their name. */
const VTTS_KEYS: Readonly<Record<string, string>> = Object.fromEntries(
  VTTS_NAMES.flatMap((name) => {
    const { argument } = vttsKind(name);
    return argument === undefined ? [] : [[`sources[].vtts.${name}`, argument.meaning]];
  }),
);

/** The same for the project and for a process. */
const ON_SIGNAL = {
  command:
    'A program and its arguments, run in the project without a shell: the message is JSON on its stdin, and in variables `PSYBERG_…`.',
  webhook:
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as it is written in YAML
    'In place of a command: a URL that is sent the message. `${NAME}` in it is a variable of the environment.',
  timeout: 'How long a try may take: `30s`, `2m`. Default: `30s`.',
  retries: 'Tries after the first, with growing pauses. Default: 3.',
};

export const PROCESS_KEYS: Readonly<Record<string, string>> = {
  process_name: 'Name of the process; unique in the project. Watermarks, sessions and signals carry it.',
  pattern:
    'How the target depends on its sources, see [patterns](../concepts/patterns.md). `1` is stateless, `2` stateful.',
  etl_pattern_id: 'The same as a number, as orchestrators name it: 1 stateless, 2 stateful or dimension.',
  engine:
    'What works on the rows. `duckdb`: this machine; `spark`: an Apache Spark, whose SQL that of the process and of its audits then is, see [Spark](../guides/spark.md). Default: `duckdb`.',
  sources: 'The tables that the SQL reads.',
  'sources[].table': 'The source, as `namespace.table`.',
  'sources[].files':
    'In place of `table`, stateless only: a glob, or a list of globs, of files that are each loaded once, see [files](../concepts/files.md). Relative to the project, absolute, or `s3://`, `gs://`, `https://`.',
  'sources[].format': 'How files are read. Default: by what their name ends in, before `.gz` or `.zst`.',
  'sources[].options': "Of files: options of DuckDB's `read_json`, `read_csv` or `read_parquet`.",
  'sources[].columns':
    'Of files: each column with its DuckDB type. A file that does not fit is refused, with its line. Default: as DuckDB finds them in the new files.',
  'sources[].on_file_change':
    'Of files: what happens when one that was loaded has another size or time. `refuse` stops; `load-again` adds all of its rows once more; `ignore` leaves it. Default: `refuse`.',
  'sources[].on_bad_rows':
    'Of JSON lines and CSV: `quarantine` keeps rows that do not fit in the table of audit failures, with file and line, and loads the others. Default: `refuse`.',
  'sources[].settle':
    'Of files: leaves those alone that changed so shortly ago, as they may still be written: `30s`. Default: none.',
  'sources[].alias': 'The name under which the SQL sees it. Default: the last part of the table name.',
  'sources[].event_time':
    'The column that says when the event happened: a timestamp with or without zone (those without are UTC), a date, or an integer with `event_time_unit`.',
  'sources[].event_time_unit': 'Only for integer columns.',
  'sources[].window':
    'Stateful and dimension only: on which rows of this source an hour of the target depends, see [windows](../concepts/windows.md). Without one on those of the same hour.',
  'sources[].window.before':
    'So far before the hour, in whole hours or days (`12h`, `30d`), its first hour included. Default: `0h`.',
  'sources[].window.after': 'So far after it, its last hour included. Default: `0h`.',
  'sources[].window.key':
    'A column of this source and of every source without a window. Of the hours that a changed row may reach, only those change in which a source without a window, or the target, has a row with the same value in its column of this name.',
  'sources[].lookup':
    '`true`: a table without hours, read whole at its head by every session, see [lookups](../concepts/lookups.md). Default: `false`.',
  'sources[].on_change':
    'Of a lookup: what becomes of hours that were made with an earlier state of it. `ignore`: they stay, and `plan` and `status` say so. `restate`, for processes of hours: they are computed again. Default: `ignore`.',
  'sources[].key':
    'With `on_change: restate`: a column of the lookup and of another source. Of the hours of the target only those are computed again in which another source, or the target, has a row with the same value in its column of this name as a row of the lookup that changed.',
  'sources[].vtts':
    'How far the source is complete, see [completeness](../concepts/completeness.md). Default: `bounds`.',
  'sources[].vtts.from': 'The same, spelled as a map: `{ from: signal }`.',
  ...VTTS_KEYS,
  'sources[].on_source_change':
    'Stateless only. `append-added` takes the added rows of a source that also removed some, in place of refusing. Default: `refuse`.',
  'sources[].nulls':
    'Rows without an event time: `refuse` stops at them. Default, for processes of hours: `skip`, which leaves them out and reports them.',
  'sources[].future_tolerance':
    'A row that lies in a later hour than the clock plus this is set aside until its hour has come: a number with m, h or d. Default: `1h`.',
  'sources[].start':
    'Where a process without a watermark on the source begins: `beginning`, `now`, a snapshot id in quotes, or a timestamp. Default: `beginning`.',
  'sources[].protect':
    "`false`: no tag on the source that keeps the watermark's snapshot from being expired. Default: `true`.",
  target: 'The table that the process writes.',
  'target.table': 'The target, as `namespace.table`. It is created by the first session.',
  'target.event_time': 'The column of the query that says into which hour a row falls.',
  'target.partition_by':
    'Partition fields at creation, such as `hour(cancel_ts)`, `day(ts)`, `bucket(16, id)`, `truncate(4, name)` or a column.',
  'target.properties':
    'Iceberg table properties at creation. New targets are of format version 2 with snappy and keep 20 earlier metadata files; `format-version: "3"` has row lineage.',
  'target.existing_rows':
    'What a first session does when the target holds rows, or another process has published to it, see [adopting](../guides/adopting.md). `refuse` stops; `keep` adds to what is there (a process of hours replaces the rows of its hours). Default: `refuse`.',
  audits: 'Queries that select bad rows, see [audits](../concepts/audits.md).',
  ...AUDIT_KEYS,
  'audits[].parameters':
    'Only with `sql`: values for the parameters that the file declares, see [audits](../concepts/audits.md#with-parameters).',
  'audits[].severity': '`warn` reports without blocking. Default: `block`.',
  'audits[].name': 'A name for messages and tables. Default: the kind, or the name of the file.',
  on_schema_change:
    'What a session does when the columns of its query are not those of its target. `append`: new columns are added to the table by the commit that publishes; `ignore`: new ones are left out; missing ones are NULL in both. Default: `refuse`.',
  hours:
    'Stateful only. `touched` loads only the hours that changed, not those between them. Default: `contiguous`.',
  grain:
    'What the target is counted in: `hour`, or `day` for [days](../concepts/days.md) in UTC. Default: `hour`.',
  catchup: 'How a stateful process or a dimension [catches up](../guides/catching-up.md) with what changed.',
  'catchup.threshold_hours':
    'Compute again only this many of the newest complete hours, the last one counted; older changed hours stay owed.',
  'catchup.load':
    'Stateful only: `changed` loads the hours that changed and no others, as `hours: touched` does; `range` every hour between the first and the last of them. Default: as `hours` says.',
  'catchup.order':
    'Which hours a session takes first where they are more than `hours_per_session`. Default: `oldest`; a dimension has no other.',
  'catchup.hours_per_session':
    'A session loads at most this many hours; the others stay owed, and later sessions load them. Default: all in one session.',
  accept:
    'Findings about its SQL that are meant so, by their codes, see [patterns](../concepts/patterns.md#what-rows-may-meet): they are neither told nor refused, and the target is then what its sessions give.',
  on_signal:
    'Who is told what its sessions announce, in place of whoever the project names, see [signals](../guides/orchestrators.md#signals).',
  'on_signal.command': ON_SIGNAL.command,
  'on_signal.webhook': ON_SIGNAL.webhook,
  'on_signal.timeout': ON_SIGNAL.timeout,
  'on_signal.retries': ON_SIGNAL.retries,
};

export const PROJECT_KEYS: Readonly<Record<string, string>> = {
  name: 'Name of the project.',
  catalog: 'Where tables and pointers are, see [catalogs](../guides/foreign-catalogs.md).',
  'catalog.warehouse':
    'A folder: the embedded catalog keeps data, metadata and pointers (`catalog.db`) there. Or `s3://bucket/prefix` (`gs://…` too), with `database` or `state`, see [in an object store](../guides/object-stores.md). With `uri`: the name of the warehouse in that catalog.',
  'catalog.database': 'A URL `postgres://…`: the embedded catalog keeps its pointers in PostgreSQL.',
  'catalog.state':
    'A folder, such as `.psyberg`: where the pointers of a warehouse in an object store are kept, for one machine.',
  'catalog.uri': 'Any Iceberg REST catalog, in place of the embedded one.',
  'catalog.token': 'A bearer token for it.',
  'catalog.credential': '`id:secret` for OAuth2, in place of a token.',
  'catalog.oauth2_server_uri': "Where tokens are asked for. Default: the catalog's own token endpoint.",
  'catalog.scope': 'The OAuth2 scope. Default: `catalog`.',
  'catalog.audience': 'The OAuth2 audience to ask for.',
  'catalog.resource': 'The OAuth2 resource to ask for.',
  'catalog.subject_token':
    'A token of another issuer, exchanged for one of the catalog (RFC 8693); with `credential`, as that client.',
  'catalog.subject_token_file': 'The same from a file, read anew for each exchange.',
  'catalog.subject_token_type': 'Its type. Default: `urn:ietf:params:oauth:token-type:jwt`.',
  'catalog.auth':
    '`sigv4`: requests are signed with AWS keys, as the REST endpoints of AWS Glue and S3 Tables want it, see [signed requests](../guides/foreign-catalogs.md#signed-requests).',
  'catalog.signing_name':
    'The service in the signature. Default: `glue` or `s3tables` where the address says so, else `execute-api`.',
  'catalog.signing_region':
    'The region in the signature. Default: what the address says, else `client.region` of `storage`, else that of this machine.',
  'catalog.ca_file': 'Certificates (PEM) to trust beside those of this machine.',
  'catalog.client_cert_file': 'The certificate (PEM) that shows the catalog who we are.',
  'catalog.client_key_file': 'Its private key (PEM).',
  'catalog.storage':
    "How files of an object store are reached, those of tables where the catalog does not say: Iceberg's own names, such as `s3.endpoint`, `s3.access-key-id`, `s3.secret-access-key`, `s3.path-style-access`, `s3.request-timeout` (seconds) and `client.region`; `ca_file` names certificates (PEM) of stores to trust; `credentials: chain` takes the keys of this machine, see [where files are](../guides/foreign-catalogs.md#where-files-are).",
  'catalog.access_delegation':
    '`none`: the catalog is not asked for credentials for files. Default: `vended-credentials`.',
  'catalog.allowed_locations':
    'Further folders (of a warehouse in an object store: further places there) in which tables may lie. Anything else outside the warehouse is refused.',
  processes: 'The folder of the process files. Default: `processes`.',
  tables: 'Other names for the [state tables](state-tables.md).',
  'tables.high_water_mark_table': 'Default: `psyberg.high_water_mark_table`.',
  'tables.session_table': 'Default: `psyberg.psyberg_session_f`.',
  'tables.signal_table': 'Default: `psyberg.psyberg_signal`.',
  'tables.audit_failure_table': 'Default: `psyberg.psyberg_audit_failure`.',
  'tables.file_table': 'Files that were read. Default: `psyberg.psyberg_file_f`.',
  engines: 'What processes may run on beside DuckDB.',
  'engines.spark': 'An Apache Spark, for processes with `engine: spark`, see [Spark](../guides/spark.md).',
  'engines.spark.remote':
    'Its address, `sc://host:15002`, as the clients of Spark Connect write it; with `/;use_ssl=true;token=…` behind it where the server asks for it. Default: the variable `SPARK_REMOTE` of the environment.',
  'engines.spark.ca_file':
    'A PEM file with the certificate authorities of a server of your own, relative to psyberg.yaml. Default: the variable `NODE_EXTRA_CA_CERTS`.',
  'engines.spark.timeout':
    'How long a statement may go on without one of its tasks ending, such as `30m`; then it is interrupted and the session ends with `spark-timeout`. Default: for ever.',
  'engines.spark.catalog':
    'An Iceberg catalog that Spark has itself. With it Spark asks nothing of psyberg, finds the tables of a session as files, and gets to them by the settings of that catalog, see [Spark](../guides/spark.md#a-spark-that-cannot-call-back). Default: it asks the catalog that psyberg serves.',
  'engines.spark.catalog_uri':
    "The address under which Spark's driver reaches the catalog that psyberg serves while a session loads; `{port}` in it is the port of that catalog. Default: where that listens.",
  'engines.spark.catalog_host': 'What that catalog listens on, such as `0.0.0.0`. Default: `127.0.0.1`.',
  'engines.spark.conf': 'Settings of Spark for every session, such as `spark.sql.shuffle.partitions`.',
  window_key_limit:
    'With more keys of changed rows than this, all hours of a [window](../concepts/windows.md#keys) change. Default: 1000000.',
  vars: 'Values that queries and audits name as `$name`; `--var name=value` puts others in their place, see [macros and variables](../guides/macros-and-variables.md). Their types are those that YAML spells: text, a whole number (`30`), a number (`0.5`), `true` or `false`, a date (`2024-01-31`, without quotes).',
  on_signal:
    'Who is told what sessions announce: a command or a webhook, see [signals](../guides/orchestrators.md#signals).',
  'on_signal.command': ON_SIGNAL.command,
  'on_signal.webhook': ON_SIGNAL.webhook,
  'on_signal.timeout': ON_SIGNAL.timeout,
  'on_signal.retries': ON_SIGNAL.retries,
  audit_failure_rows: 'The most rows of one failed audit that are kept. Default: 1000.',
};

/** Examples of values, for editors, by the paths of their keys. */
export const PROCESS_EXAMPLES: Readonly<Record<string, readonly unknown[]>> = {
  process_name: ['cancel_fact_load'],
  'sources[].table': ['raw.raw_cancels'],
  'sources[].event_time': ['cancel_ts'],
  'sources[].window': [{ before: '30d', key: 'account_id' }],
  'sources[].window.before': ['12h', '30d'],
  'sources[].window.after': ['1h'],
  'sources[].vtts': ['signal', { from: 'signal' }],
  'sources[].future_tolerance': ['2h'],
  'sources[].start': ['beginning', 'now', '2023-09-14T05:00:00Z'],
  'target.table': ['facts.cancel_fact'],
  'target.event_time': ['cancel_ts'],
  'target.partition_by': [['hour(cancel_ts)'], ['day(ts)', 'country']],
  'target.properties': [{ 'format-version': '3' }],
  audits: [['source_to_target_count', { not_null: { columns: ['account_id'] } }]],
  'audits[].no_missing_events': [{ source: 'raw_cancels', key: 'event_id' }],
  'audits[].not_null': [{ columns: ['account_id'] }],
  'audits[].unique': [{ columns: ['event_id'], over: 'target' }],
  'audits[].sql': ['audits/churn_type_known.sql'],
};

export const PROJECT_EXAMPLES: Readonly<Record<string, readonly unknown[]>> = {
  name: ['my_lake'],
  'catalog.warehouse': ['warehouse'],
  'catalog.database': ['postgres://user@host/catalog'],
  'catalog.state': ['.psyberg'],
  'catalog.uri': ['https://host/catalog'],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: as it is written in psyberg.yaml
  'catalog.token': ['${CATALOG_TOKEN}'],
  'catalog.allowed_locations': [['/mnt/lake']],
  processes: ['processes'],
};
