/**
 * Explains what SQLite says about a file that is no catalog, or an unusable one. Path + error -> PsybergError
 * with the file's name and what to do: "the folder cannot be used" would send its reader to the permissions.
 */
import { accessSync, constants, statSync } from 'node:fs';
import { type PsybergError, usageError } from '../../model/errors.ts';
import { storageFault } from '../../model/storage-faults.ts';

/** How long a process waits for another one's commit; a commit holds the lock for about a millisecond. */
export const BUSY_TIMEOUT_MS = 10_000;

/** SQLite's primary result codes. */
const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_CANTOPEN = 14;
const SQLITE_NOTADB = 26;

/** True if another connection holds a lock that is needed. */
export const isBusy = (error: unknown): boolean =>
  (((error as { errcode?: number }).errcode ?? 0) & 0xff) === SQLITE_BUSY;

/** Undefined for an error that says nothing about the file. */
export function sqliteFault(path: string, error: unknown): PsybergError | undefined {
  const primary = ((error as { errcode?: number }).errcode ?? 0) & 0xff;
  if (primary === SQLITE_NOTADB)
    return usageError('catalog-database-damaged', `the catalog's database ${path} is no SQLite database`, {
      hint: `restore ${path} from a backup; if the file is not psyberg's, move it away or name another warehouse in psyberg.yaml`,
      context: { path },
      cause: error,
    });
  if (primary === SQLITE_CORRUPT)
    return usageError(
      'catalog-database-damaged',
      `the catalog's database ${path} is damaged: ${(error as Error).message}`,
      {
        hint: `restore ${path} from a backup, or save what can be read: sqlite3 ${path} .recover`,
        context: { path },
        cause: error,
      },
    );
  return (
    storageFault(error, { place: path }) ?? (primary === SQLITE_CANTOPEN ? notOpened(path, error) : undefined)
  );
}

function notOpened(path: string, cause: unknown): PsybergError {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  return usageError(
    'catalog-database-unusable',
    `the catalog's database ${path} cannot be opened: ${isFolder ? 'it is a folder' : accessProblem(path)}`,
    {
      hint: isFolder
        ? `move the folder ${path} away, or name another warehouse in psyberg.yaml`
        : `give this user the right to read and write ${path}`,
      context: { path },
      cause,
    },
  );
}

function accessProblem(path: string): string {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return 'SQLite cannot open it';
  } catch (error) {
    return (error as Error).message;
  }
}

/**
 * For a database that another program made: its table has the same name as the catalog's, but other columns.
 */
export const foreignTable = (path: string, missing: string): PsybergError =>
  usageError(
    'catalog-database-unusable',
    `the catalog's database ${path} holds a table iceberg_tables of another program: it has no column ${missing}`,
    {
      hint: `move ${path} away, or name another warehouse in psyberg.yaml`,
      context: { path, column: missing },
    },
  );
