/** What a run did, as `run --json` prints it. Plain JSON; made by `src/run`, read by `src/report`. */

import type { ErrorJson } from './errors.ts';
import type { Grain } from './grain.ts';
import type { PlanCatchup, PlanWarning } from './plan.ts';
import type { Trigger } from './restate.ts';

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

/** How long each stage took; composing counts as loading. */
export interface StageSeconds {
  readonly init: number;
  readonly load: number;
  readonly audit: number;
  readonly publish: number;
}

export interface RunRecord {
  readonly process_name: string;
  readonly psyberg_session_id: string;
  readonly status: RunStatus;
  /** Why it ran; absent in a record of an earlier release: `changes`. */
  readonly trigger?: Trigger;
  readonly target: string;
  readonly operation: 'append' | 'overwrite';
  readonly published_snapshot_id: string | null;
  readonly branch: string;
  readonly rows_read: string;
  readonly rows_written: string;
  /** There of a process of days: `owed_hours` names the first hour of each day. */
  readonly grain?: Grain;
  readonly range: { readonly first_hour: string; readonly last_hour: string } | null;
  readonly owed_hours: readonly string[];
  readonly held_back_by: string | null;
  /** Only where the process limits how it catches up: what that leaves owed. */
  readonly catchup?: PlanCatchup;
  /** Those of its plan, where it had work and there are any. */
  readonly warnings?: readonly PlanWarning[];
  /** New rows that are in no hour of the target, since their event time is NULL; always 0 when stateless. */
  readonly skipped_null_event_times: string;
  readonly audits: readonly AuditResult[];
  readonly seconds: StageSeconds & { readonly total: number };
  /**
   * How long it waited for another session of its process, which loaded what it would have; there if it did.
   */
  readonly waited_seconds?: number;
  readonly error: ErrorJson | null;
}

/** What later sessions of the process are to load, and how long that may take. */
export interface SessionsLeft {
  /** Hours, or days of a process of days, that were loaded since the first of these sessions began. */
  readonly doneHours: number;
  readonly leftHours: number;
  /** At the pace so far, ms. */
  readonly leftMs: number;
}
