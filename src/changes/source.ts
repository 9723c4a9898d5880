/**
 * One source of a process while a session is opened: its metadata, its event time, and its manifests. A
 * manifest list never changes, so each is read once, however many rules ask for it.
 */
import type { SessionViews } from '../catalog/index.ts';
import type { Engine } from '../engine/index.ts';
import type { StoredUnit } from '../iceberg/event-time.ts';
import type { NestedField, Snapshot, SnapshotId, TableMetadata } from '../iceberg/table-metadata.ts';
import type { Hour } from '../model/hour.ts';
import type { SourceSpec } from '../model/process-spec.ts';
import type { ChangesNeeded } from '../model/session.ts';
import type { ManifestRow } from '../tables/read/manifest-list.ts';
import type { VerifiedRewrites } from './rows/verified-rewrites.ts';

/** Where views are shown, and how DuckDB reaches them. */
export interface ViewPorts {
  readonly views: SessionViews;
  readonly endpoint: { readonly uri: string; readonly token: string };
}

/** What reading files needs to know of a source. */
export interface SourceTable extends ViewPorts {
  readonly spec: SourceSpec;
  readonly metadata: TableMetadata;
  /** Undefined when the process names no event-time column for the source. */
  readonly eventTime: { readonly column: NestedField; readonly unit: StoredUnit } | undefined;
  /**
   * The hour in which the clock plus the tolerance lies. Event times in a later hour are set aside (whole
   * hours, as everything here): one bad row may not drag a range along.
   */
  readonly lastAllowedHour: Hour;
  /** Rewrites that need not be compared again. */
  readonly verified?: VerifiedRewrites;
}

/** A source that can be read. */
export interface Source extends SourceTable {
  readonly engine: Engine;
  /** All manifests with live files of one snapshot. Throws `source-unreadable`. */
  manifestsOf(snapshot: Snapshot): Promise<readonly ManifestRow[]>;
}

/** A process that asks what changed in a source. */
export interface Reader {
  readonly source: Source;
  readonly processName: string;
  readonly needs: ChangesNeeded;
  /** The snapshots of the source up to which the process has read, this watermark's and earlier ones. */
  readonly watermarksEver: () => Promise<ReadonlySet<SnapshotId>>;
}
