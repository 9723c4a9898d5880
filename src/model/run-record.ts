/** Defines what a run did, as `run --json` prints it. Plain JSON; made by `src/run`, read by `src/report`. */

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
  /**
   * The table that keeps more of those rows, how many, and the query that shows them; null if none are kept.
   */
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
  /** Set for a process of days: `owed_hours` names the first hour of each day. */
  readonly grain?: Grain;
  readonly range: { readonly first_hour: string; readonly last_hour: string } | null;
  readonly owed_hours: readonly string[];
  readonly held_back_by: string | null;
  /** Only if the process limits how it catches up: what stays owed because of that. */
  readonly catchup?: PlanCatchup;
  /** The warnings of its plan, if it had work and there are any. */
  readonly warnings?: readonly PlanWarning[];
  /**
   * New rows that are in no hour of the target, because their event time is NULL; always 0 for a stateless
   * process.
   */
  readonly skipped_null_event_times: string;
  readonly audits: readonly AuditResult[];
  readonly seconds: StageSeconds & { readonly total: number };
  /** How long it waited for another session of its process, which loaded the same; only if it did. */
  readonly waited_seconds?: number;
  readonly error: ErrorJson | null;
}

/** What later sessions of the process have to load, and how long that may take. */
export interface SessionsLeft {
  /** Hours, or days for a process of days, that were loaded since the first of these sessions began. */
  readonly doneHours: number;
  readonly leftHours: number;
  /** In ms, at the pace so far. */
  readonly leftMs: number;
}
