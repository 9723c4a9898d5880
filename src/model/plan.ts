/**
 * A plan: what a session will do, and why. Plain JSON as programs may rely on it (snake_case, 64-bit
 * numbers and times as text), so the same value is printed, stored, sent to another process and executed.
 */
import type { EngineName } from './engines.ts';
import type { FileLayout } from './file-layout.ts';
import type { FileColumns } from './files-source.ts';
import { type Grain, lastOfWholeUnits, type WithGrain } from './grain.ts';
import { hourText, parseHour } from './hour.ts';
import type { HoursMadeJson } from './hours-made.ts';
import type { OnLookupChange, Pattern } from './process-spec.ts';
import type { Trigger } from './restate.ts';
import type { BoundsFrom, ChangedFile, DetectedBy, ProcessingUri } from './session.ts';
import type { Step, StepValue } from './step.ts';

export type { Step, StepStage, StepValue } from './step.ts';

/** What a session finds for itself. */
export type SessionStatus = 'work' | 'nothing-new' | 'waiting';
/**
 * `follows`: no work of its own yet; a process of the same plan that writes one of its sources, or is further
 * up, has some.
 */
export type PlanStatus = SessionStatus | 'follows';

export interface PlanPosition {
  readonly table_uuid: string;
  readonly snapshot_id: string;
  readonly sequence_number: string;
  readonly committed_at: string;
}
export interface PlanChange {
  readonly snapshot_id: string;
  readonly operation: string;
  readonly committed_at: string;
  readonly counted: boolean;
  readonly reason: string | null;
  readonly added_files: number;
  readonly removed_files: number;
  readonly added_rows: string;
  readonly removed_rows: string;
}
export type PlanRead =
  /**
   * The files that these snapshots added, by their manifests. `files` lists them one by one where a manifest
   * holds more than they added, and `delete_files` the delete files that apply to them: a path, or
   * path:offset of a deletion vector.
   */
  | {
      readonly kind: 'changes';
      readonly snapshot_ids: readonly string[];
      readonly manifest_lists: readonly string[];
      readonly files: readonly string[] | null;
      readonly delete_files?: readonly string[];
    }
  | { readonly kind: 'snapshot'; readonly snapshot_id: string }
  /**
   * Files of a folder, each once. `relation`: the temporary table that holds their rows; `shape`: where no
   * file is new, one that says which columns there are; `session`: the watermark that the session sets;
   * `undone`: the ledger holds rows of sessions that a rollback took away, which give way.
   */
  | {
      readonly kind: 'files';
      readonly relation: string;
      readonly files: readonly PlanFile[];
      readonly columns: FileColumns;
      readonly shape: string | null;
      readonly session: string;
      readonly undone: boolean;
      /** Whether the rows have their file as `filename`. */
      readonly with_filename: boolean;
    }
  /** The source is empty or does not exist yet. */
  | { readonly kind: 'nothing' };
/** A file of a folder, as the ledger will have it. */
export interface PlanFile {
  readonly path: string;
  readonly bytes: string;
  readonly modified_at: string;
  readonly etag: string | null;
  readonly rows: string;
}
/** On which rows of a source an hour of the target depends: both ends included. */
export interface PlanWindow {
  readonly before_hours: number;
  readonly after_hours: number;
  readonly key: string | null;
}
/** Of the hours that a window reaches, those with rows of the keys that changed. */
export interface PlanWindowKeys {
  /** How many different keys the changed rows have, as far as they were counted. */
  readonly keys: number;
  /** The hours that were looked through, and how many of them change. */
  readonly candidate_hours: number;
  readonly hours: number;
  /** Why all of them change, although there is a key; else null. */
  readonly all_hours_because: string | null;
  /** The data files of which two columns were read, and their size. */
  readonly files: number;
  readonly bytes: string;
}
/** What became of a lookup since the last session that used it. */
export interface PlanLookupChange {
  /** Commit time of the snapshot that session read; its id is that of `watermark`. */
  readonly since: string;
  /** Snapshots that may have changed rows; null where history does not tell. */
  readonly snapshots: number | null;
}
export interface PlanSource {
  readonly table: string;
  readonly alias: string;
  /** The glob of a folder of files; absent of a table. */
  readonly files_glob?: string;
  /** There for a lookup alone: it is read whole, at `head`. */
  readonly lookup?: true;
  readonly on_change?: OnLookupChange;
  /** Only of a lookup: null where it did not change, or no session has used it so far. */
  readonly lookup_change?: PlanLookupChange | null;
  /**
   * Only of a lookup with `on_change: restate` that changed: the hours of the target that are computed again.
   */
  readonly restated?: PlanWindowKeys;
  readonly event_time: string | null;
  /** The column's Iceberg type, and the unit in which it is stored. */
  readonly event_time_type: string | null;
  readonly event_time_unit: string | null;
  /** Null: an hour of the target depends on the same hour of the source alone. */
  readonly window: PlanWindow | null;
  readonly watermark: PlanPosition | null;
  /**
   * Where the process begins with the source, as its `start` says; null with a watermark, and when it begins
   * with all rows.
   */
  readonly start: PlanPosition | null;
  /**
   * Whether a tag on the source is to keep the watermark's snapshot from being expired, and which snapshot it
   * keeps now.
   */
  readonly protect: boolean;
  readonly protected_snapshot_id: string | null;
  readonly head: PlanPosition | null;
  readonly detected_by: DetectedBy;
  readonly changes: readonly PlanChange[];
  readonly processing_uris: readonly ProcessingUri[];
  readonly processing_uri_causes: readonly PlanUriCauses[];
  readonly first_hour: string | null;
  readonly last_hour: string | null;
  readonly vtts_hour: string | null;
  /** The newest hour in which the source has rows; kept with the watermark. */
  readonly newest_hour: string | null;
  readonly bounds_from: BoundsFrom | null;
  readonly rows: string;
  readonly files: number;
  readonly bytes: string;
  /** Rows whose event time is null: they belong to no hour. */
  readonly null_event_times: string;
  /**
   * New rows whose event time lies beyond the tolerance for the future, and their hours: owed until their
   * time has come (a stateless load takes them).
   */
  readonly future_rows: string;
  readonly future_hours: readonly string[];
  /**
   * How the session reads this source: exactly the files of these snapshots, or the whole table pinned at its
   * head.
   */
  readonly read: PlanRead;
  /** Live rows at the head, as its summary says; kept with the watermark. */
  readonly total_records: string | null;
  /** Rows that the head itself added. */
  readonly added_records?: string;
  /** Field id of the event-time column; kept with the watermark. */
  readonly event_time_id?: number;
  /** Field id of the key of its window, and the schema by which it is read; kept with the watermark. */
  readonly window_key_id?: number;
  readonly schema_id?: number;
  /** What the key of its window found; absent where nothing was looked for. */
  readonly window_keys?: PlanWindowKeys;
  /** Changed hours of this source that a later session pays. */
  readonly owed_hours: readonly string[];
}
export interface PlanCause {
  readonly source: string;
  readonly snapshot_id: string;
  /** What the snapshot did; null when it is not among the source's changes. */
  readonly operation: string | null;
  readonly file: string;
  /** What became of the file; `lookup`: it lists the files of a lookup that changed. */
  readonly change: ChangedFile['status'] | 'lookup';
  /**
   * An hour of the file, through the window of whose source the hour changes; absent where it is the same
   * hour.
   */
  readonly changed_hour?: string;
}
/** A processing URI with what made it necessary. */
export interface PlanUriCauses {
  readonly uri: ProcessingUri;
  /** Not all of them where there are many; `cause_count` is how many there are. */
  readonly causes: readonly PlanCause[];
  readonly cause_count: number;
}
export interface PlanHour {
  readonly hour: string;
  /** Not all of them where there are many; `cause_count` is how many there are. */
  readonly causes: readonly PlanCause[];
  readonly cause_count: number;
  /** The sources that left the hour owed in an earlier session. */
  readonly owed_by: readonly string[];
  /**
   * `changed`: a file touches it, or reaches it through a window · `owed`: left over from an earlier session
   * · `reached`: complete now, and rows that were loaded before reach it through a window · `restated`: a
   * lookup changed, and nothing else, or somebody asked for it · `contiguous`: it lies between such hours.
   */
  readonly reason: 'changed' | 'owed' | 'reached' | 'restated' | 'contiguous';
  /**
   * Nothing that the hour is computed from changed but, perhaps, the state of the hour before: where that
   * comes out as the target has it, the hour stays as it is. Absent where the hour is computed in any case.
   */
  readonly unchanged?: true;
  /** No row of a source reaches it, or an hour before it: what the target has of it is taken off. */
  readonly empty?: true;
}
export interface PlanTarget {
  readonly table: string;
  readonly operation: 'append' | 'overwrite';
  readonly table_uuid: string | null;
  readonly base_snapshot_id: string | null;
  readonly exists: boolean;
  /** Who published the process's newest snapshot: another one at publish means that it was overtaken. */
  readonly previous_session_id: string | null;
  readonly complete_to_hour: string | null;
  /** Up to which hour it was announced, where the newest hours were loaded first; null: to none. */
  readonly announced_to_hour?: string | null;
  /** Iceberg format version that the session writes: a version 1 table becomes one of version 2. */
  readonly format_version: number;
  /** The target's event-time column: its field id, Iceberg type and stored unit. */
  readonly event_time: { readonly field_id: number; readonly type: string; readonly unit: string } | null;
  /** How its files are written by plain COPY; null when DuckDB's Iceberg extension inserts instead. */
  readonly layout: FileLayout | null;
}

/** What the limits of the process's `catchup` leave owed, of hours that are complete. */
export interface PlanCatchup {
  readonly order: 'oldest' | 'newest';
  /** How many hours this session loads. */
  readonly session_hours: number;
  /** How many hours later sessions are to load, since this one takes no more. */
  readonly later_hours: number;
  /** The first hour that a session computes again; null where it reaches as far back as something changed. */
  readonly reaches_back_to: string | null;
  /** Changed hours before it, which `psyberg restate` loads. */
  readonly beyond_hours: readonly string[];
  /** Rows that the sources have in these hours; undefined where they were not counted. */
  readonly beyond_rows?: string;
  /** False where files hold rows of other hours as well: `beyond_rows` are then at most so many. */
  readonly beyond_rows_exact?: boolean;
}

/** Something that is done as it is told, and may not be meant so. */
export interface PlanWarning {
  readonly code: 'hours-of-session' | 'join-without-window' | 'wide-window';
  readonly message: string;
  /** What to do, to be pasted. */
  readonly hint: string;
}

/** Hours that other SQL has made than that of now. */
export interface PlanSqlChanged {
  /** The last session that ran with other SQL. */
  readonly since_session_id: string;
  /** Hour starts; none where they are not known. */
  readonly hours: readonly string[];
}
/** By which SQL a session makes its rows. */
export interface PlanSql {
  readonly fingerprint: string;
  readonly text_sha256: string;
  /** To be kept with the session; null where a session before it has kept the same. */
  readonly text: string | null;
  /** By which SQL the hours of the target were made before. */
  readonly hours_made: readonly HoursMadeJson[];
}

export interface Plan {
  readonly plan_version: 1;
  readonly process_name: string;
  readonly psyberg_session_id: string;
  readonly pattern: Pattern;
  readonly etl_pattern_id: 1 | 2;
  /** What works on the rows; absent: DuckDB. */
  readonly engine?: EngineName;
  readonly status: PlanStatus;
  /** Absent in a plan that was saved by an earlier release: `changes`. */
  readonly trigger?: Trigger;
  /** Why somebody asked for it; only of a restate. */
  readonly reason?: string;
  /** There when all hours are restated: of a process that appends all rows, whatever hour they lie in now. */
  readonly restates_all?: true;
  readonly sources: readonly PlanSource[];
  /**
   * There of a process of days: `hours` and `owed_hours` name the first hour of each day, and the range ends
   * with the last hour of its last one. Those of the sources are hours all the same.
   */
  readonly grain?: Grain;
  /** Null when stateless, unless hours are restated. */
  readonly range: { readonly first_hour: string; readonly last_hour: string } | null;
  readonly hours: readonly PlanHour[];
  readonly owed_hours: readonly string[];
  /**
   * The processes of the same plan with work whose rows this one reads, itself or through others; undefined
   * where a process was planned alone.
   */
  readonly follows?: readonly string[];
  /**
   * Hours that the session may load once those have published, its own included: an estimate from above.
   * Empty where nothing is followed.
   */
  readonly expected_hours?: readonly string[];
  /** Why the hours cannot be told, or not all of them; null where they can. */
  readonly expected_unknown_because?: string | null;
  /** The source whose VTTS keeps hours back; null when none does. */
  readonly held_back_by: string | null;
  /** Only where the process limits how it catches up. */
  readonly catchup?: PlanCatchup;
  readonly target: PlanTarget;
  readonly warnings: readonly PlanWarning[];
  /** Null where no hour is known that other SQL has made than that of now. */
  readonly sql_changed?: PlanSqlChanged | null;
  /** Only of a plan with work; one that was saved by an earlier release has none. */
  readonly sql?: PlanSql;
  /** The session's clock when it was planned, UTC; undefined where nobody asks for it. */
  readonly opened_at?: string;
  /**
   * The values of the project's variables that the process and its audits name; undefined where they name
   * none.
   */
  readonly variables?: Readonly<Record<string, StepValue>>;
  /** SHA-256 of the process's SQL, so that `run --plan` can tell whether it changed since. */
  readonly process_sha256: string;
}

/** The process's query as a session runs it: the rows of its sources, then the query of its file. */
export interface PlanQuery {
  readonly sql: string;
  readonly parameters: Readonly<Record<string, StepValue>>;
  /** How often it runs: of a dimension once an hour, and the SQL is that of the first one. */
  readonly runs: number;
}

/** Rows, files and bytes of the files that hold them: what is read at most. */
interface ReadCounts {
  readonly rows: string;
  readonly files: number;
  readonly bytes: string;
}
/** What a session would read that always goes back so many hours from the newest one, included. */
export interface PlanLookback extends ReadCounts {
  readonly lookback_hours: number;
  readonly first_hour: string;
  readonly last_hour: string;
  /** Hours that the plan computes because something changed, and that lie before its first one. */
  readonly missed_hours: number;
  /** New rows in files that hold only rows of hours before its first one. */
  readonly missed_rows: string;
}
/** What a session reads of its sources. */
export interface PlanReads extends ReadCounts {
  readonly lookbacks: readonly PlanLookback[];
}

export interface CompiledPlan extends Plan {
  readonly steps: readonly Step[];
  /** Only of a plan with work; a plan that was saved by an earlier release has none. */
  readonly query?: PlanQuery;
  /** Only where it was asked for. */
  readonly reads?: PlanReads;
}

/**
 * The hour up to which the target is complete once this plan is published, UTC text of its start: announced
 * to the processes downstream. Undefined while a source is complete to no hour.
 */
export function completeToHour(
  plan: Pick<Plan, 'sources' | 'range' | 'target' | 'etl_pattern_id'> & WithGrain,
): string | undefined {
  const vtts = plan.sources
    .filter(({ lookup }) => lookup !== true)
    .map(({ vtts_hour: hour, window }) =>
      hour === null ? null : hourText(parseHour(hour) - (window?.after_hours ?? 0)),
    );
  const [least] = vtts.some((hour) => hour === null) ? [] : (vtts as string[]).toSorted();
  const whole = least === undefined ? undefined : hourText(lastOfWholeUnits(plan, parseHour(least)));
  // A stateless process whose hours are restated has rows in them: how far it is complete its sources say.
  const reached = plan.range === null || plan.etl_pattern_id === 1 ? whole : plan.range.last_hour;
  const before = plan.target.complete_to_hour ?? undefined;
  if (reached === undefined) return before;
  return before === undefined || reached > before ? reached : before;
}
