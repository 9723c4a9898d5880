/**
 * Recognises what the operating system, SQLite and DuckDB say if a warehouse cannot be written, or its disk
 * fails. Error -> the one PsybergError for it. A full disk is no damaged source, and a read-only folder is no
 * bug, though the original errors read like that.
 */
import { PsybergError, unexpected, usageError, withoutSql } from './errors.ts';
import { type StoreWaits, storeFaultOf } from './store-faults.ts';

/**
 * Not retryable: somebody has to free space first, and a publish that kept trying meanwhile would hold
 * everything up.
 */
const FULL: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);
/** EIO, ESTALE, EUCLEAN and EREMOTEIO of Linux, by number: Node has no names for most of them. */
const FAILING: ReadonlySet<unknown> = new Set([-5, -116, -117, -121]);
const FAILING_TEXT =
  /Input\/output error|Stale (?:NFS )?file handle|Structure needs cleaning|Remote I\/O error/i;
/** Missing permissions, in calls that only write. */
const FORBIDDEN: ReadonlySet<unknown> = new Set(['EACCES', 'EPERM']);
const WRITING: ReadonlySet<unknown> = new Set([
  'copyfile',
  'link',
  'mkdir',
  'rename',
  'rmdir',
  'unlink',
  'write',
]);
/** Open files of the process, or of the machine. */
const TOO_MANY: ReadonlySet<unknown> = new Set(['EMFILE', 'ENFILE']);
/** SQLite's primary result codes. */
const SQLITE_READONLY = 8;
const SQLITE_IOERR = 10;
const SQLITE_FULL = 13;
/**
 * One of SQLite's IO errors: a full disk has no room for the index of its log, which readers need as well.
 */
const SQLITE_IOERR_SHMSIZE = 4874;
const OWN: ReadonlySet<unknown> = new Set([
  'warehouse-full',
  'warehouse-not-writable',
  'storage-failed',
  'too-many-open-files',
]);
/** How many links of a chain of causes are looked at. */
const DEPTH_MAX = 8;

interface Reported {
  readonly code?: unknown;
  readonly errcode?: number;
  readonly errno?: unknown;
  readonly syscall?: unknown;
  readonly path?: string;
  readonly message?: string;
  readonly cause?: unknown;
}

/** What the error itself does not tell. */
export interface FaultContext {
  /** What was written. */
  readonly place?: string;
  /** True if it was being written, whatever call failed. */
  readonly isWritten?: boolean;
  /** How long DuckDB waits for a store. */
  readonly waits?: StoreWaits;
}

/**
 * `warehouse-full`, `warehouse-not-writable`, `storage-failed`, `too-many-open-files`, or a store's answer,
 * if the error, or one of its causes, means that; otherwise undefined.
 */
export function storageFault(
  error: unknown,
  { place = 'the warehouse', isWritten = false, waits }: FaultContext = {},
): PsybergError | undefined {
  let link: unknown = error;
  for (let depth = 0; depth < DEPTH_MAX && typeof link === 'object' && link !== null; depth += 1) {
    const { code, errcode, errno, syscall, path, message = '', cause } = link as Reported;
    if (link instanceof PsybergError && OWN.has(code)) return link;
    const sqlite = code === 'ERR_SQLITE_ERROR' ? (errcode ?? 0) & 0xff : undefined;
    // Only an IO error is DuckDB's own: a query may contain these words too.
    const io = message.startsWith('IO Error:') ? message : '';
    const ofStore = storeFaultOf(message, error, waits);
    if (ofStore !== undefined) return ofStore;
    const where = path ?? /"([^"]+)"/.exec(io)?.[1] ?? place;
    if (
      FULL.has(String(code)) ||
      sqlite === SQLITE_FULL ||
      (sqlite === SQLITE_IOERR && errcode === SQLITE_IOERR_SHMSIZE) ||
      /No space left on device|Disk quota exceeded/i.test(io)
    )
      return warehouseFull(where, error);
    if (code === 'EROFS' || sqlite === SQLITE_READONLY || /Read-only file system/i.test(io))
      return notWritable(where, 'it is read-only', error);
    if (FORBIDDEN.has(code) && (isWritten || WRITING.has(syscall)))
      return notWritable(where, 'this user has no permission', error);
    if (FAILING.has(errno) || sqlite === SQLITE_IOERR || FAILING_TEXT.test(io))
      return failed(where, message.split('\n')[0] ?? '', error);
    if (TOO_MANY.has(code) || /Too many open files/i.test(io)) return tooManyFiles(where, error);
    link = cause;
  }
  return undefined;
}

/**
 * Throws if the error is not about the file that could not be read, but about a disk that fails, or too many
 * open files. A caller that takes an unreadable file for a missing one would otherwise believe that it is
 * gone.
 */
export function throwUnlessOfFile(error: unknown, place: string): void {
  const fault = storageFault(error, { place });
  if (fault !== undefined) throw fault;
}

/**
 * Any thrown error as it is shown to people: a fault of the storage is named as such, everything else is
 * unforeseen.
 */
export const shownError = (error: unknown): PsybergError =>
  withoutSql(error instanceof PsybergError ? error : (storageFault(error) ?? unexpected(error)));

const warehouseFull = (path: string, cause: unknown): PsybergError =>
  new PsybergError('warehouse-full', `there is no space left to write ${path}; nothing was published`, {
    hint: 'free some space, then run the same command again',
    context: { path },
    cause,
  });

const notWritable = (path: string, why: string, cause: unknown): PsybergError =>
  usageError('warehouse-not-writable', `${path} cannot be written: ${why}; nothing was published`, {
    hint: 'give this user write access to the warehouse folder (is it mounted read-only?), or choose another in psyberg.yaml',
    context: { path },
    cause,
  });

const failed = (path: string, said: string, cause: unknown): PsybergError =>
  new PsybergError('storage-failed', `the disk, or the server, that holds ${path} reports a fault: ${said}`, {
    hint: 'look at what the system says of it (dmesg; of a network folder also its server), then run the same command again',
    context: { path },
    cause,
  });

const tooManyFiles = (path: string, cause: unknown): PsybergError =>
  new PsybergError(
    'too-many-open-files',
    `the system does not let this process open ${path} beside its other files`,
    {
      hint: 'allow it more (ulimit -n 4096), then run the same command again; with --jobs 1 it needs fewer',
      context: { path },
      cause,
    },
  );
