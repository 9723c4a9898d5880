/**
 * Watches a statement for tasks that end. Progress -> a note when nothing of it is at work, and an end when
 * nothing has ended for too long. A cluster without a free executor takes a statement and says nothing more.
 */

/** How far a statement has come. */
export interface SparkTasks {
  readonly done: number;
  readonly total: number;
  /** That executors are at. */
  readonly running: number;
}

/**
 * When something of a session last went on, in ms. Its statements share it: one that waits for another one of
 * the same session does not stand still.
 */
export interface Activity {
  /** A task ended, or a statement began. */
  endedAtMs: number;
  /** A task was at work. */
  atWorkMs: number;
}

export const noActivity = (): Activity => ({ endedAtMs: 0, atWorkMs: 0 });

export interface StallOptions {
  readonly activity: Activity;
  /** How long no task may end, in ms; undefined: for ever. */
  readonly timeoutMs: number | undefined;
  /** Called once, when tasks are left and none has been at work for some seconds. */
  readonly onWaiting: (tasks: SparkTasks) => void;
  /** Called once, when the time is up. */
  readonly onStalled: (tasks: SparkTasks | undefined) => void;
}

export interface StallWatch {
  note(tasks: SparkTasks): void;
  stop(): void;
}

/** A busy cluster frees an executor within this time as a rule; before it nothing is said. */
const WAITING_MS = 5_000;
const LOOK_MS = 500;

export function watchForStall(
  { activity, timeoutMs, onWaiting, onStalled }: StallOptions,
  nowMs: () => number = Date.now,
): StallWatch {
  let tasks: SparkTasks | undefined;
  activity.endedAtMs = nowMs();
  activity.atWorkMs = nowMs();
  let isTold = false;
  const look = (): void => {
    const now = nowMs();
    if (timeoutMs !== undefined && now - activity.endedAtMs >= timeoutMs) {
      clearInterval(timer);
      onStalled(tasks);
    } else if (
      !isTold &&
      tasks !== undefined &&
      tasks.done < tasks.total &&
      now - activity.atWorkMs >= WAITING_MS
    ) {
      isTold = true;
      onWaiting(tasks);
    }
  };
  const timer = setInterval(look, LOOK_MS);
  return {
    note(next) {
      if (next.done !== tasks?.done || next.total !== tasks.total) activity.endedAtMs = nowMs();
      if (next.running > 0) activity.atWorkMs = nowMs();
      tasks = next;
    },
    stop: () => clearInterval(timer),
  };
}
