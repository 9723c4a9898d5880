/** What a run did, as `run --json` prints it. Plain JSON; made by `src/run`, read by `src/report`. */

import type { ErrorJson } from './errors.ts';

export type RunStatus =
  | 'published'
  | 'nothing-new'
  | 'waiting'
  | 'audit-failed'
  | 'conflict'
  | 'refused'
  | 'failed';

export interface AuditResult {
  readonly name: string;
  readonly severity: 'block' | 'warn';
  readonly status: 'passed' | 'failed';
  readonly expected: string;
  readonly actual: string;
  /** At most ten of the rows that break the promise, as plain JSON. */
  readonly sample: readonly Readonly<Record<string, unknown>>[];
  /** Where more of those rows are kept, how many, and the query that shows them; null where none are. */
  readonly kept: { readonly table: string; readonly rows: string; readonly query: string } | null;
}

export interface RunRecord {
  readonly process_name: string;
  readonly psyberg_session_id: string;
  readonly status: RunStatus;
  readonly target: string;
  readonly operation: 'append' | 'overwrite';
  readonly published_snapshot_id: string | null;
  readonly branch: string;
  readonly rows_read: string;
  readonly rows_written: string;
  readonly range: { readonly first_hour: string; readonly last_hour: string } | null;
  readonly owed_hours: readonly string[];
  readonly held_back_by: string | null;
  /** New rows that are in no hour of the target, since their event time is NULL; always 0 when stateless. */
  readonly skipped_null_event_times: string;
  readonly audits: readonly AuditResult[];
  readonly seconds: {
    readonly init: number;
    readonly load: number;
    readonly audit: number;
    readonly publish: number;
    readonly total: number;
  };
  /**
   * How long it waited for another session of its process, which loaded what it would have; there if it did.
   */
  readonly waited_seconds?: number;
  readonly error: ErrorJson | null;
}
