/**
 * A session in progress: a value that each stage turns into the next, and never changes.
 *
 *   Begun -open-> Opened -load-> Staged -compose-> Composed -audit-> Audited -publish-> Published
 *
 * Each holds all that the one before held. What a failure has to undo is in {@link Leftovers}, the one thing
 * that is written to: a stage that throws returns no value that could tell.
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
import type { CountedManifest, CountedRow, Work } from '../workload/port.ts';
import type { RunPorts } from './ports.ts';
import { type SessionView, sessionView } from './session-view.ts';

/** What stays the same from the first stage to the last. */
export interface Begun {
  readonly ports: RunPorts;
  readonly spec: ProcessSpec;
  /** From {@link Opened} on compiled for the columns that the query really returns. */
  readonly plan: CompiledPlan;
  /** Name of the branch, and of the session's view. */
  readonly branch: string;
  /** Files of this session alone. */
  readonly directory: string;
  /** True when the steps run as separate commands. */
  readonly stepwise: boolean;
  /** False for a look: it may create nothing that stays. */
  readonly writes: boolean;
  /**
   * An adoption publishes no rows. `from`: the name whose progress it takes over, since the process was
   * renamed.
   */
  readonly adoption: { readonly from: string | undefined } | undefined;
  /** How long its stages took so far; absent of one that goes step by step. */
  readonly stageSeconds?: (() => StageSeconds) | undefined;
  /** The tables as DuckDB sees them for this session. */
  readonly view: SessionView;
  readonly leftovers: Leftovers;
}

/** What a session has left behind it so far, for whoever ends it. */
export interface Leftovers {
  /** True when a branch of that name was there before this session: it is not its own to drop. */
  branchOfAnother: boolean;
  /** True when files were written for a commit that another one overtook: they are looked for at the end. */
  lostRaces: boolean;
  /** A schema with new columns, added to the target and not its current one. */
  schemaId: number | undefined;
  /** Files of the engine's own tables, written ahead. */
  stateRows: StateWriter | undefined;
}

/** Sources and target are pinned and can be read; nothing is staged. */
export interface Opened extends Begun {
  /** The snapshot of `main` that the session is staged on; undefined for an adopted target without one. */
  readonly base: Snapshot | undefined;
  /**
   * The schema that the session works under and publishes, with columns that the table's own (`from`) does
   * not have; undefined for that one.
   */
  readonly schema: { readonly id: number; readonly from: number } | undefined;
  /** What is shown of a source where that is not its whole snapshot, by alias. */
  readonly shown: ReadonlyMap<string, ReadableView>;
  /** What a dimension reads as `previous`; undefined for other patterns, and on an empty target. */
  readonly previous: Snapshot | undefined;
  /** There where its rows were written while the session before it was at work. */
  readonly ahead?: RowsAhead;
}

/** Rows in files that are in no snapshot yet. */
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
   * The snapshots with rows that were put on the branch, as they were committed. Its history is not asked for
   * them: an expiry by somebody else leaves a branch only its head, and what the others added would count as
   * old, or be lost.
   */
  readonly stagedIds: readonly SnapshotId[];
  /** Those among them that hold what the query returned; the others hold rows that were carried over. */
  readonly insertIds: readonly SnapshotId[];
  /**
   * What the writer counted of the rows that the query returned; undefined where there are none, where it
   * does not tell, and where another process wrote them.
   */
  readonly written: WriterCounts | undefined;
  /** Rows that were carried over. */
  readonly carriedRows: bigint;
  /**
   * Of a process that runs hour by hour: the rows that it computed, and the hours that came out otherwise
   * than the target had them; undefined where nobody compared. `plan` is by now that of the computed hours.
   */
  readonly computed: { readonly rows: bigint; readonly differing: readonly Hour[] | undefined };
  /** That of a session which has begun to write it beside the load. */
  readonly state: StateWriter | undefined;
}

/** The snapshot to publish is written. */
export interface Composed extends Staged {
  readonly composed: ComposedSnapshot;
  readonly state: StateWriter;
}

/** Its rows are counted, and its audits are run. */
export interface Audited extends Composed {
  /** Whether the staged rows are shown: not before a statement asks for them. */
  readonly stagedIsShown: boolean;
  readonly rowsRead: bigint;
  /** What was read of the sources, by alias. */
  readonly filesRead: ReadonlyMap<string, readonly CountedRow[]>;
  readonly rowsWritten: bigint;
  readonly audits: readonly AuditResult[];
  /** Rows of audits that failed, not written yet. */
  readonly failures: readonly StateRow[];
}

/** `main` is the session's snapshot, or one that the same session published from another process. */
export interface Published extends Audited {
  readonly publishedSnapshotId: SnapshotId | undefined;
  /** Files that nothing refers to since: they go when the session is closed. */
  readonly obsolete: {
    /** Manifest lists of what was staged. */
    readonly lists: readonly string[];
    /** Of the engine's own tables. */
    readonly stateFiles: readonly string[];
  };
}

/** Writes the engine's own tables; the values that it is given say what. */
export interface StateWriter {
  /** Begins to write watermarks and signal, beside other work: the plan alone says what they are. */
  beginProgress(targetTableUuid: string): void;
  /** Begins to write the session's record, beside other work. The rows are counted by then. */
  beginSession(counted: Audited): void;
  /**
   * The changes on the tables as they are now; undefined when a commit of them without an answer was made
   * after all.
   */
  changes(audited: Audited): Promise<StateChange[] | undefined>;
  /** To be called when the commit of the changes got no answer. */
  unanswered(): void;
  /** Commits them one by one, after the target was published: for catalogs without multi-table commits. */
  writeApart(audited: Audited): Promise<void>;
  /** Deletes what was written for nothing. */
  discard(): Promise<void>;
}

/** Manifests of a base, and what replaces them there. */
export interface TakenOff {
  readonly affected: readonly ManifestToRewrite[];
  readonly rewritten: readonly RewrittenManifest[];
}
/** The files of a session's hours in another snapshot than its base. */
export interface FilesOfHours {
  readonly files: readonly FileInHours[];
  /** Manifests without them, when those of the session's own base serve. */
  readonly takenOff: TakenOff | undefined;
}
/**
 * The base without the files of the replaced hours: manifests that are written already, and become a snapshot
 * with the first commit on the branch.
 */
export interface ClearedBase extends TakenOff {
  /** The files that are taken off. */
  readonly files: readonly FileInHours[];
  /** A view of those among them that hold other rows as well; undefined where there are none. */
  readonly straddling: Snapshot | undefined;
}

/** A live file of the target with rows of the replaced hours. */
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

/** What its workload has to know of it. */
export const workOf = ({ plan, spec, ports }: Begun): Work => ({ plan, spec, root: ports.project.root });

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
    /** True: its branch is nobody else's to see, see `holdsBranch` of a session's tables. */
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

/** That session with nothing pinned. */
export const unopened = (session: Begun): Opened => ({
  ...session,
  base: undefined,
  schema: undefined,
  shown: new Map(),
  previous: undefined,
});

/** That session with nothing on its branch. */
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

/** That session with nothing counted. */
export const unaudited = (composed: Composed): Audited => ({
  ...composed,
  stagedIsShown: false,
  rowsRead: 0n,
  filesRead: new Map(),
  rowsWritten: 0n,
  audits: [],
  failures: [],
});

/** Whether the SQL of the process or of its audits may compare times with `infinity`. */
export const asksForInfinity = ({ spec }: Pick<Begun, 'spec'>): boolean =>
  [
    spec.sql,
    JSON.stringify([spec.audits, spec.variables]),
    ...(spec.macros ?? []).map(({ definition }) => definition),
  ].some((sql) => /infinity/i.test(sql));
