/**
 * The types of a source while a session is opened: what is known of its table, how to read it, and which
 * process reads it. No code.
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

/** What is known of a source's table before it is read. */
export interface SourceTable extends ViewPorts {
  readonly spec: SourceSpec;
  readonly metadata: TableMetadata;
  /** Undefined when the process names no event-time column for the source. */
  readonly eventTime: { readonly column: NestedField; readonly unit: StoredUnit } | undefined;
  /**
   * The present hour plus the tolerance for the future. Event times in a later hour are set aside, so that
   * one bad row does not stretch the range of hours.
   */
  readonly lastAllowedHour: Hour;
  /** Rewrites that were compared before and need not be again. */
  readonly verified?: VerifiedRewrites;
}

/** A source opened for reading (`open-source.ts`). */
export interface Source extends SourceTable {
  readonly engine: Engine;
  /** All manifests with live files of one snapshot. Throws `source-unreadable`. */
  manifestsOf(snapshot: Snapshot): Promise<readonly ManifestRow[]>;
}

/** A process that reads a source, and what it can do with changes of it. */
export interface Reader {
  readonly source: Source;
  readonly processName: string;
  readonly needs: ChangesNeeded;
  /** The snapshots of all watermarks that the process ever had on the source. */
  readonly watermarksEver: () => Promise<ReadonlySet<SnapshotId>>;
}
