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
  /** How many rows a statement of the session reads at most; undefined where nobody has counted them. */
  readonly rows?: bigint | undefined;
  /** Where files may be put that only the statements of the session read; they go when it ends. */
  readonly viewsFolder?: () => Promise<string>;
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

/** The files of a step. */
export interface CountedManifest {
  readonly manifest: StagedManifest;
  /** Undefined where the writer does not tell. */
  readonly written: WriterCounts | undefined;
}

/** Rows that were read of one file of a source. */
export interface CountedRow extends Record<string, unknown> {
  readonly alias: string;
  readonly path: string;
  readonly rows: bigint;
  /** Hours since 1970; null where the rows have none, or nobody asks for them. */
  readonly first_hour: bigint | null;
  readonly last_hour: bigint | null;
}

/** What was staged. */
export interface StagedCount extends Record<string, unknown> {
  readonly rows_staged: bigint;
  /** Staged rows outside of the session's hours, or of none. */
  readonly rows_outside: bigint;
}

/** A column with an event time: its Iceberg type, and the unit in which it counts. */
export interface StoredColumn {
  readonly name: string;
  readonly type: string;
  readonly unit: string;
}

/** An hour, or a day, of what was staged, and the hours with which its rows are computed once more. */
export interface HourAgain {
  readonly compared: HourRange;
  readonly computed: HourRange;
  /** The event time of the target. */
  readonly time: StoredColumn;
}

/** What differs between two computations of rows. */
export interface RowsDiffering extends Record<string, unknown> {
  /** How many rows only one of them gave. */
  readonly rows_differing: bigint;
  /** Whether sums of floating-point numbers differ by more than rounding. */
  readonly values_differ: boolean;
}

/** Steps that only read. */
export type AskedStep = CountSourcesStep | CountStagedStep | AuditStep;

export interface OutsideSession {
  /** Undefined while none is open. */
  id(): string | undefined;
  /**
   * Stops what a session of that id still does; one that has ended is no error. False where nobody answered,
   * so that it may still write files.
   */
  end(id: string): Promise<boolean>;
}

/** Statements beside a session, in what is attached. */
export interface BesideSessions {
  /**
   * The columns of a query of the process, which is not run. Throws what is wrong with it, and
   * `table-not-declared`.
   */
  columns(work: Pick<Work, 'spec' | 'root'>, query: BoundStatement): Promise<QueryColumn[]>;
  /** A statement that gives no rows. */
  execute(statement: BoundStatement): Promise<void>;
  query(statement: BoundStatement): Promise<Readonly<Record<string, unknown>>[]>;
}

export interface Workload {
  /**
   * True for an engine that may work on other machines: it gets to the files of tables, and not to this
   * machine's folders.
   */
  readonly isElsewhere?: boolean;
  /**
   * What it has committed to the table `collected` of the session's catalog, for an engine that cannot write
   * files without a commit; undefined for one that can.
   */
  readonly collected?: Collected;
  /** The session that it has opened on an engine elsewhere, which goes on when this process dies. */
  readonly outside?: OutsideSession;
  /** For an engine to which tables in the memory of this process are none. */
  readonly beside?: BesideSessions;
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
   * Returns the rows of the hour. `fromRun`: what is known of the hours before it.
   */
  compute(
    step: Exclude<ComputeHoursStep, MayStopStep | DifferingHoursStep>,
    fromRun: RunInputs,
  ): Promise<bigint>;
  /** Whether the rows of an hour came out as the target has them. */
  isUnchanged(work: Work, step: MayStopStep): Promise<boolean>;
  /** The computed hours that did not, counted from 1970, ascending. */
  differing(work: Work, step: DifferingHoursStep, fromRun: RunInputs): Promise<number[]>;
  /**
   * Writes the rows of a step as data files, and a manifest of them whose entries inherit snapshot and
   * sequence number; undefined where there is no row. Throws `null-in-required-column`.
   */
  stage(
    work: Work,
    step: InsertStep | CarryOverStep,
    to: StagingTarget,
  ): Promise<CountedManifest | undefined>;
  /**
   * Begins to answer what the same steps will be asked for later, for an engine that plans longer than it
   * computes; undefined for one that does not. What is in the way is thrown when they are asked.
   */
  ahead?(steps: readonly AskedStep[], keptRows: number): void;
  /**
   * Begins to count what the same step will be asked for later, beside the load; undefined for an engine that
   * cannot. What is in the way is thrown when it is asked.
   */
  countAhead?(step: CountSourcesStep): void;
  /** Counts what was read, file by file. */
  count(step: CountSourcesStep): Promise<CountedRow[]>;
  /** Counts what was staged. */
  countStaged(step: CountStagedStep): Promise<StagedCount>;
  /** What an audit selects, `keptRows` of it at most. */
  audit(step: AuditStep, keptRows: number): Promise<Readonly<Record<string, unknown>>[]>;
  /**
   * A stateless process's query over some of the rows that the session read: at once, beside one half and
   * the other. `target`: what its rows are stored in. Undefined where there is nothing to compare: the engine
   * does not write the columns of the target, or has read from the query itself that it takes each row alone.
   */
  compareHalves(work: Work, target: TableMetadata): Promise<RowsDiffering | undefined>;
  /** An hour of the staged rows, which are shown, beside the same hour computed in another company. */
  compareHour(work: Work, target: TableMetadata, again: HourAgain): Promise<RowsDiffering | undefined>;
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
