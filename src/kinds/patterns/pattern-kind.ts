/** The type of a pattern: what planning, compiling, running and reporting need to know of it. */
import type { Hour, HourRange } from '../../model/hour.ts';
import type { Plan, PlanRead, SessionStatus } from '../../model/plan.ts';
import type { SourceSpec } from '../../model/process-spec.ts';
import type { ChangesNeeded, Session, SourceState } from '../../model/session.ts';

export interface PatternKind {
  /** Psyberg's `etl_pattern_id`. */
  readonly etlPatternId: 1 | 2;
  /** What a session does to its target. */
  readonly operation: Plan['target']['operation'];
  /**
   * True: rows belong to hours, by their event time, and the hours that changed are computed again from whole
   * sources; rows of no hour are left out. False: new rows are added whatever their event time is.
   */
  readonly loadsHours: boolean;
  /**
   * True: the SQL runs for one hour after the other and sees the target's rows of the hour before as
   * `previous`, so hours without new rows are computed as well. False: it runs once.
   */
  readonly readsPrevious: boolean;
  /** What of a source's changes a session can use. */
  changesNeeded(source: Pick<SourceSpec, 'onSourceChange'>): ChangesNeeded;
  /** Decides what a session loads. Pure: no I/O, no clock. */
  decide(session: Session): Decision;
}

/** What a session loads, and what it leaves. */
export interface Decision {
  readonly status: SessionStatus;
  /** Those of the session, in its order. */
  readonly sources: readonly DecidedSource[];
  /** Ascending: hours that are computed; of an append those that its new rows touch. */
  readonly hours: readonly Hour[];
  /** The hours that are replaced; undefined where nothing is. */
  readonly range: HourRange | undefined;
  /**
   * Among the hours those that no change made necessary, but rows loaded before whose window reaches them.
   */
  readonly reached?: readonly Hour[];
  /**
   * Among the hours those that only the state of the hour before can change: a session leaves them as they
   * are where that state comes out as the target has it.
   */
  readonly unchanged?: readonly Hour[];
  /** Among the hours those that no row of a source reaches: the target has none of them. */
  readonly empty?: readonly Hour[];
  /** The table that is complete for too few hours, where that leaves hours owed. */
  readonly heldBackBy: string | null;
  /** What the process's `catchup` leaves owed; undefined where it limits nothing. */
  readonly catchup?: DecidedCatchup;
}

/** Complete hours that the session does not load. */
export interface DecidedCatchup {
  /** Hours that later sessions load, ascending: this one takes no more. */
  readonly later: readonly Hour[];
  /** Changed hours before `reachesBackTo`, ascending: no session loads them by itself. */
  readonly beyond: readonly Hour[];
  readonly reachesBackTo: Hour | undefined;
}

export interface DecidedSource {
  readonly source: SourceState;
  readonly read: PlanRead;
  /** Its changed hours that the session does not load. */
  readonly owed: readonly Hour[];
}
