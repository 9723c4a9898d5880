/**
 * A plan: what a session will do, and why. Plain JSON as programs may rely on it (snake_case, 64-bit
 * numbers and times as text), so the same value is printed, stored, sent to another process and executed.
 */
import type { EngineName } from './engines.ts';
import type { FileLayout } from './file-layout.ts';
import type { Grain } from './grain.ts';
import type { HoursMadeJson } from './hours-made.ts';
import type { PlanCause, PlanSource } from './plan-source.ts';
import type { Pattern } from './process-spec.ts';
import type { Trigger } from './restate.ts';
import type { Step, StepValue } from './step.ts';

export type {
  PlanCause,
  PlanChange,
  PlanPosition,
  PlanRead,
  PlanSource,
  PlanUriCauses,
  PlanWindow,
  PlanWindowKeys,
} from './plan-source.ts';
export type { Step, StepStage } from './step.ts';

/** What a session has to do. `waiting`: nothing can be loaded yet. */
export type SessionStatus = 'work' | 'nothing-new' | 'waiting';
/**
 * `follows`: the process has no work of its own yet, but one above it in the same plan has.
 */
export type PlanStatus = SessionStatus | 'follows';

export interface PlanHour {
  readonly hour: string;
  /** Only the first ones if there are many; `cause_count` says how many there are. */
  readonly causes: readonly PlanCause[];
  readonly cause_count: number;
  /** The sources that left the hour owed in an earlier session. */
  readonly owed_by: readonly string[];
  /**
   * `changed`: a changed file touches it, or reaches it through a window · `owed`: left over from an earlier
   * session · `reached`: complete only now, and rows loaded before reach it through a window · `restated`:
   * only a lookup changed, or somebody asked for it · `contiguous`: it lies between such hours.
   */
  readonly reason: 'changed' | 'owed' | 'reached' | 'restated' | 'contiguous';
  /**
   * Set if at most the state of the hour before changed: if that hour comes out as the target has it, this
   * one stays as it is. Absent if the hour is computed in any case.
   */
  readonly unchanged?: true;
  /** Set if no source row reaches it or an earlier hour: what the target has of it is removed. */
  readonly empty?: true;
}
export interface PlanTarget {
  readonly table: string;
  readonly operation: 'append' | 'overwrite';
  readonly table_uuid: string | null;
  readonly base_snapshot_id: string | null;
  readonly exists: boolean;
  /** The process's session that published last; another one at the publish means that this was overtaken. */
  readonly previous_session_id: string | null;
  readonly complete_to_hour: string | null;
  /**
   * The hour up to which completeness was announced, if the newest hours are loaded first; null: none was.
   */
  readonly announced_to_hour?: string | null;
  /** The Iceberg format version that the session writes; a version 1 table is upgraded to version 2. */
  readonly format_version: number;
  /** The target's event-time column: its field id, Iceberg type and stored unit. */
  readonly event_time: { readonly field_id: number; readonly type: string; readonly unit: string } | null;
  /** What the session makes of columns in which the query and the target differ; absent: they do not. */
  readonly columns?: PlanColumns;
  /** How its files are written by plain COPY; null when DuckDB's Iceberg extension inserts instead. */
  readonly layout: FileLayout | null;
}

/** A column, or a field inside one: `s.b`, `l.element.b`. The type as DuckDB writes it. */
export interface PlanColumn {
  readonly name: string;
  readonly type: string;
}
/** How a session follows a query with other columns, by `on_schema_change`. */
export interface PlanColumns {
  /** The target gets them, with the commit that publishes. */
  readonly added: readonly PlanColumn[];
  /** The query returns them, and they are not written. */
  readonly left_out: readonly PlanColumn[];
  /** The query does not return them: NULL in the new rows. Names. */
  readonly missing: readonly string[];
}

/** How the process's `catchup` limits this session, and which complete hours stay owed. */
export interface PlanCatchup {
  readonly order: 'oldest' | 'newest';
  /** How many hours this session loads. */
  readonly session_hours: number;
  /** How many hours are left for later sessions, because this one takes no more. */
  readonly later_hours: number;
  /**
   * The first hour that the session may compute again; null if it reaches back as far as anything changed.
   */
  readonly reaches_back_to: string | null;
  /** Changed hours before that one, which only `psyberg restate` loads. */
  readonly beyond_hours: readonly string[];
  /** Rows that the sources have in these hours; undefined if they were not counted. */
  readonly beyond_rows?: string;
  /** False if files also hold rows of other hours: then `beyond_rows` is an upper bound. */
  readonly beyond_rows_exact?: boolean;
}

/** Something that the SQL or header says, and that its author may not have meant. */
export interface PlanWarning {
  readonly code:
    | 'hours-not-alone'
    | 'hours-of-session'
    | 'join-without-window'
    | 'key-not-compared'
    | 'rows-not-alone'
    | 'wide-window'
    | 'window-too-short';
  readonly message: string;
  /** What to do, ready to paste. */
  readonly hint: string;
}

/** Hours that were made by other SQL than the current one. */
export interface PlanSqlChanged {
  /** The last session that ran with other SQL. */
  readonly since_session_id: string;
  /** Hour starts; empty if they are not known. */
  readonly hours: readonly string[];
}
/** The SQL by which the session makes its rows. */
export interface PlanSql {
  readonly fingerprint: string;
  readonly text_sha256: string;
  /** The text to keep with the session; null if an earlier session has kept the same. */
  readonly text: string | null;
  /** Which SQL made the hours of the target before. */
  readonly hours_made: readonly HoursMadeJson[];
}

export interface Plan {
  readonly plan_version: 1;
  readonly process_name: string;
  readonly psyberg_session_id: string;
  readonly pattern: Pattern;
  readonly etl_pattern_id: 1 | 2;
  /** The engine that works on the rows; absent: DuckDB. */
  readonly engine?: EngineName;
  readonly status: PlanStatus;
  /** Absent in a plan saved by an earlier release; then it is `changes`. */
  readonly trigger?: Trigger;
  /** Only for a restate: why somebody asked for it. */
  readonly reason?: string;
  /** There when all hours are restated: of a process that appends all rows, whatever hour they lie in now. */
  readonly restates_all?: true;
  readonly sources: readonly PlanSource[];
  /**
   * Only for a process of days: `hours` and `owed_hours` then name the first hour of each day, and the range
   * ends with the last hour of its last day. Hours of sources are hours all the same.
   */
  readonly grain?: Grain;
  /** Null for a stateless process, unless hours are restated. */
  readonly range: { readonly first_hour: string; readonly last_hour: string } | null;
  readonly hours: readonly PlanHour[];
  readonly owed_hours: readonly string[];
  /**
   * The processes of the same plan that have work and whose rows this one reads, directly or through others;
   * undefined if the process was planned alone.
   */
  readonly follows?: readonly string[];
  /**
   * Hours that the session may load once those have published, its own included: an upper bound. Empty if it
   * follows none.
   */
  readonly expected_hours?: readonly string[];
  /** Why these hours, or some of them, are unknown; null if all are known. */
  readonly expected_unknown_because?: string | null;
  /** The source whose VTTS holds hours back; null if none does. */
  readonly held_back_by: string | null;
  /** Only if the process limits how it catches up. */
  readonly catchup?: PlanCatchup;
  readonly target: PlanTarget;
  readonly warnings: readonly PlanWarning[];
  /**
   * Set if the SQL alone does not show that an hour (or a row, of a stateless process) comes out the same
   * whatever is computed together with it. The session then computes some of them in other company, and
   * compares.
   */
  readonly compares_rows?: true;
  /**
   * Columns that are left out of that comparison, in lower case, because their value differs each time, as
   * with `now()`. Absent: none.
   */
  readonly compares_without?: readonly string[];
  /**
   * Set for a stateless process of another engine if DuckDB's parser finds nothing in its SQL that takes
   * rows together. That engine knows more about it, and decides whether rows are compared.
   */
  readonly rows_stand_alone?: true;
  /**
   * Set, beside `compares_rows`, if nothing ties the hours of joined sources to each other: the comparison
   * is then made together with the hours around those of the session.
   */
  readonly compares_joins?: true;
  /**
   * Set, beside `compares_rows`, if columns depend on the order in which rows are read. Names in lower case.
   * Where rows differ, `lists` are compared as their values in any order, and `others` not at all.
   */
  readonly in_no_order?: { readonly lists: readonly string[]; readonly others: readonly string[] };
  /** Null if no hour is known that other SQL than the current one made. */
  readonly sql_changed?: PlanSqlChanged | null;
  /** Only in a plan with work; missing in a plan saved by an earlier release. */
  readonly sql?: PlanSql;
  /** The session's clock when it was planned, in UTC; undefined if nothing needs it. */
  readonly opened_at?: string;
  /**
   * The values of the project's variables that the process and its audits name; undefined if they name none.
   */
  readonly variables?: Readonly<Record<string, StepValue>>;
  /** SHA-256 of the process's SQL, by which `run --plan` sees whether it changed since. */
  readonly process_sha256: string;
}

/** The process's query as a session runs it: the rows of its sources, then the query of its file. */
export interface PlanQuery {
  readonly sql: string;
  readonly parameters: Readonly<Record<string, StepValue>>;
  /** How often it runs: for a dimension once per hour, and the SQL is that of the first hour. */
  readonly runs: number;
}

/** An upper bound of what is read: rows, and the files that hold them with their bytes. */
interface ReadCounts {
  readonly rows: string;
  readonly files: number;
  readonly bytes: string;
}
/** What a session would read that always goes back this many hours from the newest one, which is included. */
export interface PlanLookback extends ReadCounts {
  readonly lookback_hours: number;
  readonly first_hour: string;
  readonly last_hour: string;
  /** Changed hours of the plan before the lookback's first hour. */
  readonly missed_hours: number;
  /** New rows in files that only hold rows of hours before the lookback's first hour. */
  readonly missed_rows: string;
}
/** What a session reads of its sources. */
export interface PlanReads extends ReadCounts {
  readonly lookbacks: readonly PlanLookback[];
}

export interface CompiledPlan extends Plan {
  readonly steps: readonly Step[];
  /** Only in a plan with work; missing in a plan saved by an earlier release. */
  readonly query?: PlanQuery;
  /** Only if it was asked for. */
  readonly reads?: PlanReads;
}
