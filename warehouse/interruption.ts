/**
 * Ctrl-C: the running session ends, nothing more begins, and the run folder is cleaned up. A second Ctrl-C ends at once.
 */

/** Thrown at the next safe point after Ctrl-C. */
export class Interrupted extends Error {
  constructor() {
    super('interrupted');
    this.name = 'Interrupted';
  }
}

export interface Interruption {
  /** Throws {@link Interrupted} once Ctrl-C was pressed; called between two steps. */
  check(): void;
  /** Gives the signals back. */
  release(): void;
}

/** npm passes Ctrl-C on to a script that the terminal has already signalled: the same key press arrives twice, milliseconds apart. */
const SAME_KEY_PRESS_MS = 500;

/** Starts listening. `cleanUp` runs at once on the second Ctrl-C; it must be synchronous. */
export function listenForInterruption({ onFirst, cleanUp }: { readonly onFirst: () => void; readonly cleanUp: () => void }): Interruption {
  let interruptedAtMs: number | undefined;
  const listener = (): void => {
    if (interruptedAtMs === undefined) {
      interruptedAtMs = performance.now();
      onFirst();
    } else if (performance.now() - interruptedAtMs > SAME_KEY_PRESS_MS) {
      cleanUp();
      process.exit(130);
    }
  };
  process.on('SIGINT', listener);
  process.on('SIGTERM', listener);
  return {
    check() {
      if (interruptedAtMs !== undefined) throw new Interrupted();
    },
    release() {
      process.off('SIGINT', listener);
      process.off('SIGTERM', listener);
    },
  };
}
