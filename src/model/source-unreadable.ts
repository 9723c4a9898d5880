/** The refusal of a source whose files cannot be read: one wording, whoever met the file first. */
import { type PsybergError, refusal } from './errors.ts';

export interface UnreadableSource {
  /** The source as `namespace.table`. */
  readonly table: string;
  /** `undefined` where no snapshot is known, `null` where the source has none. */
  readonly snapshotId: string | null | undefined;
  /** Undefined when only the metadata as a whole can be named. */
  readonly file: string | undefined;
  /** What the file is: `data file`, or just `file`. */
  readonly what?: string;
  readonly cause: unknown;
}

/** Names table, snapshot and file, in DuckDB's words of why; nothing was moved. */
export function sourceUnreadable(unreadable: UnreadableSource): PsybergError {
  const { table, snapshotId, file, what = 'file', cause } = unreadable;
  const subject = file === undefined ? 'the metadata' : `the ${what} ${file}`;
  const snapshot = snapshotId === undefined ? '' : ` (snapshot ${snapshotId})`;
  const why = (cause instanceof Error ? cause.message : String(cause)).split('\n')[0];
  return refusal('source-unreadable', `${subject} of source ${table}${snapshot} cannot be read: ${why}`, {
    hint: 'restore the missing or damaged file, or roll the source back to a snapshot that is whole; nothing was moved',
    context: { table, snapshot_id: snapshotId ?? null, file: file ?? null },
    cause,
  });
}
