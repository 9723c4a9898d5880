/**
 * Ctrl-C and a scheduler's stop: the running work ends, cleans up after itself, and the exit code says which
 * signal it was.
 */
import { whenOutputLost } from './output.ts';

export interface Interruption {
  /** 128 + the signal's number once one came, else undefined. */
  exitCode(): number | undefined;
  release(): void;
}

/**
 * npm and npx pass a signal on to a child that the terminal has already signalled: one key press arrives
 * twice, milliseconds apart.
 */
const SAME_KEY_PRESS_MS = 500;
const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;

/** The first signal calls `stop`; a second one, half a second later or more, ends the process at once. */
export function onInterruption(stop: () => void): Interruption {
  let first: { readonly code: number; readonly atMs: number } | undefined;
  const listener = (signal: NodeJS.Signals): void => {
    const code = SIGNALS[signal as keyof typeof SIGNALS];
    if (first === undefined) {
      first = { code, atMs: performance.now() };
      stop();
    } else if (performance.now() - first.atMs > SAME_KEY_PRESS_MS) process.exit(code);
  };
  for (const signal of Object.keys(SIGNALS)) process.on(signal, listener);
  return {
    exitCode: () => first?.code,
    release() {
      for (const signal of Object.keys(SIGNALS)) process.off(signal, listener);
    },
  };
}

/** The same for work that cleans up after itself: says so, and how to end it at once. */
export const onInterruptedWork = (shell: { note(text: string): void }, stop: () => void): Interruption =>
  onInterruption(() => {
    shell.note('interrupted: cleaning up; press again to end at once');
    stop();
  });

/** The exit code of `work`, or of the signal that stopped it. */
export function untilInterrupted(
  psyberg: { interrupt(): void },
  work: () => Promise<number>,
): Promise<number> {
  const interruption = onInterruption(() => psyberg.interrupt());
  return endedBy(interruption, async () => {
    const code = await work();
    return interruption.exitCode() ?? code;
  });
}

/** The exit code of `work`, or of the signal that made it fail. Releases the interruption. */
export async function endedBy(interruption: Interruption, work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    const code = interruption.exitCode();
    if (code === undefined) throw error;
    return code;
  } finally {
    interruption.release();
  }
}

/**
 * Waits for the first signal: for a command that serves, it is the end, and no failure. So is a stdout that
 * cannot be written: nobody learns then where it serves.
 */
export const stopSignal = (): Promise<void> =>
  new Promise((stop) => {
    whenOutputLost(stop);
    for (const signal of Object.keys(SIGNALS)) process.once(signal, () => stop());
  });
