/** What opening a session needs to know and to reach. */
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
   * For adopting: where each source counts as consumed; it is then shown as of that snapshot, without
   * changes.
   */
  readonly adoptAt?: (source: SourceSpec) => StartSpec;
  /**
   * For looking at hours, up to this one: each source is shown as of its head, whatever was loaded of it, and
   * nothing is refused that only loading could get wrong. How far it is complete is asked only for hours that
   * the target does not have yet: without a watermark all manifests of the source would be read for it.
   */
  readonly lookUpTo?: Hour;
  /** Of a look: the first of the hours. */
  readonly lookFrom?: Hour;
  /** Of a look: true where nobody asks how far its sources are complete. */
  readonly isLoaded?: boolean;
  /** For adopting: nobody said a place, so that nothing may have come since another process has read. */
  readonly adoptsAsItIs?: boolean;
  /** What is asked of the sources' changes; default: what the pattern can use. */
  readonly changesNeeded?: ChangesNeeded;
  /** For restating: what somebody asked for. */
  readonly restate?: RestateRequest;
  /** For restating: says by which SQL the hours of the target were made (`Session.sqlChanged`). */
  readonly withSqlChanged?: (session: Session) => Promise<Session>;
  /**
   * Says whether the query does with rows that were loaded what it did then, whatever its sources' columns
   * are called by now; undefined: it cannot say.
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
