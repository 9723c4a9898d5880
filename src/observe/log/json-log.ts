/**
 * Writes log lines as JSON, for machines that collect them. Messages, and reports of sessions -> a line
 * each. Every line names the process and the session that it is about, or `null`.
 */
import { unexpected } from '../../model/errors.ts';
import { currentSession, textOfError } from '../hub.ts';
import type { Listener, SessionNames, TimedPart } from '../listener.ts';
import type { Outcome, RunEvent, SessionTold } from '../port.ts';

export type LogLevel = 'debug' | 'info' | 'warning' | 'error';
const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warning', 'error'];

type Fields = Readonly<Record<string, unknown>>;

export interface JsonLog {
  /** `about`: the session; default: the one for which the caller works. */
  line(level: LogLevel, message: string, fields?: Fields, about?: SessionNames): void;
  /** Logs reports of sessions. */
  readonly listener: Listener;
}

/** `write` takes whole lines. `least`: the lowest level that is written. */
export function jsonLog(write: (line: string) => void, least: LogLevel): JsonLog {
  const line: JsonLog['line'] = (level, message, fields = {}, about = currentSession()) => {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(least)) return;
    const head = {
      time: new Date().toISOString(),
      level,
      process_name: about?.processName ?? null,
      psyberg_session_id: about?.psybergSessionId ?? null,
      message,
    };
    write(`${JSON.stringify({ ...head, ...fields }, exactNumbers)}\n`);
  };
  return {
    line,
    listener: {
      name: 'log',
      ended(span) {
        logEnded(line, span);
      },
      told(told) {
        logTold(line, told);
      },
      close: async () => undefined,
    },
  };
}

/** 64-bit integers are texts, as in all JSON that is printed. */
const exactNumbers = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? String(value) : value;

function logEnded(
  line: JsonLog['line'],
  { part, session, startedAtMs, endedAtMs = startedAtMs, error }: TimedPart,
): void {
  if (part.kind !== 'stage' && part.kind !== 'step') return;
  const fields = {
    event: `${part.kind}-ended`,
    stage: part.stage,
    ...(part.kind === 'step' ? { step: part.name } : {}),
    seconds: Math.round(endedAtMs - startedAtMs) / 1000,
    ...(error === undefined ? {} : { error: { code: unexpected(error).code, message: textOfError(error) } }),
  };
  const what = part.kind === 'stage' ? part.stage : `${part.stage} ${part.name}`;
  // A failure is reported once, with the outcome; this line shows how far the session came.
  line(
    part.kind === 'stage' ? 'info' : 'debug',
    `${what} ${error === undefined ? 'done' : 'failed'}`,
    fields,
    session,
  );
}

function logTold(line: JsonLog['line'], told: RunEvent): void {
  switch (told.kind) {
    case 'session':
      line('info', told.resumed ? 'session resumed' : 'session began', sessionFields(told));
      return;
    case 'outcome':
      line(
        told.outcome.error === null ? 'info' : 'error',
        outcomeMessage(told.outcome),
        outcomeFields(told.outcome),
        namesOf(told.outcome),
      );
      return;
    case 'aborted':
      line('warning', 'session aborted', { event: 'session-aborted' });
      return;
  }
}

const sessionFields = ({ plan }: SessionTold): Fields => ({
  event: 'session-began',
  pattern: plan.pattern,
  trigger: plan.trigger ?? 'changes',
  target: plan.target.table,
  operation: plan.target.operation,
  range: plan.range,
  hours: plan.hours.length,
  sources: plan.sources.map(({ table, head, rows }) => ({
    table,
    snapshot_id: head?.snapshot_id ?? null,
    rows,
  })),
});

const namesOf = ({ process_name, psyberg_session_id }: Outcome): SessionNames => ({
  processName: process_name,
  psybergSessionId: psyberg_session_id === '' ? undefined : psyberg_session_id,
});

const outcomeMessage = ({ status, error }: Outcome): string =>
  error === null ? status : `${status}: ${error.message}`;

const outcomeFields = (outcome: Outcome): Fields => ({
  event: 'session-ended',
  status: outcome.status,
  target: outcome.target,
  published_snapshot_id: outcome.published_snapshot_id,
  rows_read: outcome.rows_read,
  rows_written: outcome.rows_written,
  owed_hours: outcome.owed_hours.length,
  audits_failed: outcome.audits.filter((audit) => audit.status === 'failed').map(({ name }) => name),
  seconds: outcome.seconds,
  error: outcome.error,
});
