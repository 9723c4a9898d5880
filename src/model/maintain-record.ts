/**
 * Defines what `maintain` is asked to do and what it did. Plain data; made by `src/maintain`, read by
 * `src/report`.
 */
import type { ErrorJson } from './errors.ts';

/**
 * In the order in which they run, so that the expiry can free at once what compaction and manifests leave
 * behind.
 */
export const MAINTAIN_TASKS = ['compact', 'manifests', 'expire', 'orphans'] as const;
export type MaintainTask = (typeof MAINTAIN_TASKS)[number];

export interface MaintainOptions {
  /** Default: all four. */
  readonly only?: readonly MaintainTask[];
  /** Only reports what it would do. */
  readonly dryRun?: boolean;
  /**
   * Age in ms from which snapshots expire. Default: the table's `history.expire.max-snapshot-age-ms`, or five
   * days. A branch's own limit takes precedence.
   */
  readonly olderThanMs?: number;
  /**
   * How many snapshots every branch keeps whatever their age. Default: the table's
   * `history.expire.min-snapshots-to-keep`, or 1.
   */
  readonly retainLast?: number;
  /**
   * Age in ms from which a file that no metadata reaches is an orphan. Default 24 hours; below one hour only
   * with `force`.
   */
  readonly orphanGraceMs?: number;
  /**
   * Bytes; default: the table's `write.target-file-size-bytes`, or 512 MiB. A file smaller than three
   * quarters of this is a small file.
   */
  readonly targetFileBytes?: number;
  /** How many small files a partition must have before they are merged; default 2. */
  readonly minInputFiles?: number;
  /** Also deletes metadata JSON files of a table that are not in its history. */
  readonly orphanMetadata?: boolean;
  /** Also deletes what dropped tables left in the warehouse. */
  readonly droppedTables?: boolean;
  readonly force?: boolean;
}

/** Files that are deleted (or would be), by kind, and their bytes on disk. */
export interface FreedFiles {
  readonly data_files: number;
  readonly delete_files: number;
  readonly manifests: number;
  readonly manifest_lists: number;
  readonly metadata_files: number;
  readonly other_files: number;
  readonly bytes: string;
}

export type MaintainStatus = 'done' | 'nothing-to-do' | 'skipped' | 'failed' | 'conflict' | 'interrupted';

export interface MaintainRecord {
  readonly table: string;
  readonly status: MaintainStatus;
  readonly dry_run: boolean;
  /** Null if the task did not run. */
  readonly compacted: {
    readonly files_before: number;
    readonly files_after: number;
    readonly delete_files_applied: number;
    readonly rows: string;
    readonly bytes_before: string;
    readonly bytes_after: string;
  } | null;
  readonly manifests: { readonly before: number; readonly after: number } | null;
  readonly expired: {
    readonly snapshots: number;
    readonly refs: readonly string[];
    readonly kept: number;
    /** Who keeps snapshots that are old enough to expire: a process's watermark, a running session. */
    readonly kept_for: readonly { readonly who: string; readonly snapshots: number }[];
  } | null;
  /** Files that only expired snapshots reached, and old metadata files. */
  readonly freed: FreedFiles;
  /** Files that no metadata reaches, and that were left because nobody asked to delete them. */
  readonly reported: {
    readonly metadata_files: number;
    readonly unknown_files: number;
    readonly bytes: string;
  };
  /** Orphan files that were deleted. */
  readonly orphans: FreedFiles | null;
  /** What was left alone, and why. */
  readonly notes: readonly string[];
  readonly seconds: number;
  readonly error: ErrorJson | null;
}

/**
 * What a process that is not in the project kept of a table, and does not keep any longer (`maintain
 * --drop-tag`).
 */
export interface DroppedTagRecord {
  readonly table: string;
  readonly process_name: string;
  /** Null if only its watermark kept it. */
  readonly tag: string | null;
  /** Snapshots that are old enough to expire and were kept only for it. */
  readonly snapshots: number;
}

/** What dropped tables left in the warehouse: folders that belong to no table of the catalog. */
export interface DroppedTableRecord {
  readonly folder: string;
  readonly files: number;
  readonly bytes: string;
  readonly deleted: boolean;
}

export interface MaintainReport {
  readonly tables: readonly MaintainRecord[];
  readonly dropped_tables: readonly DroppedTableRecord[];
}

/** No file of any kind. */
export const NO_FILES = Object.freeze({
  data_files: 0,
  delete_files: 0,
  manifests: 0,
  manifest_lists: 0,
  metadata_files: 0,
  other_files: 0,
});

export const NOTHING_FREED: FreedFiles = Object.freeze({ ...NO_FILES, bytes: '0' });
