/** The keys that psyberg writes into the summaries of a target's snapshots. */

/** Keys of a published snapshot's summary. */
export const SUMMARY = {
  processName: 'psyberg.process-name',
  sessionId: 'psyberg.session-id',
  watermarks: 'psyberg.high-water-marks',
  /**
   * How far the process had read sources that it names no more, in the form of `watermarks`; absent where
   * there are none. Hours that were made since lack the rows of these sources.
   */
  formerWatermarks: 'psyberg.former-high-water-marks',
  completeToHour: 'psyberg.complete-to-hour',
  /**
   * Up to which hour the target was announced by then, where that is an earlier one: the newest hours were
   * loaded first. `none` where it was not.
   */
  announcedToHour: 'psyberg.announced-to-hour',
  /** The fingerprint of the SQL by which the session made its rows (`src/project/process-fingerprint.ts`). */
  sqlFingerprint: 'psyberg.sql-fingerprint',
  /** The hours that the session wrote. JSON, an array of `[first, last]`, both included. */
  hoursWritten: 'psyberg.hours-written',
  /** By which SQL the hours of the target were made up to then, by sessions of the process. JSON. */
  hoursMade: 'psyberg.hours-made',
  /**
   * JSON: the hours announced before that the session wrote, as `[first, last]`; absent where there are
   * none.
   */
  reopenedHours: 'psyberg.reopened-hours',
  /** `day`, where the process counts its target in days. */
  grain: 'psyberg.grain',
  /** The pattern of the process. */
  pattern: 'psyberg.pattern',
  /**
   * On a snapshot of maintenance: what the snapshots below it say of each process, so that they may expire.
   * JSON, an array of the keys above.
   */
  carriedProgress: 'psyberg.carried-progress',
  /**
   * On a snapshot of maintenance: `compact` or `manifests`. It changed files and no row, also where it took
   * deleted rows out of files.
   */
  maintenance: 'psyberg.maintenance',
  /** On the empty snapshot with which `main` of a target begins: the branch of the session that made it. */
  initialBranch: 'psyberg.initial-branch',
  /**
   * On the snapshot of an adoption: the process whose progress it took over. From there on that name has
   * none: under it, rows that the new name loaded since would be loaded again.
   */
  adoptedFrom: 'psyberg.adopted-from',
  /**
   * On the snapshot of an adoption: JSON, `{process: [table, …]}`, the sources of processes that are gone
   * with which the adoption has gone on. What those said of these sources before it is over: their owed hours
   * are owed by the adoption, and what came since is loaded by whoever adopted.
   */
  settled: 'psyberg.settled',
  /**
   * How long the stages of the session took up to its commit, in seconds. JSON, `{"init", "load", "audit",
   * "publish"}`; absent of a session that went step by step.
   */
  stageSeconds: 'psyberg.stage-seconds',
  /** On the snapshot of a restate, or of a session below one: `restate`. */
  trigger: 'psyberg.trigger',
  /** Of the same: why somebody asked for it. */
  reason: 'psyberg.reason',
  /** On the snapshot of a restate: JSON, `{"hours": [[first, last], …], "process_sha256"}`. */
  restated: 'psyberg.restated',
} as const;
