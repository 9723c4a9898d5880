/**
 * Declares what a test file says, once it was checked. Plain frozen data; made by `testing/read`, played by
 * `testing/play`.
 */
import type { Hour } from '../model/hour.ts';
import type { TableIdentifier } from '../model/names.ts';
import type { ProcessSpec, TextPosition } from '../model/process-spec.ts';
import type { ProjectProblem } from '../project/problems.ts';

/** The value of a cell, as YAML returns it. */
export type Cell = unknown;
export type CellRow = Readonly<Record<string, Cell>>;

/** Rows as they are written: cells, or something that DuckDB reads. */
export type WrittenRows =
  | { readonly kind: 'inline'; readonly rows: readonly CellRow[] }
  | { readonly kind: 'csv'; readonly text: string }
  | { readonly kind: 'sql'; readonly query: string }
  /** An absolute path. */
  | { readonly kind: 'file'; readonly file: string };

export interface Landing {
  readonly table: TableIdentifier;
  readonly rows: WrittenRows;
  /** Where the rows are in the file; with a row and a column of inline rows, that cell. */
  readonly placeOf: (row?: number, column?: string) => TextPosition;
}

export interface RowDeletion {
  readonly table: TableIdentifier;
  /** A condition on its columns. */
  readonly condition: string;
  readonly place: TextPosition;
}

/** What the run of one process after an arrival is checked against; undefined members are not checked. */
export interface Expectation {
  readonly status?: string;
  readonly operation?: string;
  /** Texts of hours, ascending. */
  readonly hours?: readonly string[];
  readonly owed_hours?: readonly string[];
  readonly audits?: Readonly<Record<string, 'passed' | 'failed'>>;
  readonly row_count?: number;
  readonly rows?: readonly CellRow[];
  /** An error code; null: no error. */
  readonly error?: string | null;
  readonly placeOf: (...path: readonly PropertyKey[]) => TextPosition;
}

export interface Arrival {
  /** The clock of its run in ms since 1970; undefined: taken from its rows. */
  readonly atMs?: number;
  /** How far sources are complete: by table in lower case, and under `''` for all others. */
  readonly completeTo: ReadonlyMap<string, Hour>;
  /** A table occurs only once in each. */
  readonly deletions: readonly RowDeletion[];
  readonly landings: readonly Landing[];
  /** By process name. */
  readonly expected: ReadonlyMap<string, Expectation>;
  readonly place: TextPosition;
}

/** `all`: every order if there are few arrivals, else a sample. */
export type Orders = 'all' | 'given' | number;

export interface TestSpec {
  readonly name: string;
  /** Path relative to the project. */
  readonly file: string;
  /** Absolute path of the folder where relative paths of the test begin. */
  readonly folder: string;
  readonly place: TextPosition;
  /** In dependency order. */
  readonly processes: readonly ProcessSpec[];
  readonly arrivals: readonly Arrival[];
  readonly equalsRecompute: boolean;
  readonly orders: Orders;
  readonly seed: number;
  /** `told`: sources are complete as the test says; `real`: as the process says. */
  readonly vtts: 'told' | 'real';
}

/** A test, or a whole file, that could not be read. */
export interface UnreadTest {
  readonly name: string;
  readonly file: string;
  readonly processNames: readonly string[];
  readonly problems: readonly TestProblem[];
}

export type TestProblem = ProjectProblem;
