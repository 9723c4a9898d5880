/**
 * Statements that an interrupt ends: those that run, and those that would follow. Spark forgets an interrupt
 * that comes before its statement has begun, so it is repeated until nothing runs.
 */
import { PsybergError } from '../../model/errors.ts';

export interface Stoppable {
  /** Throws `interrupted` where an interrupt came before, or ends it. */
  run<Answer>(work: () => Promise<Answer>): Promise<Answer>;
  stop(): void;
  /** Takes statements again, to clean up. */
  resume(): void;
}

const REPEATED_MS = 250;

/** `interrupt`: asks Spark to end what it runs. */
export function stoppable(interrupt: () => void): Stoppable {
  let isStopped = false;
  let running = 0;
  let repeating: NodeJS.Timeout | undefined;
  return {
    async run(work) {
      if (isStopped) throw interruptedError();
      running += 1;
      try {
        return await work();
      } catch (error) {
        throw isStopped ? interruptedError(error) : error;
      } finally {
        running -= 1;
        if (running === 0) clearInterval(repeating);
      }
    },
    stop() {
      isStopped = true;
      interrupt();
      clearInterval(repeating);
      if (running > 0) repeating = setInterval(interrupt, REPEATED_MS);
    },
    resume() {
      isStopped = false;
    },
  };
}

const interruptedError = (cause?: unknown): PsybergError =>
  new PsybergError('interrupted', 'the run was interrupted', {
    hint: 'run the same command again: nothing was published by this one',
    retryable: true,
    cause,
  });
