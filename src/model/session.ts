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
 * A place in a table's history. Ids and sequence numbers decide, `committedAtMs` is only shown: clocks may
 * lie.
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
   * Changed hours that were above the least VTTS (or below the catch-up limit) and are still to be loaded.
   */
  readonly owedHours: readonly Hour[];
  /**
   * The newest hour in which the source had rows when the watermark was written; undefined while that was
   * unknown.
   */
  readonly newestHour?: Hour;
  /** Live rows of the source at that snapshot: tells, after an expiry, whether rows were removed since. */
  readonly totalRecords?: bigint;
  /**
   * Rows that this snapshot itself added: while as many live at its sequence number, it was not rolled back.
   */
  readonly addedRecords?: bigint;
  /** Field id of the event-time column that its hours are of. */
  readonly eventTimeId?: number;
  /** Field id of the column that was the key of its window. */
  readonly windowKeyId?: number;
  /** The table's schema of then: which columns its names meant. */
  readonly schemaId?: number;
  /** Only of a lookup: with `restate` every hour of the target is made with this state of it. */
  readonly onChange?: OnLookupChange;
}

/** One snapshot between watermark and head. */
export interface SnapshotChange {
  readonly snapshotId: bigint;
  readonly operation: string;
  readonly committedAtMs: number;
  /** False when the snapshot brings no news (`replace`); `reason` then says why. */
  readonly counted: boolean;
  readonly reason?: string;
  readonly addedFiles: number;
  readonly removedFiles: number;
  readonly addedRows: bigint;
  readonly removedRows: bigint;
}

/**
 * Where a file's event-time hours were read: manifest bounds, its partition tuple, or one column of the file
 * itself.
 */
export type BoundsFrom = 'manifest' | 'partition' | 'scan';

/** A partition as processing URIs write it: field name -> value; hours and days as ISO texts. */
export type ProcessingUri = Readonly<Record<string, string | number | boolean | null>>;

/** A data file that a counted snapshot added or removed, or a delete file. */
export interface ChangedFile {
  readonly path: string;
  readonly snapshotId: bigint;
  /**
   * `deletes`: a delete file, with the hours of the rows that it took (or no longer takes) from files that
   * were there before.
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
   * The hours that hold rows beyond the tolerance for the future; `lastHour` is then the last hour within it.
   */
  readonly futureHours?: readonly Hour[];
  /** How many rows those are. */
  readonly futureRows?: bigint;
  readonly nullEventTimes: bigint;
  /**
   * The hours between `firstHour` and `lastHour` in which rows differ, where the rows themselves were
   * compared or (of bounds years apart) read; undefined: all of them may.
   */
  readonly differingHours?: readonly Hour[];
}

/**
 * What a process can do with a change. `hours`: compute the hours again in which rows differ. `new-rows`:
 * append the rows of new files, and nothing else, so whatever changed other rows is refused. `added-rows`:
 * the same, but asked to go on whatever else happened.
 */
export type ChangesNeeded = 'hours' | 'new-rows' | 'added-rows';

/** `files`: a folder, whose files are compared with the ledger of those that were read. */
export type DetectedBy = 'first-load' | 'snapshots' | 'rewound' | 'live-files' | 'files';

/** What looking for the keys of changed rows found. */
export interface KeyMatch {
  /** The hours of the target that change; undefined: all that the window reaches, and why. */
  readonly hours?: readonly Hour[];
  readonly fallback?: string;
  /** Keys of the changed rows, as far as they were counted. */
  readonly keys: number;
  /** What was read to find them, and to find their hours. */
  readonly files: number;
  readonly bytes: bigint;
  /** The hours that the window reaches and that were looked through. */
  readonly candidateHours: number;
  /** How many of them change. */
  readonly matchedHours: number;
}

/** A column as DuckDB's SQL sees it. */
export interface SeenColumn {
  readonly name: string;
  readonly type: string;
}

/** The hours of the target that a changed lookup has computed again, and how they were found. */
export interface Restated extends KeyMatch {
  readonly hours: readonly Hour[];
}

export interface SourceState {
  readonly spec: SourceSpec;
  /** Undefined while the table is not there, or where DuckDB lacks a type of it. */
  readonly columns?: readonly SeenColumn[];
  /** True when the table does not exist yet, but another process of the project will create it. */
  readonly awaited: boolean;
  readonly watermark?: Watermark;
  /** Where the process begins with the source, while there is no watermark; undefined: with all its rows. */
  readonly start?: SourcePosition;
  /** The snapshot that the process's tag on the source keeps from being expired. */
  readonly protectedSnapshotId?: bigint;
  /** Undefined while the source has no snapshot. */
  readonly head?: SourcePosition;
  readonly detectedBy: DetectedBy;
  readonly changes: readonly SnapshotChange[];
  readonly files: readonly ChangedFile[];
  /**
   * Where the added files are listed: by the manifests of the new snapshots, or (after a merge or an expiry)
   * only one by one.
   */
  readonly listedBy: 'manifests' | 'files';
  /** The manifest lists in which the added files are found. */
  readonly manifestLists: readonly string[];
  /**
   * Keys of the delete files (`deleteKey`) since the watermark that apply to added files: rows that came and
   * went.
   */
  readonly deleteFiles?: readonly string[];
  /** The newest hour in which the source has rows, over all its history. */
  readonly newestHour?: Hour;
  /**
   * The hours above it (or of its day, for dates) that hold rows, where all live files were looked at;
   * undefined: every hour that is owed or was set aside may.
   */
  readonly laterHours?: readonly Hour[];
  /** The hour up to which the source is complete; undefined while nothing is known. */
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
  /** Its type, as Iceberg names it. */
  readonly eventTimeType?: string;
  /** Unit in which the event time is stored: us, ns, ms, s or day. */
  readonly eventTimeUnit?: string;
  /** Only of a source whose window has a key, when it changed. */
  readonly matched?: KeyMatch;
  /** Only of a folder of files. */
  readonly toRead?: FilesToRead;
  /** Only of a lookup with `on_change: restate`, when it changed. */
  readonly restated?: Restated;
}

export interface TargetState {
  readonly exists: boolean;
  /** Undefined while it is not there, or where DuckDB lacks a type of it. */
  readonly columns?: readonly SeenColumn[];
  readonly tableUuid?: string;
  /** The snapshot of `main` on which the session builds; undefined while the target is empty. */
  readonly baseSnapshotId?: bigint;
  /** The last hour that the process has computed; undefined before its first session. */
  readonly completeToHour?: Hour;
  /** Up to which hour it was announced, where that is not `completeToHour`; null: to none. */
  readonly announcedToHour?: Hour | null;
  /** The session that published it. */
  readonly previousSessionId?: string;
  /** By which SQL its hours were made; undefined where no session has noted it. */
  readonly hoursMade?: readonly HoursMade[];
  /** Iceberg format version; undefined when the target does not exist. */
  readonly formatVersion?: number;
  /** The target's event-time column; undefined when the process names none, or the target does not exist. */
  readonly eventTime?: { readonly fieldId: number; readonly type: string; readonly unit: string };
  /** Undefined when the target does not exist, or when plain SQL cannot write its files. */
  readonly layout?: FileLayout;
}

export interface Session {
  readonly spec: ProcessSpec;
  readonly psybergSessionId: string;
  /** The clock, read once; every rule about time uses this value. */
  readonly openedAtMs: number;
  readonly sources: readonly SourceState[];
  readonly target: TargetState;
  /** The SQL of now, and its text as it is kept; undefined where nobody asked whether it changed. */
  readonly sql?: ProcessSql & { readonly text: string };
  /** The hours that other SQL has made; null where nothing is known of such, or nobody asked. */
  readonly sqlChanged?: SqlChanged | null;
  /** Only of a process that reads its own result, where it has hours to compute. */
  readonly begin?: SessionBegin;
  /** There when somebody asked for it: not what changed is loaded, but what was loaded is computed again. */
  readonly restate?: SessionRestate;
}

/** Where the hours begin of a process that computes each from the one before. */
export interface SessionBegin {
  /**
   * The first hour of the target that a row of a source reaches, where a session would compute earlier ones:
   * its SQL over whole tables has none of these. Infinite where no source has a row.
   */
  readonly emptyBefore?: Hour;
  /**
   * The first hour in which the target has rows, where a session computes earlier ones: whether these were
   * ever computed nobody knows. Infinite where it has none.
   */
  readonly storedFrom?: Hour;
  /**
   * Hours to which a session does not reach back, and that the process has begun, or has no more, since a row
   * before all others came, or the first rows went: no source brings them. Ascending.
   */
  readonly leftBehind?: readonly Hour[];
}

/** A session that computes hours again. */
export interface SessionRestate extends Pick<RestateRequest, 'reason'> {
  /**
   * Ascending: the hours of the target that are computed again, whatever changed; undefined of a process
   * below a restated one, which loads what changed as in any session.
   */
  readonly hours: readonly Hour[] | undefined;
  /** True for all hours that there are, whatever the target has. */
  readonly isAll?: boolean;
}
