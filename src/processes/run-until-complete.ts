/**
 * A process session after session, until what it owes is only what is held back. Sessions -> their records,
 * each with what is left. Each session is published for good before the next one begins, so that whatever
 * ends the work in between loses none of them.
 */
import type { RunRecord, SessionsLeft } from '../model/run-record.ts';

export interface DoneSession {
  readonly record: RunRecord;
  /** Undefined after the last one. */
  readonly left: SessionsLeft | undefined;
}

/**
 * `session`: one of them, which never throws. A session that does not publish is the last one, and so is one
 * that loads the same hours as the one before and leaves the same: then nothing is gained by another.
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

/** The same hours once more, and as much left. */
const isSameWork = (record: RunRecord, before: RunRecord | undefined): boolean =>
  JSON.stringify([record.range, record.owed_hours]) === JSON.stringify([before?.range, before?.owed_hours]);
