/**
 * What opening a session needs: the process, the catalog, DuckDB on demand, and what kind of session it is.
 */
import type { CatalogClient } from '../catalog/client/catalog-client.ts';
import type { VerifiedRewrites } from '../changes/rows/verified-rewrites.ts';
import type { ViewPorts } from '../changes/source.ts';
import type { Engine } from '../engine/index.ts';
import type { Hour } from '../model/hour.ts';
import type { ProcessSpec, ProjectSpec, SourceSpec } from '../model/process-spec.ts';
import type { RestateRequest } from '../model/restate.ts';
import type { ChangesNeeded, SeenColumn, Session } from '../model/session.ts';
import type { SourceNames } from '../model/source-names.ts';
import type { StartSpec } from '../model/start.ts';

export interface OpenSessionInput extends ViewPorts {
  readonly spec: ProcessSpec;
  readonly project: ProjectSpec;
  readonly psybergSessionId: string;
  readonly nowMs: number;
  readonly catalog: CatalogClient;
  /**
   * For an adoption: the place up to which each source counts as consumed. The source is then pinned at that
   * snapshot, without changes.
   */
  readonly adoptAt?: (source: SourceSpec) => StartSpec;
  /**
   * For a look: its last hour. Each source is pinned at its head, whatever was loaded of it, and nothing is
   * refused that only a load could get wrong. Completeness is asked only for hours that the target does not
   * have yet, since without a watermark that reads all manifests of the source.
   */
  readonly lookUpTo?: Hour;
  /** For a look: its first hour. */
  readonly lookFrom?: Hour;
  /** For a look: true if the target has all its hours, so that completeness need not be asked. */
  readonly isLoaded?: boolean;
  /**
   * For an adoption: true of a source whose place somebody named. Any other source may not have changed since
   * another process read it for this target.
   */
  readonly isPlaced?: (source: SourceSpec) => boolean;
  /** What the process can do with changes of its sources; default: what its pattern says. */
  readonly changesNeeded?: ChangesNeeded;
  /** For a restate: what was asked for. */
  readonly restate?: RestateRequest;
  /** For a restate: adds to a session which hours were made by other SQL (`Session.sqlChanged`). */
  readonly withSqlChanged?: (session: Session) => Promise<Session>;
  /**
   * Whether the query still treats already loaded rows as it did then, although columns of its sources were
   * renamed; its answer is undefined if it cannot tell.
   */
  readonly readsAsBefore?: (asked: {
    readonly spec: ProcessSpec;
    readonly sources: readonly SourceNames[];
    readonly target: readonly SeenColumn[];
  }) => Promise<boolean | undefined>;
  /** Rewrites that earlier sessions compared; what this one compares is added. */
  readonly verified?: VerifiedRewrites;
  /** Starts DuckDB (with the warehouse attached as `lake`) on the first call. */
  readonly engine: () => Promise<Engine>;
}
