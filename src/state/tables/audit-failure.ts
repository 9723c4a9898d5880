/** The table of rows that audits found wrong. */
import { stateTable } from './state-table.ts';

/** A row is a row that an audit found wrong, as JSON text. Of each process the newest sessions stay. */
export const AUDIT_FAILURE = stateTable({
  filesPerProcess: 16,
  keptStatement: 'state/kept_failures',
  columns: {
    process_name: 'string',
    psyberg_session_id: 'string',
    audit_name: 'string',
    severity: 'string',
    target_table: 'string',
    failing_rows: 'long',
    failing_row: 'string',
    created_at: 'timestamptz',
  },
});
