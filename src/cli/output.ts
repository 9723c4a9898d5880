/**
 * Writes to stdout and stderr. What cannot be written stops no work: a session that broke off because nobody
 * reads its progress any more would be worse than a lost line.
 */
import { writeSync } from 'node:fs';
import { PsybergError } from '../model/errors.ts';

type Descriptor = 1 | 2;

/** Why nothing more is written to a descriptor. */
const closed = new Map<Descriptor, NodeJS.ErrnoException>();
let onLost = (): void => {};

/**
 * Writes synchronously, so that nothing is lost when the process ends. Never throws: after a failure the
 * descriptor takes nothing more, see {@link lostOutput}.
 */
export function writeAll(descriptor: Descriptor, text: string): void {
  let rest = Buffer.from(text, 'utf8');
  while (rest.length > 0 && !closed.has(descriptor)) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      const failed = error as NodeJS.ErrnoException;
      // The reader of a pipe is slow. Wait a moment and continue where the write stopped.
      if (failed.code === 'EAGAIN') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
      else {
        closed.set(descriptor, failed);
        if (descriptor === 1) onLost();
      }
    }
  }
}

/**
 * For commands that run until they are stopped: `stop` is called when stdout takes nothing more, also if that
 * was so before. They would drop all that comes, without a reader or, after a full disk, without a word; one
 * that has ended can be started again.
 */
export function whenOutputLost(stop: () => void): void {
  onLost = stop;
  if (closed.has(1)) stop();
}

/**
 * The error of a stdout that could not be written, a full disk for example. A reader that has closed its end
 * (`| head`) is none.
 */
export function lostOutput(): PsybergError | undefined {
  const error = closed.get(1);
  return error === undefined || error.code === 'EPIPE' ? undefined : outputNotWritable(error);
}

/** `output-not-writable`. */
export function outputNotWritable(cause: NodeJS.ErrnoException): PsybergError {
  const why = cause.code === 'ENOSPC' ? 'there is no space left' : cause.message;
  return new PsybergError('output-not-writable', `stdout cannot be written: ${why}`, {
    hint: 'send it elsewhere; what the command did stands: psyberg history says which sessions ran',
    cause,
  });
}
