/** Writes how far each process has come, as text. ProcessStatus[] -> text. Pure. */
import type { ErrorJson } from '../model/errors.ts';
import type { Grain } from '../model/grain.ts';
import type { PlanSqlChanged } from '../model/plan.ts';
import type { OnLookupChange } from '../model/process-spec.ts';
import type { Trigger } from '../model/restate.ts';
import type { PageOptions } from './document-text.ts';
import { UNLIMITED, wrapText } from './fit.ts';
import { restateText } from './owed.ts';
import { sqlChangedText } from './sql-changed.ts';
import { PLAIN, type Style } from './style.ts';
import { borderedTable } from './table.ts';
import { countText, hourLabel, instantLabel, plural, rangeLabel, unitLabel, unitsLabel } from './text.ts';

/** Plain JSON: the objects of `status --json`. */
export interface SourceStatus {
  readonly table: string;
  readonly exists: boolean;
  readonly watermark: { readonly snapshot_id: string; readonly committed_at: string } | null;
  readonly head: { readonly snapshot_id: string; readonly committed_at: string } | null;
  /**
   * Number of snapshots with news that were not consumed yet, as far as metadata tell; null if the watermark
   * is no longer in the source's history.
   */
  readonly snapshots_behind: number | null;
  readonly owed_hours: readonly string[];
  /** Only for a folder: the number of its files that are still to be read. */
  readonly files_behind?: number;
  /** Only for a lookup; `on_change`: what its changes do, `watermark`: its state that was used last. */
  readonly lookup?: true;
  readonly on_change?: OnLookupChange;
}
/** A branch of a session that has not published. */
export interface BranchStatus {
  readonly branch: string;
  readonly psyberg_session_id: string;
  readonly state: 'kept' | 'waiting' | 'at-work' | 'dead';
}
export interface ProcessStatus {
  readonly process_name: string;
  readonly pattern: string;
  readonly target: string;
  readonly target_exists: boolean;
  /** Only for a process of days: `owed_hours` names the first hour of each. */
  readonly grain?: Grain;
  readonly complete_to_hour: string | null;
  readonly sources: readonly SourceStatus[];
  /**
   * For a process with `catchup.threshold_hours`: the owed hours that no session loads by itself, and the
   * rows that its sources have in them; `exact`: false if files also hold rows of other hours. Null: none.
   */
  readonly beyond_threshold?: {
    readonly hours: readonly string[];
    readonly rows: string;
    readonly exact: boolean;
  } | null;
  readonly branches: readonly BranchStatus[];
  readonly last_session: {
    readonly psyberg_session_id: string;
    readonly status: string;
    readonly created_at: string;
  } | null;
  /** Hours that were made by other SQL than the current one; null if no such hour is known. */
  readonly sql_changed?: PlanSqlChanged | null;
  /** Set if it cannot be told how far the process is: then only its last session is known. */
  readonly error?: ErrorJson;
}

/** Writes a line for each process, below it one for each source; then what is owed. */
export function statusText(
  statuses: readonly ProcessStatus[],
  { style = PLAIN, width = UNLIMITED }: PageOptions = {},
): string {
  if (statuses.length === 0) return 'the project has no processes; create one with: psyberg new process';
  const rows = statuses.flatMap((status) => [
    [
      style.strong(status.process_name),
      status.complete_to_hour === null ? '' : unitLabel(status, status.complete_to_hour),
      status.error === undefined ? lastSession(status, style) : style.bad(needsText(status.error)),
    ],
    ...status.sources.map((source) => [
      `  ${source.table}`,
      source.watermark === null ? style.faint('none') : instantLabel(source.watermark.committed_at),
      behindText(source, style),
    ]),
  ]);
  const table = borderedTable({
    head: ['process, its sources', 'complete, consumed to', 'last session, behind'],
    rows,
    fits: ['cut', 'keep', 'wrap'],
    width,
    style,
  });
  const owed = statuses.flatMap((status) => {
    const hours = status.sources.flatMap((source) => source.owed_hours);
    if (hours.length === 0) return [];
    const each = [...new Set(hours)].sort();
    const beyond = beyondText(status);
    const isAll = status.beyond_threshold?.hours.length === each.length;
    const owes = `${status.process_name} owes ${unitsLabel(status, each)}`;
    return (
      isAll
        ? [`${status.process_name} owes ${beyond}`]
        : [owes, ...(beyond === '' ? [] : [`  of these ${beyond}`])]
    ).map(style.warn);
  });
  const branches = statuses.flatMap((status) =>
    status.branches.map((each) => branchText(status, each, style)),
  );
  const changed = statuses.flatMap((status) => {
    const told = sqlChangedText(status);
    return told === undefined
      ? []
      : [
          style.warn(wrapText(`${status.process_name}: ${told.what}`, width, 2)),
          style.faint(`  ${told.hint}`),
        ];
  });
  const faults = statuses.flatMap((status) => faultText(status, { style, width }));
  const debts = owed.map((text) => wrapText(text, width, 2));
  return [table, ...faults, ...debts, ...changed, ...branches].join('\n');
}

const needsText = ({ code }: ErrorJson): string => `needs a person (${code})`;

function faultText(
  { process_name: name, error }: ProcessStatus,
  { style, width }: Required<PageOptions>,
): string[] {
  if (error === undefined) return [];
  const told = style.bad(wrapText(`${name}: ${error.message}`, width, 2));
  return error.hint === null ? [told] : [told, style.faint(wrapText(`  ${error.hint}`, width, 2))];
}

function beyondText(status: ProcessStatus): string {
  const { process_name: name, beyond_threshold: beyond } = status;
  if (beyond == null) return '';
  const { hours, rows, exact } = beyond;
  const counted = `${exact ? '' : 'at most '}${plural(rows, 'row')}`;
  return `${unitsLabel(status, hours)} (${counted}), further back than catchup.threshold_hours; ${restateText(name, hours, status)}`;
}

const STATE_TEXT: Readonly<Record<BranchStatus['state'], string>> = {
  kept: 'was kept, until the next run',
  waiting: 'waits for its next step',
  'at-work': 'is being written',
  dead: 'was left by a session whose process is gone; the next run drops it',
};

function branchText(
  { process_name: name, target }: ProcessStatus,
  { branch, psyberg_session_id: id, state }: BranchStatus,
  style: Style,
): string {
  const head = `${name}: the branch of session ${id} ${STATE_TEXT[state]}`;
  if (state === 'at-work') return style.faint(head);
  return [
    style.warn(head),
    `    look:  psyberg sql --branch ${branch} "select * from ${target}"`,
    `    drop:  psyberg session abort --process_name=${name} --psyberg_session_id=${id}`,
  ].join('\n');
}

function lastSession({ last_session: last }: ProcessStatus, style: Style): string {
  if (last === null) return style.faint('never run');
  return sessionStatus(last.status, style);
}

const BAD: ReadonlySet<string> = new Set(['failed', 'audit-failed', 'conflict', 'refused']);

/** `code`: that of the error with which it ended. */
function sessionStatus(status: string, style: Style, code?: string): string {
  const text = code === undefined ? status : `${status} (${code})`;
  return status === 'published' ? style.good(text) : BAD.has(status) ? style.bad(text) : text;
}

/** True for a folder without files from which nothing was ever read: one that was emptied does not count. */
export const hasNoFiles = ({ files_behind: files, exists, watermark }: SourceStatus): boolean =>
  files !== undefined && !exists && watermark === null;

function behindText(source: SourceStatus, style: Style): string {
  if (hasNoFiles(source)) return style.warn('no file matches');
  if (source.files_behind !== undefined)
    return source.files_behind === 0
      ? style.good('up to date')
      : `${plural(source.files_behind, 'file')} behind`;
  if (!source.exists) return style.warn('does not exist yet');
  if (source.head === null) return style.faint('empty');
  if (source.lookup === true) return lookupText(source, style);
  if (source.snapshots_behind === null) return style.warn('watermark is not in its history');
  return source.snapshots_behind === 0
    ? style.good('up to date')
    : `${plural(source.snapshots_behind, 'snapshot')} behind`;
}

/** A lookup whose changes are ignored does not put anybody behind. */
function lookupText({ on_change: onChange, snapshots_behind: count, watermark }: SourceStatus, style: Style) {
  if (watermark === null) return style.faint('a lookup, not used yet');
  if (count === 0) return style.good('up to date');
  const times = count === null ? 'changed since' : `changed by ${plural(count, 'snapshot')} since`;
  return onChange === 'restate' ? style.warn(times) : `${times} (ignored)`;
}

export interface HistoryRow {
  readonly process_name: string;
  readonly psyberg_session_id: string;
  readonly status: string;
  readonly target_table: string;
  readonly src_tables: string;
  readonly first_hour: string | null;
  readonly last_hour: string | null;
  readonly rows_read: string | null;
  readonly rows_written: string | null;
  readonly created_at: string;
  /** `restate`: somebody asked for it, and `reason` is what they gave. */
  readonly trigger: Trigger;
  readonly reason: string | null;
  /**
   * Data files of its sources that were new to it, and their bytes; null for sessions of earlier releases.
   */
  readonly new_files: string | null;
  readonly new_bytes: string | null;
  /** Data files that it added to its target, and their bytes; also null if it did not publish. */
  readonly files_written: string | null;
  readonly bytes_written: string | null;
  /** Why it did not publish; null if it did. */
  readonly error: { readonly code: string } | null;
}

export function historyText(
  rows: readonly HistoryRow[],
  { style = PLAIN, width = UNLIMITED }: PageOptions = {},
): string {
  if (rows.length === 0) return 'no session yet; run: psyberg run';
  const restates = rows.some(({ trigger }) => trigger === 'restate');
  return borderedTable({
    head: [
      'session',
      'process',
      'status',
      'hours',
      'rows read',
      'written',
      'recorded',
      ...(restates ? ['why'] : []),
    ],
    rows: rows.map((row) => [
      row.psyberg_session_id,
      row.process_name,
      sessionStatus(
        row.status,
        style,
        row.error === null || row.error.code === row.status ? undefined : row.error.code,
      ),
      row.first_hour === null || row.last_hour === null ? '' : rangeLabel(row.first_hour, row.last_hour),
      countText(row.rows_read ?? '0'),
      countText(row.rows_written ?? '0'),
      instantLabel(row.created_at),
      ...(restates ? [whyText(row)] : []),
    ]),
    alignRight: [4, 5],
    fits: ['keep', 'cut', 'wrap', 'wrap', 'drop', 'keep', 'drop', ...(restates ? ['wrap' as const] : [])],
    width,
    style,
  });
}

const whyText = ({ trigger, reason }: HistoryRow): string =>
  trigger === 'restate' ? (reason === null ? 'restate' : `restate: ${reason}`) : '';

export interface SignalRow {
  readonly signal_name: string;
  readonly process_name: string;
  readonly hour: string;
  readonly kind: string;
  readonly psyberg_session_id: string;
  readonly created_at: string;
  /** First and last hour of each stretch that was reopened; null for an announced completeness. */
  readonly hours: readonly (readonly [first: string, last: string])[] | null;
}

export function signalsText(
  rows: readonly SignalRow[],
  { style = PLAIN, width = UNLIMITED }: PageOptions = {},
): string {
  if (rows.length === 0) return 'nothing was announced yet; a run announces how far its target is complete';
  return borderedTable({
    head: ['signal', 'kind', 'hours', 'process', 'session', 'announced'],
    rows: rows.map((row) => [
      row.signal_name,
      row.kind,
      announcedHours(row),
      row.process_name,
      row.psyberg_session_id,
      instantLabel(row.created_at),
    ]),
    fits: ['cut', 'keep', 'wrap', 'cut', 'drop', 'drop'],
    width,
    style,
  });
}

const announcedHours = ({ hour, hours }: SignalRow): string =>
  hours === null
    ? `up to ${hourLabel(hour)}`
    : hours.map(([first, last]) => (first === last ? hourLabel(first) : rangeLabel(first, last))).join(', ');

/** Writes one announcement in one line, as it comes. */
export const signalLine = (row: SignalRow): string =>
  `${row.signal_name} ${row.kind} ${announcedHours(row)} (${row.process_name}, session ${row.psyberg_session_id})`;

/** Writes the result of waiting for a table. */
export function waitText(wait: {
  readonly signal_name: string;
  readonly wait_for: string;
  readonly complete: boolean;
  readonly complete_to_hour: string | null;
  readonly waited_seconds: number;
}): string {
  const to =
    wait.complete_to_hour === null ? 'not announced yet' : `complete to ${hourLabel(wait.complete_to_hour)}`;
  const short = wait.complete ? '' : `, not to ${hourLabel(wait.wait_for)}`;
  return `${wait.signal_name} is ${to}${short}; waited ${wait.waited_seconds} s`;
}
