/**
 * The engine that works on rows. A session's metadata (what changed, manifests, commits, state) are DuckDB's
 * always; what creates its target, loads its rows, counts and audits them goes through here, so that another
 * engine is a folder beside `duckdb/`.
 *
 * An engine reads the session's own catalog: sources cut to what changed, the target on its branch, and what
 * was staged. It writes data files, and hands over a manifest of them; it never commits.
 */
import type { Collected } from '../catalog/index.ts';
import type { Dialect, LookRows, LookShape, LookStep } from '../compile/index.ts';
import type { BoundStatement, ResultRows } from '../engine/index.ts';
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import type { QueryColumn } from '../model/column-type.ts';
import type { FileLayout } from '../model/file-layout.ts';
import type { HourRange } from '../model/hour.ts';
import type { CompiledPlan } from '../model/plan.ts';
import type { AuditSpec, ProcessSpec } from '../model/process-spec.ts';
import type {
  AuditStep,
  CarryOverStep,
  ComputeHoursStep,
  CountSourcesStep,
  CountStagedStep,
  CreateTargetStep,
  DifferingHoursStep,
  InsertStep,
  MayStopStep,
} from '../model/step.ts';
import type { WriterCounts } from '../model/writer-counts.ts';
import type { StagedManifest } from '../tables/write/manifest-list.ts';
import type { RunInputs } from './bind-step.ts';

// What becomes of a query's columns is judged alike, whatever engine told them.
export { type ComparedQuery, columnsToFollow } from './columns/refuse-columns.ts';

/** The session that an engine works for. `root`: the project's folder, for messages that name its files. */
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
  /** The most rows that a statement of the session reads; undefined if they were not counted. */
  readonly rows?: bigint | undefined;
  /** A folder for files that only statements of the session read; it is removed when the session ends. */
  readonly viewsFolder?: () => Promise<string>;
}

/** Where the rows of a step are written. */
export interface StagingTarget {
  readonly metadata: TableMetadata;
  readonly layout: FileLayout;
  /**
   * The session's branch. Its files lie in a folder of that name, so that the files of a killed session are
   * found.
   */
  readonly owner: string;
}

/** The files of a step. */
export interface CountedManifest {
  readonly manifest: StagedManifest;
  /** What the writer counted; undefined if it does not count. */
  readonly written: WriterCounts | undefined;
}

/** Rows that were read of one file of a source. */
export interface CountedRow extends Record<string, unknown> {
  readonly alias: string;
  readonly path: string;
  readonly rows: bigint;
  /** Hours since 1970; null if the rows have none, or hours were not asked for. */
  readonly first_hour: bigint | null;
  readonly last_hour: bigint | null;
}

/** What was staged. */
export interface StagedCount extends Record<string, unknown> {
  readonly rows_staged: bigint;
  /** Staged rows outside of the session's hours, or without an hour. */
  readonly rows_outside: bigint;
}

/** A column with an event time: its Iceberg type, and the unit in which it counts. */
export interface StoredColumn {
  readonly name: string;
  readonly type: string;
  readonly unit: string;
}

/** A staged hour or day, and the hours together with which its rows are computed once more. */
export interface HourAgain {
  readonly compared: HourRange;
  readonly computed: HourRange;
  /** The event time of the target. */
  readonly time: StoredColumn;
}

/** What differs between two computations of rows. */
export interface RowsDiffering extends Record<string, unknown> {
  /** How many rows only one of the two returned. */
  readonly rows_differing: bigint;
  /** Whether sums of floating-point numbers differ by more than rounding. */
  readonly values_differ: boolean;
}

/** Steps that only read. */
export type AskedStep = CountSourcesStep | CountStagedStep | AuditStep;

export interface OutsideSession {
  /** The id of the open session; undefined while none is open. */
  id(): string | undefined;
  /**
   * Stops the session of that id; one that has ended is no error. False if the engine does not answer, so
   * that the session may still write files.
   */
  end(id: string): Promise<boolean>;
}

/** Runs statements outside of a session, over catalogs that are attached. */
export interface BesideSessions {
  /**
   * The columns of a query of the process, without running it. Throws what is wrong with it, and
   * `table-not-declared`.
   */
  columns(work: Pick<Work, 'spec' | 'root'>, query: BoundStatement): Promise<QueryColumn[]>;
  /** Runs a statement that returns no rows. */
  execute(statement: BoundStatement): Promise<void>;
  query(statement: BoundStatement): Promise<Readonly<Record<string, unknown>>[]>;
}

export interface Workload {
  /**
   * True for an engine that may run on other machines: it reaches the files of tables, but not folders of
   * this machine.
   */
  readonly isElsewhere?: boolean;
  /**
   * For an engine that cannot write files without a commit: what it has committed to the table `collected` of
   * the session's catalog.
   */
  readonly collected?: Collected;
  /** The session that it has opened on an engine elsewhere; that goes on when this process dies. */
  readonly outside?: OutsideSession;
  /** For an engine that does not see tables in the memory of this process. */
  readonly beside?: BesideSessions;
  /** The SQL dialect of its steps. */
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
   * Computes the next hour of a process that reads its own result; nothing is written before it is staged.
   * Returns the rows of that hour. `fromRun`: what is known of the hours before it.
   */
  compute(
    step: Exclude<ComputeHoursStep, MayStopStep | DifferingHoursStep>,
    fromRun: RunInputs,
  ): Promise<bigint>;
  /** True if the rows of an hour came out as the target has them. */
  isUnchanged(work: Work, step: MayStopStep): Promise<boolean>;
  /** The computed hours whose rows differ from the target's, counted from 1970, ascending. */
  differing(work: Work, step: DifferingHoursStep, fromRun: RunInputs): Promise<number[]>;
  /**
   * Writes the rows of a step as data files with a manifest, whose entries inherit snapshot and sequence
   * number. Undefined if there is no row. Throws `null-in-required-column`.
   */
  stage(
    work: Work,
    step: InsertStep | CarryOverStep,
    to: StagingTarget,
  ): Promise<CountedManifest | undefined>;
  /**
   * Begins the statements of steps that will be asked for later, if the engine takes longer to plan than to
   * compute. A failure is thrown when the step itself is asked for.
   */
  ahead?(steps: readonly AskedStep[], keptRows: number): void;
  /**
   * Begins to count for a step that will be asked for later, beside the load, if the engine can. A failure is
   * thrown when the step itself is asked for.
   */
  countAhead?(step: CountSourcesStep): void;
  /** Counts the rows that were read, file by file. */
  count(step: CountSourcesStep): Promise<CountedRow[]>;
  /** Counts the staged rows. */
  countStaged(step: CountStagedStep): Promise<StagedCount>;
  /** The rows that an audit selects, at most `keptRows`. */
  audit(step: AuditStep, keptRows: number): Promise<Readonly<Record<string, unknown>>[]>;
  /**
   * A stateless process's query over some of the rows that the session read: at once, beside one half and
   * the other. `target`: what its rows are stored in. Undefined where there is nothing to compare: the engine
   * does not write the columns of the target, or has read from the query itself that it takes each row alone.
   */
  compareHalves(work: Work, target: TableMetadata): Promise<RowsDiffering | undefined>;
  /**
   * Computes an hour of the staged rows again, together with other hours, and compares. The staged rows must
   * be visible to SQL.
   */
  compareHour(work: Work, target: TableMetadata, again: HourAgain): Promise<RowsDiffering | undefined>;
  /** The columns for which the statements of a look are compiled. Throws what is wrong with the query. */
  shape(work: Work, targetColumns: readonly string[]): Promise<LookShape>;
  /**
   * The rows of a look; its statements leave nothing behind. `onStep` is called with the name of each of
   * them.
   */
  look(rows: LookRows, onStep: (name: string) => void): Promise<ResultRows>;
  /** The names of the sources in which a look finds no row. */
  lookForNothing(step: LookStep): Promise<string[]>;
  /** The error; with its place in the user's file if the process's own SQL is at fault. */
  placed(work: Work, error: unknown): unknown;
  /** The same for an error of an audit. `columns`: those of the target. */
  placedInAudit(work: Work, audit: AuditSpec, columns: readonly string[], error: unknown): unknown;
  /** Accepts statements again after an interrupt, so that the session can clean up. */
  resume(): void;
}
