/**
 * A session as it was opened: pinned heads, what changed since the watermarks, and how far each source is
 * complete. Made by `src/session`, read by `src/plan`; frozen, so planning needs no I/O and no clock.
 */
import type { FileLayout } from './file-layout.ts';
import type { FilesToRead } from './files-source.ts';
import type { Hour } from './hour.ts';
import type { HoursMade, ProcessSql, SqlChanged } from './hours-made.ts';
import type { OnLookupChange, ProcessSpec, SourceSpec } from './process-spec.ts';
import type { RestateRequest } from './restate.ts';

/**
 * A place in a table's history. Ids and sequence numbers decide; `committedAtMs` is only shown, because
 * clocks may be wrong.
 */
export interface SourcePosition {
  readonly tableUuid: string;
  readonly snapshotId: bigint;
  readonly sequenceNumber: bigint;
  readonly committedAtMs: number;
}

/** How far a process has consumed a source. */
export interface Watermark extends SourcePosition {
  readonly table: string;
  /**
   * Changed hours that still have to be loaded: they were above the least VTTS, or below the catch-up limit.
   */
  readonly owedHours: readonly Hour[];
  /**
   * The newest hour in which the source had rows when the watermark was written; undefined if that was
   * unknown.
   */
  readonly newestHour?: Hour;
  /** Live rows of the source at that snapshot. After an expiry they tell whether rows were removed since. */
  readonly totalRecords?: bigint;
  /**
   * Rows that this snapshot itself added. While as many are live at its sequence number it was not rolled
   * back.
   */
  readonly addedRecords?: bigint;
  /** Field id of the event-time column by which its hours were counted. */
  readonly eventTimeId?: number;
  /** Field id of the column that was the key of its window, if it had one. */
  readonly windowKeyId?: number;
  /** The table's schema at that time: says which columns the names meant. */
  readonly schemaId?: number;
  /** Only for a lookup. With `restate` every hour of the target was made with this state of the lookup. */
  readonly onChange?: OnLookupChange;
}

/** One snapshot between watermark and head. */
export interface SnapshotChange {
  readonly snapshotId: bigint;
  readonly operation: string;
  readonly committedAtMs: number;
  /** False if the snapshot changed nothing for the process (such as `replace`); `reason` then says why. */
  readonly counted: boolean;
  readonly reason?: string;
  readonly addedFiles: number;
  readonly removedFiles: number;
  readonly addedRows: bigint;
  readonly removedRows: bigint;
}

/**
 * Where the event-time hours of a file come from: manifest bounds, its partition tuple, or one column of the
 * file itself.
 */
export type BoundsFrom = 'manifest' | 'partition' | 'scan';

/** A partition as processing URIs write it: field name -> value; hours and days as ISO texts. */
export type ProcessingUri = Readonly<Record<string, string | number | boolean | null>>;

/** A data file that a counted snapshot added or removed, or a delete file. */
export interface ChangedFile {
  readonly path: string;
  readonly snapshotId: bigint;
  /**
   * `deletes`: a delete file, with the hours of the rows that it deletes (or no longer deletes) in files that
   * were there at the watermark.
   */
  readonly status: 'added' | 'removed' | 'deletes';
  readonly rows: bigint;
  readonly bytes: bigint;
  readonly partition: ProcessingUri;
  /** Undefined when the source has no event-time column, or every event time of the file is null. */
  readonly firstHour?: Hour;
  readonly lastHour?: Hour;
  readonly boundsFrom?: BoundsFrom;
  /**
   * The hours with rows beyond the tolerance for the future. `lastHour` is then the last hour within it.
   */
  readonly futureHours?: readonly Hour[];
  /** How many rows those are. */
  readonly futureRows?: bigint;
  readonly nullEventTimes: bigint;
  /**
   * The hours between `firstHour` and `lastHour` in which rows differ, if rows were compared (or read,
   * because the bounds are years apart). Undefined: rows may differ in all of them.
   */
  readonly differingHours?: readonly Hour[];
}

/**
 * What a process can do with a change. `hours`: compute the hours again in which rows differ. `new-rows`:
 * only append the rows of new files, so any change of other rows is refused. `added-rows`: the same, but
 * other changes are ignored.
 */
export type ChangesNeeded = 'hours' | 'new-rows' | 'added-rows';

/**
 * How changes were found. `files`: the files of a folder were compared with the ledger of those already read.
 */
export type DetectedBy = 'first-load' | 'snapshots' | 'rewound' | 'live-files' | 'files';

/** The result of looking for the keys of changed rows. */
export interface KeyMatch {
  /** The hours of the target that change; undefined: all that the window reaches, and `fallback` says why. */
  readonly hours?: readonly Hour[];
  readonly fallback?: string;
  /** How many keys the changed rows have, as far as they were counted. */
  readonly keys: number;
  /** Files and bytes read to find the keys and their hours. */
  readonly files: number;
  readonly bytes: bigint;
  /** How many hours the window reaches, which were searched. */
  readonly candidateHours: number;
  /** How many of these change. */
  readonly matchedHours: number;
}

/** A column as DuckDB's SQL sees it. */
export interface SeenColumn {
  readonly name: string;
  readonly type: string;
}

/** The hours of the target that must be computed again because a lookup changed, and how they were found. */
export interface Restated extends KeyMatch {
  readonly hours: readonly Hour[];
}

/** One source of a session. */
export interface SourceState {
  readonly spec: SourceSpec;
  /** Undefined if the table does not exist, or has a type that DuckDB lacks. */
  readonly columns?: readonly SeenColumn[];
  /** True when the table does not exist yet, but another process of the project will create it. */
  readonly awaited: boolean;
  readonly watermark?: Watermark;
  /**
   * Without a watermark: the snapshot after which the process begins to read; undefined: it reads all rows.
   */
  readonly start?: SourcePosition;
  /** The snapshot that the process's tag on the source protects from expiry. */
  readonly protectedSnapshotId?: bigint;
  /** Undefined while the source has no snapshot. */
  readonly head?: SourcePosition;
  readonly detectedBy: DetectedBy;
  readonly changes: readonly SnapshotChange[];
  readonly files: readonly ChangedFile[];
  /**
   * How the added files can be listed: by the manifests of the new snapshots, or only one by one (after a
   * merge or an expiry).
   */
  readonly listedBy: 'manifests' | 'files';
  /** The manifest lists that contain the added files. */
  readonly manifestLists: readonly string[];
  /**
   * Keys (`deleteKey`) of delete files since the watermark that apply to added files: their rows came and
   * went.
   */
  readonly deleteFiles?: readonly string[];
  /** The newest hour in which the source has rows, over all its history. */
  readonly newestHour?: Hour;
  /**
   * The hours after `newestHour` (or of its day, for dates) that hold rows, if all live files were looked
   * at. Undefined: every owed or set-aside hour may hold some.
   */
  readonly laterHours?: readonly Hour[];
  /** The hour up to which the source is complete; undefined if that is unknown. */
  readonly vttsHour?: Hour;
  /** Live rows of the source at its head, and those that the head itself added. */
  readonly totalRecords?: bigint;
  readonly addedRecords?: bigint;
  /** Field id of the event-time column. */
  readonly eventTimeId?: number;
  /** Field id of the key of its window. */
  readonly windowKeyId?: number;
  /** The table's current schema. */
  readonly schemaId?: number;
  /** Type of the event time, as Iceberg names it. */
  readonly eventTimeType?: string;
  /** Unit in which the event time is stored: us, ns, ms, s or day. */
  readonly eventTimeUnit?: string;
  /** Only for a changed source whose window has a key. */
  readonly matched?: KeyMatch;
  /** Only for a folder of files. */
  readonly toRead?: FilesToRead;
  /** Only for a changed lookup with `on_change: restate`. */
  readonly restated?: Restated;
}

/** The target of a session. */
export interface TargetState {
  readonly exists: boolean;
  /** Undefined if it does not exist, or has a type that DuckDB lacks. */
  readonly columns?: readonly SeenColumn[];
  readonly tableUuid?: string;
  /** The snapshot of `main` that the session builds on; undefined if the target is empty. */
  readonly baseSnapshotId?: bigint;
  /** The last hour that the process has computed; undefined before its first session. */
  readonly completeToHour?: Hour;
  /** Hours to come in which an adopted target has rows; undefined where none has to be remembered. */
  readonly heldHours?: readonly Hour[];
  /** The hour up to which completeness was announced, if that is not `completeToHour`; null: none was. */
  readonly announcedToHour?: Hour | null;
  /** The process's session that published last. */
  readonly previousSessionId?: string;
  /** Which SQL made its hours; undefined if no session has recorded that. */
  readonly hoursMade?: readonly HoursMade[];
  /** Iceberg format version; undefined when the target does not exist. */
  readonly formatVersion?: number;
  /** The target's event-time column; undefined when the process names none, or the target does not exist. */
  readonly eventTime?: { readonly fieldId: number; readonly type: string; readonly unit: string };
  /** Undefined if the target does not exist, or plain SQL cannot write its files. */
  readonly layout?: FileLayout;
}

export interface Session {
  readonly spec: ProcessSpec;
  readonly psybergSessionId: string;
  /** The clock, read once; every rule about time uses this value. */
  readonly openedAtMs: number;
  readonly sources: readonly SourceState[];
  readonly target: TargetState;
  /** The current SQL, with its text as it is kept; undefined if nobody asked whether it changed. */
  readonly sql?: ProcessSql & { readonly text: string };
  /** The hours that other SQL made; null if none are known, or nobody asked. */
  readonly sqlChanged?: SqlChanged | null;
  /** Only for a process that reads its own result, if it has hours to compute. */
  readonly begin?: SessionBegin;
  /** Only for a restate: hours that were loaded are computed again, instead of loading what changed. */
  readonly restate?: SessionRestate;
}

/** Where the hours of a process begin that computes each hour from the one before. */
export interface SessionBegin {
  /**
   * Set if the session would compute hours before the first one that a source row reaches: that first hour.
   * By the SQL over whole tables the earlier hours do not exist. Infinite if no source has a row.
   */
  readonly emptyBefore?: Hour;
  /**
   * Set if the session computes hours before the first one in which the target has rows: that first hour.
   * Nobody knows whether the earlier ones were ever computed. Infinite if the target has no row.
   */
  readonly storedFrom?: Hour;
  /**
   * Hours that the session does not reach back to, and that began or ceased to exist because the first row
   * came earlier or went. No source reports them as changed. Ascending.
   */
  readonly leftBehind?: readonly Hour[];
}

/** A session that computes hours again. */
export interface SessionRestate extends Pick<RestateRequest, 'reason'> {
  /**
   * The hours of the target that are computed again, whatever changed; ascending. Undefined for a process
   * below a restated one, which loads what changed as any session does.
   */
  readonly hours: readonly Hour[] | undefined;
  /** True for all hours that there are, whatever the target has. */
  readonly isAll?: boolean;
}
