/**
 * Keeps announcements that are still to be delivered: a file for each session, written before it publishes,
 * and deleted when everybody has accepted it. A process that is killed in between leaves the file, and the
 * next run delivers it: at least once.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TableMetadata } from '../../iceberg/table-metadata.ts';
import type { SignalMessage } from '../../model/on-signal.ts';
import { branchName } from '../../model/session-branch.ts';
import { snapshotOfSession } from '../../state/sessions-written.ts';
import type { SignalTableRow } from '../../state/tables/signal.ts';
import { sessionSignals } from '../records/session-signals.ts';
import type { Staged } from '../session.ts';

/** The messages of a session. */
export interface NotedSignals {
  readonly process_name: string;
  readonly psyberg_session_id: string;
  readonly messages: readonly SignalMessage[];
}

const outboxOf = (sessionsDirectory: string): string => join(dirname(sessionsDirectory), 'signals');

/** Writes down what the session is about to announce, where somebody is to be told. */
export function noteSignals(session: Staged): void {
  const { ports, spec, plan, branch } = session;
  if ((spec.onSignal ?? ports.project.onSignal) === undefined) return;
  const messages = sessionSignals(session, new Date().toISOString()).map(messageOf);
  if (messages.length === 0) return;
  const outbox = outboxOf(ports.sessionsDirectory);
  mkdirSync(outbox, { recursive: true });
  const { process_name, psyberg_session_id } = plan;
  const noted: NotedSignals = { process_name, psyberg_session_id, messages };
  writeFileSync(join(outbox, `${branch}.json`), JSON.stringify(noted));
}

function messageOf(row: SignalTableRow): SignalMessage {
  const date = String(row.vtts_utc_dateint);
  const day = `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6, 8)}`;
  return {
    id: `${row.process_name}/${row.psyberg_session_id}/${row.kind}`,
    signal_name: String(row.signal_name),
    process_name: String(row.process_name),
    kind: String(row.kind),
    hour: `${day}T${String(row.vtts_utc_hour).padStart(2, '0')}:00:00Z`,
    hours: row.hours === null ? null : (JSON.parse(String(row.hours)) as SignalMessage['hours']),
    psyberg_session_id: String(row.psyberg_session_id),
    created_at: String(row.created_at),
  };
}

/** What is noted of a process, oldest first; without sessions that are at work. */
export function notedSignals(sessionsDirectory: string, processName: string): NotedSignals[] {
  const outbox = outboxOf(sessionsDirectory);
  if (!existsSync(outbox)) return [];
  return readdirSync(outbox)
    .filter((name) => name.endsWith('.json') && !existsSync(join(sessionsDirectory, name.slice(0, -5))))
    .toSorted()
    .flatMap((name) => readNoted(join(outbox, name)) ?? [])
    .filter((noted) => noted.process_name === processName);
}

/** Undefined where another process has told it meanwhile, or a crash left half of it. */
function readNoted(file: string): NotedSignals | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as NotedSignals;
  } catch {
    return undefined;
  }
}

/** They were told, or the session never published. */
export const forgetSignals = (sessionsDirectory: string, noted: NotedSignals): void =>
  rmSync(
    join(outboxOf(sessionsDirectory), `${branchName(noted.process_name, noted.psyberg_session_id)}.json`),
    { force: true },
  );

/** Whether the session is in the history of its target. */
export const wasPublished = (target: TableMetadata | undefined, noted: NotedSignals): boolean =>
  target !== undefined &&
  snapshotOfSession(target, {
    processName: noted.process_name,
    psybergSessionId: noted.psyberg_session_id,
  }) !== undefined;
