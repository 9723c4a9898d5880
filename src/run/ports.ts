/** What a run needs from outside. Made once for a project; the sessions of a command share it. */
import type { CatalogClient } from '../catalog/client/catalog-client.ts';
import type { SessionViews } from '../catalog/index.ts';
import type { Engine } from '../engine/index.ts';
import type { SharedMarkers } from '../markers/shared-markers.ts';
import type { ProjectSpec } from '../model/process-spec.ts';
import type { WorkProgress } from '../model/progress.ts';
import type { Observer } from '../observe/port.ts';
import type { Workload } from '../workload/port.ts';

export interface RunPorts {
  readonly project: ProjectSpec;
  readonly catalog: CatalogClient;
  readonly views: SessionViews;
  /** Where DuckDB reaches the catalog. */
  readonly endpoint: { readonly uri: string; readonly token: string };
  /** Reads and composes metadata. */
  readonly engine: Engine;
  /** Works on rows. */
  readonly workload: Workload;
  /** A folder for the files of running sessions: their markers and their change views. */
  readonly sessionsDirectory: string;
  /**
   * False when sessions on other machines have their markers elsewhere: then a branch without a marker here
   * may be theirs.
   */
  readonly markersAreShared: boolean;
  /** Begins and ends the markers, also for other machines that share the warehouse. */
  readonly markers: SharedMarkers;
  /** Observes the stages of sessions, and what they ask of DuckDB and the catalog. */
  readonly observer: Observer;
  /** Called with what is being done; for progress on stderr. */
  readonly onStep: (message: string) => void;
  /** Called while something long goes on. */
  readonly onProgress: (progress: WorkProgress) => void;
}
