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
  PlanFile,
  PlanLookupChange,
  PlanPosition,
  PlanRead,
  PlanSource,
  PlanUriCauses,
  PlanWindow,
  PlanWindowKeys,
} from './plan-source.ts';
export type { Step, StepStage, StepValue } from './step.ts';

/** What a session finds for itself. */
export type SessionStatus = 'work' | 'nothing-new' | 'waiting';
/**
 * `follows`: no work of its own yet; a process of the same plan that writes one of its sources, or is further
 * up, has some.
 */
export type PlanStatus = SessionStatus | 'follows';

export interface PlanHour {
  readonly hour: string;
  /** Not all of them where there are many; `cause_count` is how many there are. */
  readonly causes: readonly PlanCause[];
  readonly cause_count: number;
  /** The sources that left the hour owed in an earlier session. */
  readonly owed_by: readonly string[];
  /**
   * `changed`: a file touches it, or reaches it through a window · `owed`: left over from an earlier session
   * · `reached`: complete now, and rows that were loaded before reach it through a window · `restated`: a
   * lookup changed, and nothing else, or somebody asked for it · `contiguous`: it lies between such hours.
   */
  readonly reason: 'changed' | 'owed' | 'reached' | 'restated' | 'contiguous';
  /**
   * Nothing that the hour is computed from changed but, perhaps, the state of the hour before: where that
   * comes out as the target has it, the hour stays as it is. Absent where the hour is computed in any case.
   */
  readonly unchanged?: true;
  /** No row of a source reaches it, or an hour before it: what the target has of it is taken off. */
  readonly empty?: true;
}
export interface PlanTarget {
  readonly table: string;
  readonly operation: 'append' | 'overwrite';
  readonly table_uuid: string | null;
  readonly base_snapshot_id: string | null;
  readonly exists: boolean;
  /** Who published the process's newest snapshot: another one at publish means that it was overtaken. */
  readonly previous_session_id: string | null;
  readonly complete_to_hour: string | null;
  /** Up to which hour it was announced, where the newest hours were loaded first; null: to none. */
  readonly announced_to_hour?: string | null;
  /** Iceberg format version that the session writes: a version 1 table becomes one of version 2. */
  readonly format_version: number;
  /** The target's event-time column: its field id, Iceberg type and stored unit. */
  readonly event_time: { readonly field_id: number; readonly type: string; readonly unit: string } | null;
  /** How its files are written by plain COPY; null when DuckDB's Iceberg extension inserts instead. */
  readonly layout: FileLayout | null;
}

/** What the limits of the process's `catchup` leave owed, of hours that are complete. */
export interface PlanCatchup {
  readonly order: 'oldest' | 'newest';
  /** How many hours this session loads. */
  readonly session_hours: number;
  /** How many hours later sessions are to load, since this one takes no more. */
  readonly later_hours: number;
  /** The first hour that a session computes again; null where it reaches as far back as something changed. */
  readonly reaches_back_to: string | null;
  /** Changed hours before it, which `psyberg restate` loads. */
  readonly beyond_hours: readonly string[];
  /** Rows that the sources have in these hours; undefined where they were not counted. */
  readonly beyond_rows?: string;
  /** False where files hold rows of other hours as well: `beyond_rows` are then at most so many. */
  readonly beyond_rows_exact?: boolean;
}

/** Something that is done as it is told, and may not be meant so. */
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
  /** What to do, to be pasted. */
  readonly hint: string;
}

/** Hours that other SQL has made than that of now. */
export interface PlanSqlChanged {
  /** The last session that ran with other SQL. */
  readonly since_session_id: string;
  /** Hour starts; none where they are not known. */
  readonly hours: readonly string[];
}
/** By which SQL a session makes its rows. */
export interface PlanSql {
  readonly fingerprint: string;
  readonly text_sha256: string;
  /** To be kept with the session; null where a session before it has kept the same. */
  readonly text: string | null;
  /** By which SQL the hours of the target were made before. */
  readonly hours_made: readonly HoursMadeJson[];
}

export interface Plan {
  readonly plan_version: 1;
  readonly process_name: string;
  readonly psyberg_session_id: string;
  readonly pattern: Pattern;
  readonly etl_pattern_id: 1 | 2;
  /** What works on the rows; absent: DuckDB. */
  readonly engine?: EngineName;
  readonly status: PlanStatus;
  /** Absent in a plan that was saved by an earlier release: `changes`. */
  readonly trigger?: Trigger;
  /** Why somebody asked for it; only of a restate. */
  readonly reason?: string;
  /** There when all hours are restated: of a process that appends all rows, whatever hour they lie in now. */
  readonly restates_all?: true;
  readonly sources: readonly PlanSource[];
  /**
   * There of a process of days: `hours` and `owed_hours` name the first hour of each day, and the range ends
   * with the last hour of its last one. Those of the sources are hours all the same.
   */
  readonly grain?: Grain;
  /** Null when stateless, unless hours are restated. */
  readonly range: { readonly first_hour: string; readonly last_hour: string } | null;
  readonly hours: readonly PlanHour[];
  readonly owed_hours: readonly string[];
  /**
   * The processes of the same plan with work whose rows this one reads, itself or through others; undefined
   * where a process was planned alone.
   */
  readonly follows?: readonly string[];
  /**
   * Hours that the session may load once those have published, its own included: an estimate from above.
   * Empty where nothing is followed.
   */
  readonly expected_hours?: readonly string[];
  /** Why the hours cannot be told, or not all of them; null where they can. */
  readonly expected_unknown_because?: string | null;
  /** The source whose VTTS keeps hours back; null when none does. */
  readonly held_back_by: string | null;
  /** Only where the process limits how it catches up. */
  readonly catchup?: PlanCatchup;
  readonly target: PlanTarget;
  readonly warnings: readonly PlanWarning[];
  /**
   * There where the SQL does not say by itself that an hour, or of a stateless process a row, gets the same
   * in whatever company: the session computes some in another one, and compares.
   */
  readonly compares_rows?: true;
  /**
   * Columns that are left out of that, in lower case: the query gives them another value each time, as
   * `now()` does. Absent: none.
   */
  readonly compares_without?: readonly string[];
  /**
   * There of a stateless process of another engine in whose SQL DuckDB's parser finds nothing that takes rows
   * together; that engine knows more of it, and says whether rows are compared.
   */
  readonly rows_stand_alone?: true;
  /**
   * There, beside `compares_rows`, where nothing ties the hours of sources that are joined: the company are
   * the hours around those of the session.
   */
  readonly compares_joins?: true;
  /**
   * There, beside `compares_rows`, where columns hold what hangs on the order in which rows are read. Names
   * in lower case. `lists` are compared as their values in any order, `others` not at all, where rows differ.
   */
  readonly in_no_order?: { readonly lists: readonly string[]; readonly others: readonly string[] };
  /** Null where no hour is known that other SQL has made than that of now. */
  readonly sql_changed?: PlanSqlChanged | null;
  /** Only of a plan with work; one that was saved by an earlier release has none. */
  readonly sql?: PlanSql;
  /** The session's clock when it was planned, UTC; undefined where nobody asks for it. */
  readonly opened_at?: string;
  /**
   * The values of the project's variables that the process and its audits name; undefined where they name
   * none.
   */
  readonly variables?: Readonly<Record<string, StepValue>>;
  /** SHA-256 of the process's SQL, so that `run --plan` can tell whether it changed since. */
  readonly process_sha256: string;
}

/** The process's query as a session runs it: the rows of its sources, then the query of its file. */
export interface PlanQuery {
  readonly sql: string;
  readonly parameters: Readonly<Record<string, StepValue>>;
  /** How often it runs: of a dimension once an hour, and the SQL is that of the first one. */
  readonly runs: number;
}

/** Rows, files and bytes of the files that hold them: what is read at most. */
interface ReadCounts {
  readonly rows: string;
  readonly files: number;
  readonly bytes: string;
}
/** What a session would read that always goes back so many hours from the newest one, included. */
export interface PlanLookback extends ReadCounts {
  readonly lookback_hours: number;
  readonly first_hour: string;
  readonly last_hour: string;
  /** Hours that the plan computes because something changed, and that lie before its first one. */
  readonly missed_hours: number;
  /** New rows in files that hold only rows of hours before its first one. */
  readonly missed_rows: string;
}
/** What a session reads of its sources. */
export interface PlanReads extends ReadCounts {
  readonly lookbacks: readonly PlanLookback[];
}

export interface CompiledPlan extends Plan {
  readonly steps: readonly Step[];
  /** Only of a plan with work; a plan that was saved by an earlier release has none. */
  readonly query?: PlanQuery;
  /** Only where it was asked for. */
  readonly reads?: PlanReads;
}
