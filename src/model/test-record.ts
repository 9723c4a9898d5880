/** Defines the results of tests, as `psyberg test --json` prints them. Plain JSON. */
import type { ErrorJson } from './errors.ts';
import type { Plan } from './plan.ts';

export type RowObject = Readonly<Record<string, unknown>>;

/** A missing and an extra row that seem to be the same row. */
export interface ChangedRow {
  readonly expected: RowObject;
  readonly found: RowObject;
  /** The columns in which they differ. */
  readonly columns: readonly string[];
}

export interface TestFailure {
  /** The arrival after which it shows, counted from 1. */
  readonly arrival: number;
  /** The arrivals in the order played, up to this one; for a recompute the shortest order that fails. */
  readonly order: readonly number[];
  readonly process_name: string;
  /** The key of `expect`, or `recompute`. */
  readonly what: string;
  readonly expected: unknown;
  readonly actual: unknown;
  readonly missing: readonly RowObject[];
  readonly extra: readonly RowObject[];
  /** Pairs of a missing and an extra row that differ in some cells. */
  readonly changed: readonly ChangedRow[];
  /** The columns that were compared; empty if no rows were. */
  readonly columns: readonly string[];
  /** The plan of that step; null if there was none. */
  readonly plan: TestPlan | null;
  readonly error: ErrorJson | null;
  /** A command that plays this again, and nothing else. */
  readonly rerun: string;
}

/** The parts of a plan that explain the result. */
export type TestPlan = Pick<Plan, 'status' | 'grain' | 'range' | 'owed_hours' | 'held_back_by'> & {
  readonly hours: readonly string[];
  readonly target: string;
  readonly operation: 'append' | 'overwrite';
  readonly sources: readonly {
    readonly table: string;
    readonly rows: string;
    readonly first_hour: string | null;
    readonly last_hour: string | null;
    readonly vtts_hour: string | null;
  }[];
};

export interface TestResult {
  readonly name: string;
  readonly file: string;
  readonly process_names: readonly string[];
  /** `error`: it could not be read or played. */
  readonly status: 'passed' | 'failed' | 'error';
  readonly seconds: number;
  /** How many orders were played. */
  readonly orders: number;
  readonly failures: readonly TestFailure[];
  readonly error: ErrorJson | null;
  /** The folder that `--keep` left. */
  readonly folder?: string;
}

export interface TestReport {
  readonly tests: readonly TestResult[];
  readonly passed: number;
  /** Tests with status `failed` or `error`. */
  readonly failed: number;
}
