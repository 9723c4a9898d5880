/** Describes the last session of a process in Prometheus' text format. Outcome -> samples. Pure. */

import { completeToHour } from '../../model/complete-to-hour.ts';
import { HOUR_MS, parseHour } from '../../model/hour.ts';
import type { Outcome, SessionTold } from '../port.ts';

export interface Sample {
  readonly name: MetricName;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What each gauge means. Times are in seconds since 1970, durations in seconds. */
const METRICS = {
  psyberg_session_status: '1 for the status of the last session of the process, or of its last step',
  psyberg_session_end_timestamp_seconds: 'when it ended',
  psyberg_session_success_timestamp_seconds:
    'when a session of the process last ended with published, nothing-new or waiting',
  psyberg_session_stage_seconds: 'how long its stages took',
  psyberg_session_rows_read: 'rows that it read of its sources',
  psyberg_session_rows_written: 'rows that it staged',
  psyberg_session_hours: 'hours, or days of a process of days, that it planned',
  psyberg_session_owed_hours: 'hours that it leaves to later sessions',
  psyberg_session_audit_failed: '1 for an audit that failed',
  psyberg_session_statements: 'statements of DuckDB that it ran',
  psyberg_session_catalog_requests: 'HTTP requests to the catalog in this process, or to a foreign one',
  psyberg_complete_to_timestamp_seconds: 'the end of the last hour to which its target is complete',
} as const;
export type MetricName = keyof typeof METRICS;

const STATUSES = ['published', 'nothing-new', 'waiting', 'audit-failed', 'conflict', 'refused', 'failed'];
const SUCCESS: ReadonlySet<string> = new Set(['published', 'nothing-new', 'waiting']);

/** Counts taken while the session ran. */
export interface Counted {
  statements: number;
  catalogRequests: number;
}

export function samplesOf(
  outcome: Outcome,
  session: SessionTold | undefined,
  { counted, endedAtMs }: { readonly counted: Counted; readonly endedAtMs: number },
): Sample[] {
  const { process_name, status, seconds } = outcome;
  const samples: Sample[] = [];
  const add = (name: MetricName, value: number, labels: Sample['labels'] = {}): void => {
    samples.push({ name, labels: { process_name, ...labels }, value });
  };
  // A step of a session that goes on has its own status.
  for (const each of STATUSES.includes(status) ? STATUSES : [...STATUSES, status])
    add('psyberg_session_status', each === status ? 1 : 0, { status: each });
  add('psyberg_session_end_timestamp_seconds', endedAtMs / 1000);
  if (SUCCESS.has(status)) add('psyberg_session_success_timestamp_seconds', endedAtMs / 1000);
  for (const stage of ['init', 'load', 'audit', 'publish'] as const)
    if (seconds[stage] > 0 || isWhole(outcome))
      add('psyberg_session_stage_seconds', seconds[stage], { stage });
  add('psyberg_session_rows_read', Number(outcome.rows_read));
  add('psyberg_session_rows_written', Number(outcome.rows_written));
  add('psyberg_session_hours', session?.plan.hours.length ?? 0);
  add('psyberg_session_owed_hours', outcome.owed_hours.length);
  for (const { name, severity, status: verdict } of outcome.audits)
    add('psyberg_session_audit_failed', verdict === 'failed' ? 1 : 0, { audit: name, severity });
  add('psyberg_session_statements', counted.statements);
  add('psyberg_session_catalog_requests', counted.catalogRequests);
  const complete = completeToEnd(status, session);
  if (complete !== undefined) add('psyberg_complete_to_timestamp_seconds', complete);
  return samples;
}

/** True for a session that ran in one command; a step only knows its own duration. */
const isWhole = ({ seconds }: Outcome): boolean => seconds.init > 0;

/** A session that did not publish has not moved anything. */
function completeToEnd(status: string, session: SessionTold | undefined): number | undefined {
  if (session === undefined) return undefined;
  const { plan } = session;
  const hour = status === 'published' ? completeToHour(plan) : plan.target.complete_to_hour;
  return hour === undefined || hour === null ? undefined : ((parseHour(hour) + 1) * HOUR_MS) / 1000;
}

const escaped = (text: string): string =>
  text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

/** The sample without its value, which identifies it. */
export const seriesOf = ({ name, labels }: Sample): string =>
  `${name}{${Object.entries(labels)
    .map(([label, value]) => `${label}="${escaped(value)}"`)
    .join(',')}}`;

/** `series`: values by what {@link seriesOf} returns. Samples of one metric are kept together. */
export function metricsText(series: ReadonlyMap<string, number>): string {
  const lines: string[] = [];
  for (const [name, help] of Object.entries(METRICS)) {
    const own = [...series].filter(([key]) => key.startsWith(`${name}{`));
    if (own.length === 0) continue;
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} gauge`);
    for (const [key, value] of own) lines.push(`${key} ${value}`);
  }
  return lines.map((line) => `${line}\n`).join('');
}

/** Reads what an earlier command has written: series -> value. Skips other lines. */
export function readSeries(text: string): Map<string, number> {
  const series = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [, key, value] = /^([a-z_]+\{.*\}) (\S+)$/.exec(line) ?? [];
    if (key !== undefined && Number.isFinite(Number(value))) series.set(key, Number(value));
  }
  return series;
}
