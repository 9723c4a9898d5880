/**
 * A session in progress: a value that each stage turns into the next, and never changes.
 *
 *   Begun -open-> Opened -load-> Staged -compose-> Composed -audit-> Audited -publish-> Published
 *
 * Each holds everything that the one before held. What a failure must undo is in {@link Leftovers}, the only
 * part that is mutable: a stage that throws returns no value that could carry it.
 */
import { join } from 'node:path';
import type { Snapshot, SnapshotId, TableMetadata } from '../iceberg/table-metadata.ts';
import type { Hour } from '../model/hour.ts';
import type { CompiledPlan } from '../model/plan.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import type { AuditResult, StageSeconds } from '../model/run-record.ts';
import { branchName } from '../model/session-branch.ts';
import type { WriterCounts } from '../model/writer-counts.ts';
import type { StateRow } from '../state/tables/state-table.ts';
import type { StateChange } from '../state/write-state.ts';
import type { ManifestToRewrite } from '../tables/read/manifest-shapes.ts';
import type { ReadableView } from '../tables/views/readable-view.ts';
import type { RewrittenManifest } from '../tables/write/manifest.ts';
import type { ComparedQuery, CountedManifest, CountedRow, Work } from '../workload/port.ts';
import type { RunPorts } from './ports.ts';
import { type SessionView, sessionView } from './session-view.ts';

/** What a session knows before its first stage. */
export interface Begun {
  readonly ports: RunPorts;
  readonly spec: ProcessSpec;
  /** From {@link Opened} on, compiled for the columns that the query really returns. */
  readonly plan: CompiledPlan;
  /** The name of the session's branch, and of its view. */
  readonly branch: string;
  /** The folder of this session's own files. */
  readonly directory: string;
  /** True when the steps run as separate commands. */
  readonly stepwise: boolean;
  /** False for a look, which may create nothing that stays. */
  readonly writes: boolean;
  /**
   * Set for an adoption, which publishes no rows. `from`: the former name of a renamed process, whose
   * progress is taken over. `settled`: see `SUMMARY.settled`. `notes`: properties of the target.
   */
  readonly adoption:
    | {
        readonly from: string | undefined;
        readonly settled: Readonly<Record<string, readonly string[]>>;
        readonly notes: Readonly<Record<string, string>>;
      }
    | undefined;
  /** How long its stages have taken so far; absent when the steps run as separate commands. */
  readonly stageSeconds?: (() => StageSeconds) | undefined;
  /** The tables as DuckDB sees them for this session. */
  readonly view: SessionView;
  readonly leftovers: Leftovers;
}

/** What ending the session has to clean up. */
export interface Leftovers {
  /** True if a branch of its name existed before: it belongs to another session and must not be dropped. */
  branchOfAnother: boolean;
  /** True if files were written for a commit that lost a race: the end of the session sweeps them. */
  lostRaces: boolean;
  /** A schema with new columns that was added to the target but is not its current one. */
  schemaId: number | undefined;
  /** Files of the state tables, written ahead. */
  stateRows: StateWriter | undefined;
}

/** Sources and target are pinned and can be read; nothing is staged. */
export interface Opened extends Begun {
  /** The snapshot of `main` that the session is staged on; undefined for an adopted target without one. */
  readonly base: Snapshot | undefined;
  /**
   * The schema with new columns that the session works under and publishes; `from`: the table's current one.
   * Undefined if the session adds no column.
   */
  readonly schema: { readonly id: number; readonly from: number } | undefined;
  /** By alias: the view of a source that does not show its whole snapshot. */
  readonly shown: ReadonlyMap<string, ReadableView>;
  /** What a dimension reads as `previous`; undefined for other patterns, and on an empty target. */
  readonly previous: Snapshot | undefined;
  /** Set if its rows were written while the session before it was running. */
  readonly ahead?: RowsAhead;
}

/** Rows whose files are not in any snapshot yet. */
export interface RowsAhead {
  /** Undefined where there is no row. */
  readonly rows: CountedManifest | undefined;
  /** The target's schema that they were written under. */
  readonly schemaId: number;
}

/** The rows are on the branch. */
export interface Staged extends Opened {
  /**
   * The base without the replaced hours: a snapshot that is committed together with the first one after it.
   */
  readonly cleared: ClearedBase | undefined;
  /** That snapshot, once it is on the branch. */
  readonly clearedId: SnapshotId | undefined;
  /**
   * The snapshots with rows that were committed to the branch. They are remembered here, not read from the
   * branch's history: if somebody expires all of it but the head, rows of the others would count as old, or
   * be lost.
   */
  readonly stagedIds: readonly SnapshotId[];
  /**
   * The snapshots among them that hold what the query returned; the others hold rows that were carried over.
   */
  readonly insertIds: readonly SnapshotId[];
  /**
   * What the writer counted in the rows that the query returned; undefined if there are none, if it does not
   * count, or if another process wrote them.
   */
  readonly written: WriterCounts | undefined;
  /** Rows that were carried over. */
  readonly carriedRows: bigint;
  /**
   * For a process that computes hour by hour: how many rows it computed, and which hours differ from what the
   * target had (undefined if they were not compared). `plan` now covers only the computed hours.
   */
  readonly computed: { readonly rows: bigint; readonly differing: readonly Hour[] | undefined };
  /** Set if the session began to write its state during the load. */
  readonly state: StateWriter | undefined;
}

/** The snapshot to publish is written. */
export interface Composed extends Staged {
  readonly composed: ComposedSnapshot;
  readonly state: StateWriter;
}

/** The rows are counted, and the audits have run. */
export interface Audited extends Composed {
  /** Whether the staged rows are visible to SQL: they are shown only when a statement needs them. */
  readonly stagedIsShown: boolean;
  readonly rowsRead: bigint;
  /** By alias: the files of a source that were read, with their row counts. */
  readonly filesRead: ReadonlyMap<string, readonly CountedRow[]>;
  readonly rowsWritten: bigint;
  readonly audits: readonly AuditResult[];
  /** Rows of audits that failed, not written yet. */
  readonly failures: readonly StateRow[];
}

/** `main` is at the session's snapshot, or at one that another run of the same step published. */
export interface Published extends Audited {
  readonly publishedSnapshotId: SnapshotId | undefined;
  /** Files that nothing refers to any more; they are deleted when the session is closed. */
  readonly obsolete: {
    /** Manifest lists of the staging snapshots. */
    readonly lists: readonly string[];
    /** Files of the state tables. */
    readonly stateFiles: readonly string[];
  };
}

/** Writes the state tables. */
export interface StateWriter {
  /** Begins to write watermarks and signal in the background: they follow from the plan alone. */
  beginProgress(targetTableUuid: string): void;
  /** Begins to write the session's record in the background, once its rows are counted. */
  beginSession(counted: Audited): void;
  /**
   * The changes to commit, based on the tables as they are now; undefined if an earlier commit of them, whose
   * answer was lost, turns out to have been made.
   */
  changes(audited: Audited): Promise<StateChange[] | undefined>;
  /** To be called when a commit of the changes got no answer: their files must then not be deleted. */
  unanswered(): void;
  /** Commits the tables one by one after the target, for catalogs without multi-table commits. */
  writeApart(audited: Audited): Promise<void>;
  /** Deletes files that were written but will not be committed. */
  discard(): Promise<void>;
}

/** Manifests of a base that list files of the replaced hours, and the manifests that replace them. */
export interface TakenOff {
  readonly affected: readonly ManifestToRewrite[];
  readonly rewritten: readonly RewrittenManifest[];
}
/** The files of the session's hours in a snapshot other than its base. */
export interface FilesOfHours {
  readonly files: readonly FileInHours[];
  /** The manifests without these files, if those written for the session's own base still fit. */
  readonly takenOff: TakenOff | undefined;
}
/**
 * The base without the files of the replaced hours. Its manifests are already written; they become a snapshot
 * with the first commit on the branch.
 */
export interface ClearedBase extends TakenOff {
  /** The files that were taken out. */
  readonly files: readonly FileInHours[];
  /** A view of those files that also hold rows of other hours; undefined if there are none. */
  readonly straddling: Snapshot | undefined;
}

/** A live file of the target that holds rows of the replaced hours. */
export interface FileInHours extends Record<string, unknown> {
  readonly manifest_path: string;
  readonly path: string;
  readonly rows: bigint;
  /** `straddles`: it also holds other rows. */
  readonly placement: 'inside' | 'straddles';
}

/** The snapshot to publish, and what it was composed on. */
export interface ComposedSnapshot {
  readonly snapshot: Snapshot;
  readonly baseSnapshotId: SnapshotId | undefined;
  readonly metadata: TableMetadata;
}

/** The session as its workload sees it. */
export const workOf = ({ plan, spec, ports }: Begun): Work => ({ plan, spec, root: ports.project.root });

/** The session as the comparison of its query with its target sees it. */
export const comparedQuery = ({ plan, spec, ports }: Begun): ComparedQuery => ({
  spec,
  root: ports.project.root,
  target: plan.target,
});

/** A session before its first stage. */
export function beginSession(
  ports: RunPorts,
  plan: CompiledPlan,
  spec: ProcessSpec,
  {
    stepwise = false,
    adoption,
    stageSeconds,
    holdsBranch = false,
  }: Partial<Pick<Begun, 'stepwise' | 'adoption' | 'stageSeconds'>> & {
    /** True: nobody else may see its branch; see `SessionTables.holdsBranch`. */
    readonly holdsBranch?: boolean;
  } = {},
): Begun {
  const branch = branchName(plan.process_name, plan.psyberg_session_id);
  return {
    ports,
    spec,
    plan,
    branch,
    directory: join(ports.sessionsDirectory, branch),
    stepwise,
    writes: true,
    adoption,
    stageSeconds,
    view: sessionView(ports.views, branch, { holdsBranch }),
    leftovers: { branchOfAnother: false, lostRaces: false, schemaId: undefined, stateRows: undefined },
  };
}

/** The session with nothing pinned yet. */
export const unopened = (session: Begun): Opened => ({
  ...session,
  base: undefined,
  schema: undefined,
  shown: new Map(),
  previous: undefined,
});

/** The session with nothing on its branch yet. */
export const unstaged = (opened: Opened): Staged => ({
  ...opened,
  cleared: undefined,
  clearedId: undefined,
  stagedIds: [],
  insertIds: [],
  written: undefined,
  carriedRows: 0n,
  computed: { rows: 0n, differing: undefined },
  state: undefined,
});

/** The session with nothing counted yet. */
export const unaudited = (composed: Composed): Audited => ({
  ...composed,
  stagedIsShown: false,
  rowsRead: 0n,
  filesRead: new Map(),
  rowsWritten: 0n,
  audits: [],
  failures: [],
});
