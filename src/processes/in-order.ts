/**
 * Orders the messages and records of processes that run side by side, so that they read as if the processes
 * ran one after the other. Interleaved events -> events in order of the processes.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { WorkProgress } from '../model/progress.ts';
import type { RunRecord, SessionsLeft } from '../model/run-record.ts';
import type { ProgressSink } from '../workspace/lane.ts';

export interface Ordered {
  /** Takes the messages of the process at this place; passes them on at once if all before it are done. */
  of(place: number): ProgressSink;
  /** A session of the process at this place has ended. `left`: what later sessions still have to load. */
  record(place: number, record: RunRecord, left: SessionsLeft | undefined): void;
  /** The process at this place is done; a place may be left out for good. */
  done(place: number): void;
}

interface Held {
  /** Steps and records, as they came. */
  readonly told: (() => void)[];
  progress?: WorkProgress;
  isDone: boolean;
}

/** `count`: how many places there are. */
export function inOrder(
  count: number,
  tell: ProgressSink & { onRecord(record: RunRecord, left?: SessionsLeft): void },
): Ordered {
  const held: Held[] = Array.from({ length: count }, () => ({ told: [], isDone: false }));
  let first = 0;
  /** Passes on what the first unfinished process has said; when it is done, goes on with the next. */
  const passOn = (): void => {
    for (let each = held[first]; each !== undefined; each = held[first]) {
      for (const pass of each.told.splice(0)) pass();
      if (each.progress !== undefined && !each.isDone) tell.onProgress(each.progress);
      delete each.progress;
      if (!each.isDone) return;
      first += 1;
    }
  };
  const heldAt = (place: number): Held => held[place] as Held;
  return {
    of: (place) => ({
      onStep(message) {
        // Bound to its own async context: a log looks there for the session, even if another one passes it
        // on.
        heldAt(place).told.push(AsyncLocalStorage.bind(() => tell.onStep(message)));
        if (place === first) passOn();
      },
      onProgress(progress) {
        heldAt(place).progress = progress;
        if (place === first) passOn();
      },
    }),
    record(place, record, left) {
      heldAt(place).told.push(() => tell.onRecord(record, left));
      if (place === first) passOn();
    },
    done(place) {
      heldAt(place).isDone = true;
      if (place === first) passOn();
    },
  };
}
