/**
 * A source that is a folder of files. What its header says, and what a session found: plain data, read by
 * every later room.
 */

/** How files are read; by default what the name of the first glob ends in. */
export const FILE_FORMATS = ['json', 'csv', 'parquet'] as const;
export type FileFormat = (typeof FILE_FORMATS)[number];

/** A value of an option of DuckDB's reader. */
export type ReaderOption = string | number | boolean | readonly ReaderOption[];

export interface FilesSpec {
  /** As the header writes them: relative to the project's folder, absolute, or a URL. */
  readonly globs: readonly string[];
  /** Absolute path of the project's folder. */
  readonly root: string;
  readonly format: FileFormat;
  /** Options of DuckDB's reader, by name. */
  readonly options: Readonly<Record<string, ReaderOption>>;
  /** Column -> DuckDB type; undefined: as DuckDB finds them in the new files. */
  readonly columns?: Readonly<Record<string, string>>;
  /** Of a file that was read and has another size, time or ETag now. `ignore`: it counts as read. */
  readonly onFileChange: 'refuse' | 'load-again' | 'ignore';
  /** Of rows that do not fit. `quarantine`: they are kept as they are, and the others are loaded. */
  readonly onBadRows: 'refuse' | 'quarantine';
  /** In ms: files that changed within this time are left for a later session. */
  readonly settleMs: number;
  /**
   * Absolute path of a file without rows that stands for the folder while it has none, in tests; undefined: a
   * folder in which no file was ever found is an error.
   */
  readonly emptyFile?: string;
}

/** A file of a session. */
export interface FileToRead {
  /** As the ledger has it: relative to the project's folder where its glob is. */
  readonly path: string;
  readonly bytes: bigint;
  /** In us since 1970. */
  readonly modifiedAtUs: bigint;
  readonly etag: string | null;
}

/**
 * The columns of a folder's rows: name -> DuckDB type. As the header says; else as the first session found
 * them, which is kept: a number without a fraction in one file would be of another type than those of others.
 */
export type FileColumns = Readonly<Record<string, string>>;

/** What a session reads of a folder. */
export interface FilesToRead {
  /** The temporary relation that holds their rows while the session runs. */
  readonly relation: string;
  readonly files: readonly FileToRead[];
  readonly columns: FileColumns;
  /** Where there is no new file: one that says which columns there are. */
  readonly shape: string | null;
  /** The watermark of a folder counts the sessions that read files of it; this is the session's number. */
  readonly session: bigint;
  /** True where the ledger holds rows of sessions that a rollback of the target has undone. */
  readonly undone: boolean;
  /** Whether the rows have their file as `filename`: where the SQL names it, and no column has the name. */
  readonly withFilename: boolean;
}

/**
 * Stands for the uuid of a table in the watermark of a folder, which is none: the watermark counts the
 * process's sessions that read files, and `psyberg_file_f` says which files those were.
 */
export const FOLDER_UUID = '00000000-0000-0000-0000-000000000000';

/** How a folder is named where a table would be. */
export const folderName = (globs: readonly string[]): string => globs.join(', ');

/** True of a name that DuckDB asks a server for. */
export const isUrl = (path: string): boolean => /^[a-z][a-z0-9+.-]*:\/\//i.test(path);

/** Whether the SQL of a process, or that of an audit, names `filename`. */
export const namesFile = ({
  sql,
  audits,
}: {
  readonly sql: string;
  readonly audits: readonly { readonly sql?: string }[];
}): boolean => [sql, ...audits.map((audit) => audit.sql ?? '')].some((text) => /\bfilename\b/i.test(text));

/** True of an address whose server lists nothing: it is no glob, and what looks like one is its query. */
export const isWebAddress = (path: string): boolean => /^https?:\/\//i.test(path);

/** The sources that are tables of a catalog. */
export const tablesAmong = <Source extends { readonly files?: FilesSpec }>(
  sources: readonly Source[],
): Source[] => sources.filter(({ files }) => files === undefined);
