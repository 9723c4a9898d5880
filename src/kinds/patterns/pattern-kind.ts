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
  /** Which changes of a source a session can use. */
  changesNeeded(source: Pick<SourceSpec, 'onSourceChange'>): ChangesNeeded;
  /** Decides what a session loads. Pure: no I/O, no clock. */
  decide(session: Session): Decision;
}

/** What a session loads, and what it leaves. */
export interface Decision {
  readonly status: SessionStatus;
  /** Those of the session, in its order. */
  readonly sources: readonly DecidedSource[];
  /** The hours that are computed, ascending; for an append the hours that its new rows touch. */
  readonly hours: readonly Hour[];
  /** The hours that are replaced; undefined if none are. */
  readonly range: HourRange | undefined;
  /** Those of the hours that did not change themselves, but that a window reaches from rows loaded before. */
  readonly reached?: readonly Hour[];
  /**
   * Those of the hours that only the state of the hour before can change. If that state comes out as the
   * target has it, the session leaves them as they are.
   */
  readonly unchanged?: readonly Hour[];
  /** Those of the hours that no source row reaches: the target has no rows in them. */
  readonly empty?: readonly Hour[];
  /** The table whose completeness leaves hours owed, if one does. */
  readonly heldBackBy: string | null;
  /** What the process's `catchup` leaves owed; undefined if it limits nothing. */
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
