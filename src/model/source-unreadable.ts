/** The refusal of a table whose files cannot be read: one wording, whoever met the file first. */
import { type PsybergError, refusal } from './errors.ts';
import { storageFault } from './storage-faults.ts';

export interface UnreadableSource {
  /** The source as `namespace.table`. */
  readonly table: string;
  /** False where nobody knows whether it is a source of a process. */
  readonly isSource?: boolean;
  /** `undefined` where no snapshot is known, `null` where the source has none. */
  readonly snapshotId: string | null | undefined;
  /** Undefined when only the metadata as a whole can be named. */
  readonly file: string | undefined;
  /** What the file is: `data file`, or just `file`. */
  readonly what?: string;
  readonly cause: unknown;
}

const HINT =
  'restore the missing or damaged file, or roll the table back to a snapshot that is whole; nothing was moved';
/** versitygw 1.8.0 answers so to a key that it does not know, and DuckDB repeats the number alone. */
const HINT_IN_STORE = `first check the keys under catalog.storage in psyberg.yaml (psyberg doctor tries them): some stores say 404 to a key that they do not know; where they are right, ${HINT}`;

/** Names table, snapshot and file, in DuckDB's words of why; nothing was moved. */
export function sourceUnreadable(unreadable: UnreadableSource): PsybergError {
  const { table, isSource = true, snapshotId, file, what = 'file', cause } = unreadable;
  // No file is damaged where none can be reached.
  const fault = storageFault(cause);
  if (fault !== undefined) return fault;
  const subject = file === undefined ? 'the metadata' : `the ${what} ${file}`;
  const snapshot = snapshotId === undefined ? '' : ` (snapshot ${snapshotId})`;
  const why = (cause instanceof Error ? cause.message : String(cause)).split('\n')[0];
  return refusal(
    'source-unreadable',
    `${subject} of ${isSource ? `source ${table}` : table}${snapshot} cannot be read: ${why}`,
    {
      hint: /\bHTTP (?:code )?404\b/.test(why ?? '') ? HINT_IN_STORE : HINT,
      context: { table, snapshot_id: snapshotId ?? null, file: file ?? null },
      cause,
    },
  );
}
