/**
 * Lists every error code once: what kind of failure it is, whether the same call may succeed later, and what
 * it means. The type `ErrorCode` is derived from here, so a code without a line does not compile; the
 * documentation's page on error codes is printed from here.
 */

/** What a caller can do about an error. The command line gives each kind its exit code. */
export type ErrorKind =
  /** Something written is wrong: options, configuration or SQL. */
  | 'usage'
  /** A blocking audit failed. */
  | 'audit'
  /** Others committed first. */
  | 'conflict'
  /** Continuing could lose or double data. */
  | 'refused'
  /** Something that psyberg needs is missing or full, or does not have what was asked for. */
  | 'unavailable'
  /** Stopped by Ctrl-C, by a scheduler, or by the program that uses the library. */
  | 'interrupted'
  /** Not foreseen: please report it. */
  | 'unexpected';

/** `Others`: kinds that a call may give the code besides its own. */
export interface CodeEntry<Own extends ErrorKind = ErrorKind, Others extends ErrorKind = ErrorKind> {
  readonly kind: Own;
  readonly others: readonly Others[];
  /** True if the same call may succeed later without any change; a single error may say otherwise. */
  readonly retryable: boolean;
  /** One sentence, for the documentation. What to do now is the hint of the error itself. */
  readonly meaning: string;
}

const ofKind =
  <Own extends ErrorKind>(kind: Own, retryableByDefault = false) =>
  <Others extends ErrorKind = never>(
    meaning: string,
    { retryable = retryableByDefault, or = [] }: { retryable?: boolean; or?: readonly Others[] } = {},
  ): CodeEntry<Own, Others> => ({ kind, others: or, retryable, meaning });

const usage = ofKind('usage');
const audit = ofKind('audit');
const conflict = ofKind('conflict', true);
const refused = ofKind('refused');
const unavailable = ofKind('unavailable');
const interrupted = ofKind('interrupted', true);
const unexpected = ofKind('unexpected');
const passing = { retryable: true } as const;

/** By name. A new code is one line here. */
export const ERROR_CODES = {
  'adopt-from-in-use': refused('`adopt --from` names a process that is still in the project.'),
  'adopt-from-unknown': refused('`adopt --from` names a process that has nothing to take over.', {
    or: ['usage'],
  }),
  'adoption-hours-unknown': refused(
    'Which hours of the adopted target are complete is not known yet: all of them would be computed again.',
  ),
  'adoption-rows-ahead': refused(
    'The adopted target has rows of hours that are not complete, and that no source has rows in.',
  ),
  'adoption-skips-rows': refused('Adopting the target as it is would skip rows that came to a source since.'),
  'already-exists': unavailable('The catalog has a namespace, table or view of that name.'),
  'atomic-unsupported': usage(
    '`restate --atomic` needs a catalog that commits several tables at once, and a Spark that finds it on any port.',
  ),
  'attach-failed': unavailable('DuckDB could not attach the catalog.'),
  'audit-failed': audit('A blocking audit found bad rows; nothing was published.'),
  'audit-sql-failed': usage(
    'An audit cannot be run: its SQL is wrong, or meets values that it does not take.',
    { or: ['unexpected'] },
  ),
  'audits-changed': refused('The audits were changed after the session was audited; audit it again.'),
  'avro-name-unsupported': refused('A partition field has a name that Avro, and so DuckDB, does not take.'),
  'bad-request': usage('A request to the catalog is not as the REST specification has it.'),
  'branch-unknown': usage('No table of the query has the branch or tag that `--branch` names.'),
  'bucket-missing': usage('The bucket of the warehouse, or of a table, does not exist.'),
  'catalog-busy': unavailable('The catalog asks for patience (429 or 503).', passing),
  'catalog-database-damaged': usage('`catalog.db` of the warehouse is no SQLite database, or a damaged one.'),
  'catalog-database-unavailable': unavailable('The database of the catalog does not answer.', passing),
  'catalog-database-unreachable': usage('PostgreSQL does not answer at `catalog.database`.', passing),
  'catalog-database-unusable': usage('User, password, database or form of `catalog.database` is wrong.'),
  'catalog-failed': unavailable('The catalog, or its token server, failed.', passing),
  'catalog-host-unusable': usage('This machine has no such address for `catalog serve --host`.'),
  'catalog-port-taken': usage('The port of `catalog serve --port` cannot be taken.'),
  'catalog-refused': refused('The catalog does not take a commit that could lose or double rows.'),
  'catalog-unauthorized': usage('The catalog takes neither `catalog.token` nor `catalog.credential`.'),
  'catalog-unreachable': unavailable(
    'The catalog, or its token server, cannot be reached; with exit 2: what answers there is no catalog.',
    { retryable: true, or: ['usage'] },
  ),
  'column-type-unsupported': usage('A query returns a column of a type that the target cannot have.'),
  'columns-replaced': refused(
    'A query gives other values for rows that it has loaded: a column that it reads was dropped or renamed and another took its name, or became a double or a timestamp with which it computes, or its whole rows have other columns.',
  ),
  'commit-conflict': conflict('A requirement of the commit does not hold: another commit was first.'),
  'commit-not-as-asked': refused(
    'A foreign catalog answered that it made a commit, and its table is not what was asked for.',
  ),
  'commit-state-unknown': unavailable('Nobody knows whether the commit was made; look before repeating it.'),
  'commit-unknown': conflict('The answer to a publish was lost; the next run looks whether it was made.'),
  'compaction-lost-rows': conflict('Compaction read fewer rows than it should; it changed nothing.', {
    retryable: false,
  }),
  'compaction-overtaken': conflict('Files were replaced, or rows deleted, while they were compacted.'),
  'condition-invalid': usage('`why --where` is no single condition on the columns of the table.'),
  'count-invalid': usage('An option that counts is no whole number.'),
  'credentials-missing': usage('Keys are to be those of this machine, and it has none.'),
  'delete-format-unsupported': refused('A source deletes rows by a file that DuckDB does not read.'),
  'drop-tag-in-use': refused('`maintain --drop-tag` names a tag of a process that is in the project.'),
  'duration-invalid': usage('An option that is a duration is none, such as `5d`, `36h`, `90m` or `30s`.'),
  'engine-cannot': usage('A command cannot do this with a process on that engine.'),
  'engine-internal-error': unexpected(
    'DuckDB met an internal error and was opened again; other processes go on.',
  ),
  'engine-settings': usage('DuckDB refuses its settings, such as the memory limit.'),
  'equality-deletes-spread': refused(
    'A source has equality deletes that DuckDB would not apply to all of its files.',
  ),
  'equality-deletes-unreadable': refused('A source has equality deletes that DuckDB would read wrongly.'),
  'event-time-missing': usage('A source has no event time, or not the column that is named.'),
  'event-time-replaced': refused('The event-time column was dropped or renamed, and another took its name.'),
  'event-time-type': usage('The event-time column is no timestamp, date, or integer with a unit.'),
  'extension-missing': unavailable("DuckDB's extensions could not be loaded; `npm run setup` installs them."),
  'file-being-written': conflict('A file of a folder changed while a session read it.'),
  'file-changed': refused(
    'A file of a folder that was loaded is another one now, and its source says `on_file_change: refuse`.',
  ),
  'file-does-not-fit': refused('A file of a folder cannot be read, or its rows do not fit the columns.'),
  'file-exists': usage('`psyberg new` and `psyberg compile` do not overwrite a file of somebody else.'),
  'file-ledger-lost': refused('The ledger of files lacks rows of files that were loaded.'),
  'file-not-readable': usage('A file that a command was to read cannot be read.'),
  'file-not-writable': usage('A file that a command was to write cannot be written.'),
  'files-missing': usage('No file matches the glob of a source.'),
  'files-need-one-commit': usage(
    'A process reads files, and its catalog cannot commit several tables at once.',
  ),
  'files-not-adoptable': usage('A process that reads files cannot take over a target.'),
  'files-unreadable': usage('A folder of files cannot be listed.'),
  forbidden: usage('The catalog does not allow it, for example a location outside the warehouse.'),
  'format-unsure': usage('Formatted, a file would not be sure to mean the same: it stays as it is.'),
  'format-version-unsupported': usage('The target is, or asks for, an unsupported Iceberg format version.'),
  'grain-changed': refused('A dimension is counted in days where its target is by the hour, or in hours.'),
  'history-expired': refused('Snapshots of a source were expired, and what changed since cannot be known.'),
  'hours-invalid': usage('`--hours` is no hour, no day, and no `FROM..TO` of these.'),
  'hours-not-alone': refused(
    'An hour that is computed beside other hours than those of the session comes out with other rows.',
  ),
  'internal-bug': unexpected('A bug of psyberg.'),
  interrupted: interrupted('The command was interrupted; run it again.'),
  'invalid-table-update': usage('A change of a table breaks a rule of the Iceberg format.'),
  'invalid-view-branch': usage('A session view may not write to `main`.'),
  'invalid-view-name': usage('The name of a session view cannot be used.'),
  'invalid-view-update': usage('A change of an Iceberg view breaks a rule of the format.'),
  'join-without-window': refused(
    'Rows of two sources meet over more hours than the session loads, so that an hour comes out with other rows beside those around it.',
  ),
  'key-unknown': usage('`diff --key` names a column that the table does not have.'),
  'limit-invalid': usage('`--limit` is no whole number from 1 on.'),
  'lookup-key-missing': usage('The key of a lookup is no column of it, or of no other source.'),
  'macro-invalid': usage('A macro of the project cannot be defined, or reads more than it is given.'),
  'macro-table-undeclared': usage('A query names to a macro a table that is no source of its process.'),
  'maintain-foreign-catalog': usage(
    'Of a foreign catalog `psyberg maintain` does `--only orphans` alone, where it can be told what is one.',
  ),
  'maintain-option-invalid': usage('A number for maintenance is too small, or no whole number.'),
  'metadata-file-broken': unavailable('A metadata file of a table cannot be read.'),
  'metadata-file-missing': unavailable('The metadata file of a table is not there.'),
  'metadata-unreadable': usage('A text is no table metadata.'),
  'method-not-allowed': unavailable('The catalog does not take that HTTP method there.'),
  'name-invalid': usage('The name of a new process cannot be used.'),
  'namespace-not-empty': unavailable('A namespace with tables or views is not dropped.'),
  'no-such-branch': unavailable('No table of the catalog has a branch or tag of that name.'),
  'no-such-endpoint': unavailable('The catalog has no such path.'),
  'no-such-namespace': unavailable('The catalog has no such namespace.'),
  'no-such-table': unavailable('The catalog has no such table.'),
  'no-such-view': unavailable('The catalog has no such view.'),
  'no-such-warehouse': unavailable('The catalog has no such warehouse.'),
  'no-transactions': unavailable('The catalog commits one table at a time.', passing),
  'node-too-old': usage('This Node is older than the one that psyberg needs.'),
  'not-published': usage('The process has published nothing that could be verified.'),
  'not-verifiable': refused('What a target should hold cannot be computed any more.'),
  'null-event-times': refused('New rows have no event time, and the source says `nulls: refuse`.'),
  'null-in-required-column': refused('A row holds NULL in a column that the target requires.'),
  'option-contradicts-process': usage('An option of `psyberg session` says other than the process file.'),
  'orphan-grace-too-short': usage('An orphan grace below one hour needs `--force`.'),
  'output-not-writable': unavailable('What a command prints cannot be written; what it did stands.'),
  'output-without-rows': usage('What was to go to a file is no query, or several.'),
  'parameter-missing': usage('A query names a parameter that was not given a value.'),
  'parameter-type': usage('A parameter has a value of a type that cannot be bound.'),
  'parameter-unknown': usage('A query names a parameter that was not given, or the other way round.'),
  'partition-column-dropped': refused(
    'Files of a source are partitioned by a column that the table no longer has; DuckDB cannot read them.',
  ),
  'pattern-changed': refused('A process has another pattern than the one by which its target was made.'),
  'pattern-unknown': usage('There is no such pattern.'),
  'plan-file-invalid': usage('The file of `run --plan` is none that `plan --out` wrote.'),
  'plan-stale': refused('Something changed since the plan, or the session, was made; plan again.'),
  'port-invalid': usage('`--port` is no number from 0 to 65535.'),
  'previous-column': usage('The SQL of a dimension reads a column of `previous` that cannot be inferred.'),
  'process-sql-failed': usage(
    'DuckDB cannot run the SQL of a process; with exit 1: it met data that the query does not handle.',
    { or: ['unexpected'] },
  ),
  'process-unknown': usage('The project has no process of that name.'),
  'project-invalid': usage('The project has problems; all of them are listed with file, line and column.'),
  'project-not-found': usage('There is no psyberg.yaml here or above.'),
  'publish-contended': conflict('Others committed first for a minute; nothing was published.'),
  'puffin-unreadable': usage('A Puffin file cannot be written with other paths.'),
  'query-empty': usage('There is no statement to run.'),
  'relocate-delete-file': usage('A delete file names data files in a way that cannot be rewritten.'),
  'relocate-foreign-catalog': usage('Only the warehouse of an embedded catalog is relocated.'),
  'relocate-incomplete': refused(
    'A file is missing without which a table cannot be read; copy the whole folder.',
  ),
  'relocate-not-verified': unavailable('A copy of a file is not what the file holds.'),
  'relocate-overtaken': conflict('Somebody changed the catalog while the warehouse was relocated.'),
  'relocate-shared': refused('The copy of a warehouse would share tables with its original.'),
  'relocate-target-taken': refused(
    'The place that a warehouse is to be copied to has tables or files of its own.',
  ),
  'relocate-unlisted': usage('Something in the warehouse names files by paths that are not listed anywhere.'),
  'request-too-large': unavailable('The body of a request to the catalog is too large.'),
  'restate-hours-beyond': refused('A restate names hours that were not loaded so far.'),
  'restate-hours-gone': refused('A restate names hours that no source reaches back to any more.'),
  'restate-hours-unknown': refused('Which hours an earlier SQL has made is not known.'),
  'restate-shared-target': refused('A restate of a process that appends to a table with rows of others.'),
  'restate-source-gone': refused('A source cannot be read as of the watermark any more.'),
  'restate-source-unread': refused('A process has a source that none of its sessions has read.'),
  'restate-target-changed': refused('Somebody else changed the rows of the hours to restate.'),
  'restate-without-hours': usage('A process that appends does not say in which hours its rows lie.'),
  'rows-not-alone': refused(
    'The SQL of a stateless process gives other rows where those of its sources are read in two sessions.',
  ),
  'rows-not-read': refused('A session read other rows than the manifests of its files promise.'),
  'rows-outside-hours': refused('A query returned event times outside the hours that it was given.'),
  'rows-without-source': refused('A query returned rows for hours in which no source has a row.'),
  'session-busy': conflict('Another process is loading the session.'),
  'session-id-invalid': usage('A session id is a UTC time to the second, in 14 digits.'),
  'session-overtaken': conflict('Another session of the process published meanwhile.'),
  'session-plan-missing': usage('The session was run as a whole, or is too old to go on with.'),
  'session-published': refused('`psyberg session abort` names a session that was published.'),
  'session-running': conflict('A session of this id is at work, or was left behind.'),
  'session-unknown': usage('There is no such session of the process.'),
  'signing-region-missing': usage('Requests to the catalog are to be signed, and no region is known.'),
  'size-invalid': usage('An option that is a size is none, such as `128MB` or `512MiB`.'),
  'snapshot-unknown': usage('The table has no snapshot, branch or tag of that name (any more).'),
  'source-changed': refused('A source changed or removed rows that a stateless process may have loaded.'),
  'source-files-gone': refused("The plan loads files that the source's manifests no longer list."),
  'source-missing': usage('A source does not exist, or none is named.'),
  'source-moved': conflict('A snapshot of a source went away while the session ran.'),
  'source-read-before': refused('A stateless process names a source again that it had read before.'),
  'source-replaced': refused('A source was dropped and created again: it has another table uuid.'),
  'source-rewound': refused('A source has no snapshot any more, and had some when it was read.'),
  'source-twice': usage('A source is named twice.'),
  'source-unreadable': refused('A manifest or file of a source is missing or damaged.'),
  'source-unsupported': usage(
    'A source is of a kind that DuckDB does not read: its files, its format version, or its names.',
  ),
  'spark-catalog-unknown': usage('Spark has no catalog of the name in `engines.spark.catalog`.'),
  'spark-catalog-unreachable': usage('Spark does not reach the catalog that psyberg serves for a session.'),
  'spark-denied': usage('Spark does not let this client in: it asks for another token.'),
  'spark-failed': unexpected('Spark failed in a way of its own.'),
  'spark-files-unreachable': usage('Spark does not reach the files of the tables of a session.'),
  'spark-remote-invalid': usage('No Spark is named, or its address is none of Spark Connect.'),
  'spark-session-lost': unavailable(
    'Spark ended a session before psyberg did: it was started again, or had nothing to do for too long.',
    passing,
  ),
  'spark-timeout': unavailable('Nothing of a statement on Spark went on for too long.', passing),
  'spark-unreachable': unavailable('Spark Connect does not answer at its address.', passing),
  'spark-unsupported': usage('Spark at that address is of a version that cannot be used.'),
  'sql-failed': unexpected('A statement failed; with exit 2: it was yours.', { or: ['usage'] }),
  'src-tables-invalid': usage('`--src_tables` is no list of `table|time_column`.'),
  'staging-lost': refused('What the session staged is gone: its branch was dropped or changed.'),
  'start-unknown': usage('The place that `start:` or `--at` names is not in the history of the source.'),
  'state-table-columns': usage('A state table lacks columns: it was made by something else.'),
  'statement-invalid': unexpected('A statement of psyberg does not keep to its header.'),
  'step-out-of-order': refused('A step of `psyberg session` was run before the one that it needs.'),
  'storage-denied': usage('The store of the files answers 401 or 403 to the credentials that there are.'),
  'storage-failed': unavailable(
    'The disk of a file, or the server of its folder, reports a fault (EIO, ESTALE).',
  ),
  'storage-keys-missing': usage('Nobody says with which keys the object store is reached.'),
  'storage-refused': unavailable('DuckDB does not take the storage credentials of the catalog.'),
  'storage-setting-invalid': usage('A setting under `catalog.storage` has a value that it cannot have.'),
  'storage-unreachable': unavailable('The storage of a table cannot be reached.', passing),
  'storage-untrusted': usage('The certificate of the store is not one that this machine trusts.'),
  'table-exists': unavailable('The catalog has a table of that name.'),
  'table-missing': usage('There is no such table; with exit 4: it was dropped meanwhile.', {
    or: ['conflict'],
  }),
  'table-name-invalid': usage('A table is not written as `namespace.table`.'),
  'table-not-declared': usage('A query reads a table or file that is no source of its process.'),
  'tag-unknown': usage('`maintain --drop-tag` names a tag that no table has.'),
  'target-event-time': usage("The target's event time is no timestamp or date of it."),
  'target-has-history': refused('`psyberg adopt` found watermarks of this process in the target.'),
  'target-missing': conflict('The target was dropped meanwhile; with exit 2: there is none to adopt.', {
    or: ['usage'],
  }),
  'target-moved': conflict('The target moved, and the session cannot be put on top of what is there now.'),
  'target-not-empty': refused(
    'A first session on a target that holds rows, or that another process has published to.',
  ),
  'target-not-writable': usage('The target is laid out in a way in which no session can write it.'),
  'target-picked': refused(
    'Rows that a rollback of the target took away were cherry-picked back, without their watermark.',
  ),
  'target-replaced': refused('The watermark table speaks of another target of this name.'),
  'target-rewound': refused('The target was rolled back, and its history up to there was expired.'),
  'target-schema-mismatch': usage("The query's columns are not those of the target."),
  'target-type-mismatch': usage(
    'A column of the query has a type that the target could store only as another value.',
  ),
  'task-unknown': usage('`maintain --only` knows no such task.'),
  'template-unknown': usage('There is no such template.'),
  'test-invalid': usage('A test cannot be read: its keys, names, rows or types are wrong.'),
  'tests-missing': usage('The project has no tests, or none that the names given choose.'),
  'text-not-parsed': usage('A file of SQL or YAML cannot be parsed.'),
  'tls-file-unreadable': usage('A file of certificates that psyberg.yaml names cannot be read.'),
  'together-failed': unavailable(
    'Not published, since a process whose target is published in the same commit failed.',
    passing,
  ),
  'token-invalid': usage('The token of `catalog serve` is not of printable characters without blanks.'),
  'too-many-hours': refused('A dimension would compute 300,000 hours or more: a date of nowhere.'),
  'too-many-open-files': unavailable('The system does not let this process open more files at once.'),
  unauthorized: unavailable('The catalog needs its bearer token.'),
  unexpected: unexpected('Something that nobody foresaw; `--verbose` prints what to report.'),
  'unit-unknown': usage('There is no such unit of event times.'),
  'unknown-requirement': usage('A commit has a requirement that the REST specification does not know.'),
  'unknown-update': usage('A commit has an update that the REST specification does not know.'),
  unprocessable: usage('The catalog cannot do what a request asks for.'),
  unsupported: usage('The catalog does not offer it.'),
  'upstream-failed': unavailable(
    'Not run, since the process that writes one of its sources failed.',
    passing,
  ),
  usage: usage('An option or argument of the command line is wrong.'),
  'variable-contradicts-session': usage('`--var` says other than `session init`, or the plan, did.'),
  'view-incomplete': unexpected('A view of files does not list all of them.'),
  'vtts-invalid': usage('A VTTS is no time, or its query no single SELECT of one timestamp or date.'),
  'warehouse-full': unavailable('There is no space left; nothing was published.'),
  'warehouse-moved': usage(
    'The folder of the warehouse was moved or copied; `psyberg relocate` puts its paths right.',
  ),
  'warehouse-not-writable': usage('The folder of the warehouse cannot be written.'),
  'watermark-contradiction': refused("The watermark table contradicts the target's own snapshots."),
  'watermark-lost': refused("Both the target's history and the watermark table lost how far a process came."),
  'watermark-unreadable': refused("The watermarks in a snapshot's summary cannot be read."),
  'window-key-missing': usage('A table has not the column that is the key of a window.'),
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

type KindsOf<Entry> = Entry extends CodeEntry<infer Own, infer Others> ? Own | Others : never;
/** The codes that can be of a kind, either as their own or as one of their others. */
export type CodeOfKind<Kind extends ErrorKind> = {
  [Code in ErrorCode]: Kind extends KindsOf<(typeof ERROR_CODES)[Code]> ? Code : never;
}[ErrorCode];
