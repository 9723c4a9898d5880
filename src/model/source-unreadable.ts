/** Makes the error for a table whose files cannot be read: one wording, whoever found the file first. */
import { type PsybergError, refusal } from './errors.ts';
import { storageFault } from './storage-faults.ts';

export interface UnreadableSource {
  /** The source as `namespace.table`. */
  readonly table: string;
  /** False if it is unknown whether it is a source of a process. */
  readonly isSource?: boolean;
  /** `undefined` if no snapshot is known, `null` if the source has none. */
  readonly snapshotId: string | null | undefined;
  /** Undefined if only the metadata as a whole can be named. */
  readonly file: string | undefined;
  /** What the file is: `data file`, or just `file`. */
  readonly what?: string;
  readonly cause: unknown;
}

const HINT =
  'restore the missing or damaged file, or roll the table back to a snapshot that is whole; nothing was moved';
/** This is how versitygw 1.8.0 answers if it does not know a key, and DuckDB repeats only the number. */
const HINT_IN_STORE = `first check the keys under catalog.storage in psyberg.yaml (psyberg doctor tries them): some stores say 404 to a key that they do not know; where they are right, ${HINT}`;

/** Names table, snapshot and file, with DuckDB's reason; nothing was moved. */
export function sourceUnreadable(unreadable: UnreadableSource): PsybergError {
  const { table, isSource = true, snapshotId, file, what = 'file', cause } = unreadable;
  // If the store cannot be reached no file is damaged.
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
