/**
 * What several processes tell while they run side by side, told as if they ran one after the other. Events of
 * many -> events in order.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { WorkProgress } from '../model/progress.ts';
import type { RunRecord, SessionsLeft } from '../model/run-record.ts';
import type { Told } from '../workspace/lane.ts';

export interface Ordered {
  /** Takes what the process at this place tells: passed on at once when it is the first that is not done. */
  of(place: number): Told;
  /** A session of the process at this place has ended. `left`: what later ones are to load. */
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
  tell: Told & { onRecord(record: RunRecord, left?: SessionsLeft): void },
): Ordered {
  const held: Held[] = Array.from({ length: count }, () => ({ told: [], isDone: false }));
  let first = 0;
  /** Passes on what the first one has told; of one that is done all, and then of the next. */
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
        // Whoever logs it asks for which session it was said, also when it is passed on by another.
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
