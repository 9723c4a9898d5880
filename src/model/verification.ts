/** Defines what comparing a target with a recompute found. Plain JSON: the objects of `verify --json`. */
import type { ErrorJson } from './errors.ts';
import type { Grain } from './grain.ts';

/** Hour starts, UTC, both included. */
export interface HoursFromTo {
  readonly first_hour: string;
  readonly last_hour: string;
}

/** An hour that differs. Counts as text. */
export interface VerifiedHour {
  /** Its start, UTC; null for rows without an event time, and if no event time is known. */
  readonly hour: string | null;
  readonly rows_expected: string;
  readonly rows_found: string;
  readonly missing: string;
  readonly extra: string;
}

export interface Verification {
  readonly process_name: string;
  readonly target: string;
  /** The unit in which the process counts its target, if that is not hours. */
  readonly grain?: Grain;
  /** `not-published`: the process has no target yet. `failed`: it could not be compared. */
  readonly status: 'equal' | 'different' | 'not-published' | 'failed';
  /** The hours that were compared; null if all rows were, whatever their hour. */
  readonly range: HoursFromTo | null;
  /** How many hours have rows on either side. */
  readonly hours_compared: number;
  readonly rows_expected: string;
  readonly rows_found: string;
  /**
   * Rows that are expected and not found, and rows that are found and not expected; a changed row counts in
   * both.
   */
  readonly missing: string;
  readonly extra: string;
  /** The hours that differ, ascending. */
  readonly hours: readonly VerifiedHour[];
  /** Hours up to the end of `range` that were not compared, because they are still to be loaded. */
  readonly owed_hours: readonly string[];
  readonly sample: {
    readonly missing: readonly Readonly<Record<string, unknown>>[];
    readonly extra: readonly Readonly<Record<string, unknown>>[];
  };
  /** The snapshot of the target that was compared. */
  readonly snapshot_id: string | null;
  /** What a reader must know about it, one sentence each. */
  readonly notes: readonly string[];
  readonly error: ErrorJson | null;
}
