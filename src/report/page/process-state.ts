/** Sums up the state of a process in a few words and a colour. ReportedProcess -> state. Pure. */
import { hourLabel, plural, unitLabel, unitsLabel, unitsText } from '../text.ts';
import { html, type Markup } from './html.ts';
import type { FailingAudit, ReportedProcess } from './report-document.ts';

export interface ProcessState {
  readonly level: 'good' | 'warn' | 'bad' | 'none';
  /** A few words. */
  readonly text: string;
}

const BAD: ReadonlySet<string> = new Set(['failed', 'audit-failed', 'conflict', 'refused']);

/** Failed audits that still count: no later session has published. */
export const currentFailures = ({ failing_audits: audits }: ReportedProcess): FailingAudit[] =>
  audits.filter(({ is_current: isCurrent }) => isCurrent);

/** The worst of what is known. */
export function processState(process: ReportedProcess): ProcessState {
  const { status, owed_hours: owed } = process;
  if (status === null) return { level: 'bad', text: 'cannot be read' };
  const last = status.last_session;
  if (last !== null && BAD.has(last.status)) return { level: 'bad', text: last.status };
  if (last === null) return { level: 'none', text: 'never run' };
  if (currentFailures(process).length > 0) return { level: 'warn', text: 'audits warn' };
  if (status.sql_changed != null) return { level: 'warn', text: 'SQL changed' };
  if (owed.length > 0) return { level: 'warn', text: `owes ${unitsText(status, owed.length)}` };
  const behind = behindText(process);
  if (behind !== 'up to date') return { level: 'warn', text: behind };
  return { level: 'good', text: 'up to date' };
}

export const badge = ({ level, text }: ProcessState): Markup =>
  html`<span class="badge ${level}">${text}</span>`;

/** `2 snapshots behind`, over all sources. */
export function behindText({ status }: ReportedProcess): string {
  if (status === null) return 'not known';
  const isLost = status.sources.some(
    ({ snapshots_behind: behind, watermark, head }) => behind === null && watermark !== null && head !== null,
  );
  if (isLost) return 'a watermark is not in its history';
  const snapshots = status.sources
    // A lookup whose changes are ignored does not put anybody behind.
    .filter(({ lookup, on_change: onChange }) => lookup !== true || onChange === 'restate')
    .reduce((sum, { snapshots_behind: behind }) => sum + (behind ?? 0), 0);
  const files = status.sources.reduce((sum, { files_behind: behind = 0 }) => sum + behind, 0);
  const parts = [
    ...(snapshots > 0 ? [`${plural(snapshots, 'snapshot')} behind`] : []),
    ...(files > 0 ? [`${plural(files, 'file')} behind`] : []),
  ];
  return parts.length === 0 ? 'up to date' : parts.join(', ');
}

/** `2023-09-14 07h`, or a dash. */
export const completeText = ({ status }: ReportedProcess): string =>
  status?.complete_to_hour == null ? '—' : unitLabel(status, status.complete_to_hour);

/** The hours that wait. */
export const owedText = ({ owed_hours: owed, status }: ReportedProcess): string =>
  owed.length === 0 ? '' : unitsLabel(status ?? {}, owed, 3);

export const heldBackLabel = ({ held_back_by: held }: ReportedProcess): string =>
  held === null
    ? ''
    : `${held.source}${held.complete_to_hour === null ? '' : `, complete to ${hourLabel(held.complete_to_hour)}`}`;
