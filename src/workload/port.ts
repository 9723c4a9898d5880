/**
 * The engine that works on rows. A session's metadata (what changed, manifests, commits, state) are DuckDB's
 * always; what creates its target, loads its rows, counts and audits them goes through here, so that another
 * engine is a folder beside `duckdb/`.
 *
 * An engine reads the session's own catalog: sources cut to what changed, the target on its branch, and what
 * was staged. It writes data files, and hands over a manifest of them; it never commits.
 */
import type { Dialect, LookRows, LookShape, LookStep } from '../compile/index.ts';
import type { ResultRows } from '../engine/index.ts';
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import type { QueryColumn } from '../model/column-type.ts';
import type { FileLayout } from '../model/file-layout.ts';
import type { CompiledPlan } from '../model/plan.ts';
import type { AuditSpec, ProcessSpec } from '../model/process-spec.ts';
import type {
  AuditStep,
  CarryOverStep,
  ComputeHoursStep,
  CountSourcesStep,
  CreateTargetStep,
  InsertStep,
} from '../model/step.ts';
import type { StagedManifest } from '../tables/write/manifest-list.ts';

/** What is worked for. `root`: the project's folder, for messages that name its files. */
export interface Work {
  readonly plan: CompiledPlan;
  readonly spec: ProcessSpec;
  readonly root: string;
}

/** Where the session's catalog is served. */
export interface ServedCatalog {
  readonly warehouse: string;
  readonly uri: string;
  readonly token: string;
}

/** Where the rows of a step go. */
export interface StagingTarget {
  readonly metadata: TableMetadata;
  readonly layout: FileLayout;
  /**
   * The session's branch: its files lie in a folder of that name, so that what a killed one leaves is found.
   */
  readonly owner: string;
}

/** Rows that were read of one file of a source; one row with `alias` null counts what was staged. */
export interface CountedRow extends Record<string, unknown> {
  readonly alias: string | null;
  readonly path: string;
  readonly rows: bigint;
  /** Hours since 1970; null where the rows have none. */
  readonly first_hour: bigint | null;
  readonly last_hour: bigint | null;
  readonly rows_staged: bigint;
  /** Staged rows outside of the session's hours, or of none. */
  readonly rows_outside: bigint;
}

export interface Workload {
  /** How its steps are written. */
  readonly dialect: Dialect;
  /** Opens the session's catalog under the name that steps use. */
  attach(catalog: ServedCatalog): Promise<void>;
  detach(): Promise<void>;
  /**
   * The columns of the process's query with their types, without running it. Throws what is wrong with it.
   */
  describe(work: Work): Promise<QueryColumn[]>;
  /** Creates the target with these columns. Throws `column-type-unsupported`. */
  create(work: Work, step: CreateTargetStep): Promise<void>;
  /**
   * Computes hour after hour of a process that reads its own result; nothing is written before it is staged.
   * Returns the rows of the hour.
   */
  compute(step: ComputeHoursStep): Promise<bigint>;
  /**
   * Writes the rows of a step as data files, and a manifest of them whose entries inherit snapshot and
   * sequence number; undefined where there is no row. Throws `null-in-required-column`.
   */
  stage(work: Work, step: InsertStep | CarryOverStep, to: StagingTarget): Promise<StagedManifest | undefined>;
  /** Counts what was read, file by file, and what was staged. */
  count(step: CountSourcesStep): Promise<CountedRow[]>;
  /** What an audit selects, `keptRows` of it at most. */
  audit(step: AuditStep, keptRows: number): Promise<Readonly<Record<string, unknown>>[]>;
  /** What the statements of a look are compiled for. Throws what is wrong with the query. */
  shape(work: Work, targetColumns: readonly string[]): Promise<LookShape>;
  /**
   * The rows of a look; what runs before them leaves nothing. `onStep` is called with the name of each
   * statement.
   */
  look(rows: LookRows, onStep: (name: string) => void): Promise<ResultRows>;
  /** Names of the sources that a look finds no row in. */
  lookForNothing(step: LookStep): Promise<string[]>;
  /** An error of this engine, with its place in the user's file where it is one of the process's own SQL. */
  placed(work: Work, error: unknown): unknown;
  /** The same for one of an audit. `columns`: those of the target. */
  placedInAudit(work: Work, audit: AuditSpec, columns: readonly string[], error: unknown): unknown;
  /** Takes statements again after an interrupt, to clean up. */
  resume(): void;
}
