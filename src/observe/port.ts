/**
 * Declares what a run reports about itself to logs, metrics, lineage and traces. Work -> reports. A session
 * never waits for those who listen, and their errors do not affect it.
 */
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import type { TableIdentifier } from '../model/names.ts';
import type { CompiledPlan } from '../model/plan.ts';
import type { ProcessSpec, ProjectSpec } from '../model/process-spec.ts';
import type { RunRecord } from '../model/run-record.ts';
import type { StepStage } from '../model/step.ts';

/** The stages of a session as they are reported. `plan` finds out what there is to do. */
export type StageName = 'plan' | 'open' | 'load' | 'compose' | 'audit' | 'publish' | 'close';

/** Something that takes time, and may be a part of something longer. */
export type Part =
  /** A session of a process, from its planning to its end, or one step of it. */
  | { readonly kind: 'process'; readonly processName: string; readonly psybergSessionId?: string }
  | { readonly kind: 'stage'; readonly stage: StageName }
  /** A step of the plan, by the name that `plan --steps` prints. */
  | { readonly kind: 'step'; readonly stage: StepStage; readonly name: string }
  /** A statement of DuckDB, without the values bound to it. `name`: for the engine's own, in `sql/`. */
  | { readonly kind: 'statement'; readonly name: string | undefined; readonly sql: string }
  /** A call of the catalog by this process. */
  | { readonly kind: 'catalog-call'; readonly call: string; readonly table: string | undefined }
  /**
   * An HTTP request: `served` by this process's catalog, which DuckDB asks, or `sent` to a foreign one.
   * Query strings and headers are not reported.
   */
  | {
      readonly kind: 'request';
      readonly side: 'served' | 'sent';
      readonly method: string;
      readonly path: string;
    };

/** What resulted from a part: rows, an HTTP status. */
export type Facts = Readonly<Record<string, string | number>>;

/** How a session, or a step of one, ended: a run's record, or that of a step with its own status. */
export type Outcome = Omit<RunRecord, 'status'> & { readonly status: string };

/** A session as it is reported, and where its tables are looked up. */
export interface SessionTold {
  readonly project: ProjectSpec;
  readonly spec: ProcessSpec;
  readonly plan: CompiledPlan;
  /** Undefined if there is no such table. */
  readonly loadTable: (id: TableIdentifier) => Promise<TableMetadata | undefined>;
}

export type RunEvent =
  /** A session with work begins; `resumed`: a later step of one that an earlier command began. */
  | ({ readonly kind: 'session'; readonly resumed: boolean } & SessionTold)
  /** A session or a step ended. `session`: undefined if it never had a plan. */
  | {
      readonly kind: 'outcome';
      readonly project: ProjectSpec;
      readonly spec: ProcessSpec;
      readonly outcome: Outcome;
      readonly session: SessionTold | undefined;
    }
  /** Somebody dropped a session that had not published. */
  | { readonly kind: 'aborted'; readonly session: SessionTold };

export interface Observer {
  /** False if nobody listens: then reports need not be prepared. */
  readonly listens: boolean;
  /**
   * Runs `work` as a part of the work around it, and returns its result. `factsOf`: what is reported about
   * the result.
   */
  during<T>(part: Part, work: () => Promise<T>, factsOf?: (result: T) => Facts): Promise<T>;
  tell(told: RunEvent): void;
  /** Gives listeners a moment to pass on what they have. Never throws. */
  close(): Promise<void>;
}

/** For when nobody listens. */
export const UNOBSERVED: Observer = Object.freeze({
  listens: false,
  during: <T>(_part: Part, work: () => Promise<T>): Promise<T> => work(),
  tell: () => undefined,
  close: async () => undefined,
});
