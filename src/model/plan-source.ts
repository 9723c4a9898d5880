/**
 * Defines what a plan says about one source: what changed, which hours and partitions that touches, and how
 * the session reads it. Plain JSON like the rest of the plan (`plan.ts`).
 */
import type { FileColumns } from './files-source.ts';
import type { OnLookupChange } from './process-spec.ts';
import type { BoundsFrom, ChangedFile, DetectedBy, ProcessingUri } from './session.ts';

/** A place in a table's history; ids and sequence numbers as decimal text. */
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
   * The files that these snapshots added, by their manifests. `files` lists them one by one if a manifest
   * contains more than they added, and `delete_files` the delete files that apply to them: a path, or
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
   * Files of a folder, each read once. `relation`: the temporary table that holds their rows; `shape`: a file
   * that tells the columns if no file is new; `session`: the watermark that the session sets; `undone`: the
   * ledger has rows of sessions that a rollback undid, which are replaced.
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
/** A file of a folder, in the form of the ledger. */
export interface PlanFile {
  readonly path: string;
  readonly bytes: string;
  readonly modified_at: string;
  readonly etag: string | null;
  readonly rows: string;
}
/** Which rows of a source an hour of the target depends on: both ends included. */
export interface PlanWindow {
  readonly before_hours: number;
  readonly after_hours: number;
  readonly key: string | null;
}
/** Those of the hours reached by a window that have rows with the keys that changed. */
export interface PlanWindowKeys {
  /** How many different keys the changed rows have, as far as they were counted. */
  readonly keys: number;
  /** How many hours were searched, and how many of them change. */
  readonly candidate_hours: number;
  readonly hours: number;
  /** Why all of them change although there is a key; otherwise null. */
  readonly all_hours_because: string | null;
  /** The data files from which two columns were read, and their size. */
  readonly files: number;
  readonly bytes: string;
}
/** How a lookup changed since the last session that used it. */
export interface PlanLookupChange {
  /** Commit time of the snapshot that this session read; its id is that of `watermark`. */
  readonly since: string;
  /** Snapshots that may have changed rows; null if history does not tell. */
  readonly snapshots: number | null;
}
export interface PlanSource {
  readonly table: string;
  readonly alias: string;
  /** The glob of a folder of files; absent for a table. */
  readonly files_glob?: string;
  /** Only for a lookup: it is read whole, at `head`. */
  readonly lookup?: true;
  readonly on_change?: OnLookupChange;
  /** Only for a lookup: null if it did not change, or no session has used it yet. */
  readonly lookup_change?: PlanLookupChange | null;
  /** Only for a changed lookup with `on_change: restate`: the hours of the target that are computed again. */
  readonly restated?: PlanWindowKeys;
  /** Names of its columns that hold floating-point numbers; absent where there are none. */
  readonly float_columns?: readonly string[];
  readonly event_time: string | null;
  /** The column's Iceberg type, and the unit in which it is stored. */
  readonly event_time_type: string | null;
  readonly event_time_unit: string | null;
  /** Null: an hour of the target depends only on the same hour of the source. */
  readonly window: PlanWindow | null;
  readonly watermark: PlanPosition | null;
  /**
   * Where the process begins with the source, according to its `start`; null if there is a watermark, or if
   * it begins with all rows.
   */
  readonly start: PlanPosition | null;
  /**
   * Whether a tag on the source should keep the watermark's snapshot from being expired, and which snapshot
   * it keeps now.
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
  /** The newest hour in which the source has rows; stored with the watermark. */
  readonly newest_hour: string | null;
  readonly bounds_from: BoundsFrom | null;
  readonly rows: string;
  readonly files: number;
  readonly bytes: string;
  /** Rows whose event time is null: they belong to no hour. */
  readonly null_event_times: string;
  /**
   * New rows whose event time is beyond the tolerance for the future, and their hours: owed until their time
   * has come (a stateless load takes them).
   */
  readonly future_rows: string;
  readonly future_hours: readonly string[];
  /**
   * How the session reads this source: exactly the files of these snapshots, or the whole table pinned at its
   * head.
   */
  readonly read: PlanRead;
  /** Live rows at the head, according to its summary; stored with the watermark. */
  readonly total_records: string | null;
  /** Rows that the head itself added. */
  readonly added_records?: string;
  /** Field id of the event-time column; stored with the watermark. */
  readonly event_time_id?: number;
  /** Field id of the key of its window, and the schema with which it is read; stored with the watermark. */
  readonly window_key_id?: number;
  readonly schema_id?: number;
  /** What the search for the keys of its window found; absent if nothing was searched. */
  readonly window_keys?: PlanWindowKeys;
  /** Changed hours of this source that a later session loads. */
  readonly owed_hours: readonly string[];
}
export interface PlanCause {
  readonly source: string;
  readonly snapshot_id: string;
  /** What the snapshot did; null if it is not among the source's changes. */
  readonly operation: string | null;
  readonly file: string;
  /** What happened to the file; `lookup`: it lists the files of a changed lookup. */
  readonly change: ChangedFile['status'] | 'lookup';
  /**
   * The hour of the file because of which this hour changes, through the source's window; absent if it is the
   * same hour.
   */
  readonly changed_hour?: string;
}
/** A processing URI and why it is needed. */
export interface PlanUriCauses {
  readonly uri: ProcessingUri;
  /** Only some of them if there are many; `cause_count` says how many there are. */
  readonly causes: readonly PlanCause[];
  readonly cause_count: number;
}
