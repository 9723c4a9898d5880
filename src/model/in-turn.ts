/**
 * Makes calls wait for each other. Functions -> functions whose calls run one at a time, in the order they
 * were made.
 */

/**
 * Runs `work` after everything that was started earlier in any of the lines named by `keys`, even if that
 * failed.
 */
export type InLines = <Result>(keys: readonly string[], work: () => Promise<Result>) => Promise<Result>;

/**
 * Lines exist only while somebody waits in them. Whoever joins several joins all at once, so that no two wait
 * for each other.
 */
export function lines(): InLines {
  const last = new Map<string, Promise<unknown>>();
  return async (keys, work) => {
    const done = Promise.all(keys.map((key) => last.get(key))).then(work);
    const ended = done.catch(() => undefined);
    for (const key of keys) last.set(key, ended);
    try {
      return await done;
    } finally {
      for (const key of keys) if (last.get(key) === ended) last.delete(key);
    }
  };
}

/**
 * All functions wrapped by one result share one line: a call waits for those before it, even if they failed.
 */
export function oneAfterTheOther(): <Arguments extends readonly unknown[], Result>(
  work: (...inputs: Arguments) => Promise<Result>,
) => (...inputs: Arguments) => Promise<Result> {
  const inLines = lines();
  return (work) =>
    (...inputs) =>
      inLines(['all'], () => work(...inputs));
}
