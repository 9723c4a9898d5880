/** Writes what a run did, as text for people. RunRecord -> text. Pure. */
import type { ErrorJson } from '../model/errors.ts';
import type { AuditResult, RunRecord } from '../model/run-record.ts';
import type { PageOptions } from './document-text.ts';
import { hangingText, UNLIMITED, wrapText } from './fit.ts';
import { owedTexts } from './owed.ts';
import { PLAIN, type Style } from './style.ts';
import { countText, indent, plural, rangeLabel, secondsText } from './text.ts';
import { padToWidth } from './width.ts';

/** A record of a run, or of one step of a session: steps have statuses of their own. */
export type ReportedRecord = Omit<RunRecord, 'status'> & { readonly status: string };

/**
 * Writes one line for a process, and below it what a person has to know. `nameWidth`: aligns the lines of
 * several processes in columns.
 */
export function runText(
  record: ReportedRecord,
  { style = PLAIN, width = UNLIMITED, nameWidth = 0, goesOn = false }: RunTextOptions = {},
): string {
  const lead = `${padToWidth(style.strong(record.process_name), nameWidth)}  ${padToWidth(statusText(record.status, style), 12)}  `;
  const lines = [hangingText(lead, factsText(record), width).trimEnd()];
  for (const audit of record.audits)
    if (audit.status === 'failed') lines.push(indent(failedAuditText(audit, style), 4));
  for (const remark of remarks(record, style, goesOn)) lines.push(indent(wrapText(remark, width - 4, 2), 4));
  if (record.error !== null) lines.push(indent(errorText(record.error, style), 4));
  return lines.join('\n');
}

interface RunTextOptions extends PageOptions {
  readonly nameWidth?: number;
  /** True if the next session follows at once, and loads what this one left. */
  readonly goesOn?: boolean;
}

/** What a person has to know in addition to the first line. */
function remarks(record: ReportedRecord, style: Style, goesOn: boolean): string[] {
  const { skipped_null_event_times: skipped, waited_seconds: waited } = record;
  return [
    ...(goesOn ? [] : [...warnings(record, style), ...owedTexts(record).map(style.warn)]),
    ...(skipped === '0' ? [] : [style.warn(`skipped: ${plural(skipped, 'row')} without an event time`)]),
    ...(waited === undefined
      ? []
      : [
          style.faint(
            `waited ${secondsText(waited)} for another session of ${record.process_name}, which loaded what was new then`,
          ),
        ]),
  ];
}

/** What the author may not have intended. For a session that failed, the error is enough. */
function warnings({ status, warnings: given = [] }: ReportedRecord, style: Style): string[] {
  if (!DONE.has(status)) return [];
  return given.flatMap(({ message, hint }) => [style.warn(`warning: ${message}`), style.faint(hint)]);
}

const DONE = new Set(['published', 'loaded', 'audited', 'initialized']);

function statusText(status: string, style: Style): string {
  if (DONE.has(status)) return style.good(status);
  if (status === 'nothing-new') return style.faint('nothing new');
  return status === 'waiting' ? style.warn(status) : style.bad(status);
}

function auditsText({ audits }: ReportedRecord): string {
  const failed = audits.filter((audit) => audit.status === 'failed').length;
  if (audits.length === 0) return '';
  const all = plural(audits.length, 'audit');
  return failed === 0 ? `${all} passed` : `${failed} of ${all} failed`;
}

function factsText(record: ReportedRecord): string {
  if (record.status === 'nothing-new' || record.status === 'waiting')
    return secondsText(record.seconds.total);
  // It failed before there was anything to tell.
  if (record.branch === '') return '';
  const rows =
    record.rows_read === '0' && record.rows_written === '0'
      ? ''
      : `${countText(record.rows_read)} ${record.rows_read === '1' ? 'row' : 'rows'} read, ${countText(record.rows_written)} written`;
  const hours =
    record.range === null ? '' : rangeLabel(record.range.first_hour, record.range.last_hour, record);
  return [
    `${record.operation} ${record.target}`,
    hours,
    rows,
    auditsText(record),
    record.seconds.total === 0 ? '' : secondsText(record.seconds.total),
  ]
    .filter((part) => part !== '')
    .join(', ');
}

const SAMPLE_ROWS = 3;

/** A count, or words such as `at least 1`. */
const expectedText = (expected: string): string => (/^\d+$/.test(expected) ? countText(expected) : expected);

/** Says what was expected, what was found, and shows some of the rows that failed. */
function failedAuditText(audit: AuditResult, style: Style): string {
  const head = `${audit.severity === 'block' ? style.bad('audit failed') : style.warn('audit warns')}: ${audit.name}: expected ${expectedText(audit.expected)}, found ${countText(audit.actual)}`;
  const rows = audit.sample.slice(0, SAMPLE_ROWS).map((row) => `  ${JSON.stringify(row)}`);
  return [head, ...rows, ...moreRows(audit, rows.length)].join('\n');
}

/** Says how many of the rows were shown, and where the others are. */
function moreRows({ actual, sample, kept }: AuditResult, shown: number): string[] {
  if (sample.length === 0 || BigInt(actual) <= BigInt(shown)) return [];
  const all = kept !== null && kept.rows === actual;
  const others =
    kept === null
      ? `${sample.length} of them are in --json`
      : `${all ? 'all' : countText(kept.rows)} of them: psyberg sql "${kept.query}"`;
  return [`  these are ${shown} of ${countText(actual)}; ${others}`];
}

/** Writes an error for people: what happened, and what to do. */
export function errorText(error: Pick<ErrorJson, 'message' | 'hint'>, style: Style = PLAIN): string {
  const hint = error.hint === null ? [] : [`${style.faint('hint:')} ${error.hint}`];
  return [`${style.bad('error:')} ${error.message}`, ...hint].join('\n');
}

/** Writes the last line of a run with several processes, or several sessions of them. */
export function runSummary(records: readonly ReportedRecord[], seconds: number): string {
  const counts = new Map<string, number>();
  for (const record of records) counts.set(record.status, (counts.get(record.status) ?? 0) + 1);
  const parts = [...counts].map(
    ([status, count]) => `${count} ${status === 'nothing-new' ? 'with nothing new' : status}`,
  );
  const processes = new Set(records.map((record) => record.process_name)).size;
  const sessions = processes === records.length ? '' : `, ${plural(records.length, 'session')}`;
  return `${plural(processes, 'process', 'processes')}${sessions}: ${parts.join(', ')}; ${secondsText(seconds)}`;
}
