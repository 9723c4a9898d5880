/**
 * Runs session after session of a process until it owes only hours that are held back. Sessions -> their
 * records, each with what is left. A session is published before the next one begins, so an interruption in
 * between loses nothing.
 */
import type { RunRecord, SessionsLeft } from '../model/run-record.ts';

export interface DoneSession {
  readonly record: RunRecord;
  /** Undefined after the last one. */
  readonly left: SessionsLeft | undefined;
}

/**
 * `session` runs one of them, and never throws. Stops after a session that did not publish, and after one
 * that loaded the same hours and left the same hours as the one before: another would gain nothing.
 */
export async function* sessionsOf(
  session: () => Promise<RunRecord>,
  untilComplete: boolean,
): AsyncGenerator<DoneSession> {
  const startedMs = performance.now();
  let before: RunRecord | undefined;
  let doneHours = 0;
  for (;;) {
    const record = await session();
    const leftHours = record.status === 'published' ? (record.catchup?.later_hours ?? 0) : 0;
    const wereDue = before?.catchup?.later_hours;
    const hasPaid = wereDue === undefined || leftHours < wereDue || !isSameWork(record, before);
    if (!untilComplete || leftHours === 0 || !hasPaid) {
      yield { record, left: undefined };
      return;
    }
    doneHours += record.catchup?.session_hours ?? 0;
    const leftMs = ((performance.now() - startedMs) / Math.max(1, doneHours)) * leftHours;
    yield { record, left: { doneHours, leftHours, leftMs } };
    before = record;
  }
}

/** Whether both loaded the same hours and owe the same hours. */
const isSameWork = (record: RunRecord, before: RunRecord | undefined): boolean =>
  JSON.stringify([record.range, record.owed_hours]) === JSON.stringify([before?.range, before?.owed_hours]);
