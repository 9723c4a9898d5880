/**
 * Defines a source that is a folder of files: what its header says, and what a session found. Plain data,
 * read by every later room.
 */

/** The formats of files; the default follows from the ending of the first glob. */
export const FILE_FORMATS = ['json', 'csv', 'parquet'] as const;
export type FileFormat = (typeof FILE_FORMATS)[number];

/** A value of an option of DuckDB's reader. */
export type ReaderOption = string | number | boolean | readonly ReaderOption[];

export interface FilesSpec {
  /** As written in the header: relative to the project's folder, absolute, or a URL. */
  readonly globs: readonly string[];
  /** Absolute path of the project's folder. */
  readonly root: string;
  readonly format: FileFormat;
  /** Options of DuckDB's reader, by name. */
  readonly options: Readonly<Record<string, ReaderOption>>;
  /** Column -> DuckDB type; undefined: as DuckDB finds them in the new files. */
  readonly columns?: Readonly<Record<string, string>>;
  /** What to do if a file that was read now has another size, time or ETag. `ignore`: it counts as read. */
  readonly onFileChange: 'refuse' | 'load-again' | 'ignore';
  /**
   * What to do with rows that do not fit. `quarantine`: they are kept as they are, and the others are loaded.
   */
  readonly onBadRows: 'refuse' | 'quarantine';
  /** In ms: files that changed within this time are left for a later session. */
  readonly settleMs: number;
  /**
   * For tests: absolute path of a file without rows that replaces the folder's files while it has none;
   * undefined: it is an error if no file was ever found in a folder.
   */
  readonly emptyFile?: string;
}

/** A file that a session reads. */
export interface FileToRead {
  /** The path in the ledger: relative to the project's folder if its glob is. */
  readonly path: string;
  readonly bytes: bigint;
  /** In us since 1970. */
  readonly modifiedAtUs: bigint;
  readonly etag: string | null;
}

/**
 * The columns of a folder's rows: name -> DuckDB type. As the header says, or else as the first session found
 * them. These are kept, since a number without a fraction in one file would get another type than in others.
 */
export type FileColumns = Readonly<Record<string, string>>;

/** What a session reads from a folder. */
export interface FilesToRead {
  /** The temporary relation that holds the rows while the session runs. */
  readonly relation: string;
  readonly files: readonly FileToRead[];
  readonly columns: FileColumns;
  /** If there is no new file: a file that tells the columns. */
  readonly shape: string | null;
  /** A folder's watermark counts the sessions that read its files; this is the session's number. */
  readonly session: bigint;
  /** True if the ledger has rows of sessions that a rollback of the target has undone. */
  readonly undone: boolean;
  /** Whether rows have their file as `filename`: only if the SQL names it, and no column has this name. */
  readonly withFilename: boolean;
}

/**
 * Takes the place of a table's uuid in the watermark of a folder, which has none: that watermark counts the
 * process's sessions that read files, and `psyberg_file_f` tells which files these were.
 */
export const FOLDER_UUID = '00000000-0000-0000-0000-000000000000';

/** The name of a folder where a table's name would be. */
export const folderName = (globs: readonly string[]): string => globs.join(', ');

/** True for a name that DuckDB requests from a server. */
export const isUrl = (path: string): boolean => /^[a-z][a-z0-9+.-]*:\/\//i.test(path);

/** Whether the SQL of a process, or of an audit, names `filename`. */
export const namesFile = ({
  sql,
  audits,
}: {
  readonly sql: string;
  readonly audits: readonly { readonly sql?: string }[];
}): boolean => [sql, ...audits.map((audit) => audit.sql ?? '')].some((text) => /\bfilename\b/i.test(text));

/**
 * True for an address whose server cannot list files: it is no glob, and what looks like one is its query.
 */
export const isWebAddress = (path: string): boolean => /^https?:\/\//i.test(path);

/** The sources that are tables of a catalog. */
export const tablesAmong = <Source extends { readonly files?: FilesSpec }>(
  sources: readonly Source[],
): Source[] => sources.filter(({ files }) => files === undefined);
