/** The ledger of files that were read. Plan -> rows. Pure. */
import type { Plan } from '../../model/plan.ts';
import { type RowOf, stateTable } from './state-table.ts';

/**
 * A row is a file that a session of a process has read: it is committed with the rows of that file, so that
 * each is loaded once. `session_number` counts the sessions that read files; the watermark of a folder is the
 * number of the last one, and rows with a higher number are of sessions that a rollback has undone.
 */
export const FILE = stateTable({
  filesPerProcess: 64,
  keptStatement: 'state/kept_files',
  columns: {
    process_name: 'string',
    src_files: 'string',
    path: 'string',
    bytes: 'long',
    modified_at: 'timestamptz',
    etag: 'string',
    rows: 'long',
    psyberg_session_id: 'string',
    created_at: 'timestamptz',
    session_number: 'long',
    columns: 'string',
  },
});
export type FileTableRow = RowOf<typeof FILE>;

/** What a session that is planned reads of folders. */
export function fileRows(plan: Plan, createdAt: string): FileTableRow[] {
  return plan.sources.flatMap(({ table, read }) =>
    read.kind !== 'files'
      ? []
      : read.files.map((file) => ({
          process_name: plan.process_name,
          src_files: table,
          path: file.path,
          bytes: file.bytes,
          modified_at: file.modified_at,
          etag: file.etag,
          rows: file.rows,
          psyberg_session_id: plan.psyberg_session_id,
          created_at: createdAt,
          session_number: read.session,
          columns: JSON.stringify(read.columns),
        })),
  );
}
