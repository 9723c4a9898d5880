/** Calls that wait for each other. Functions -> functions whose calls run one at a time, in the order they were made. */

/** All functions that one result wraps share one line: a call waits for those before it, also where those failed. */
export function oneAfterTheOther(): <Arguments extends readonly unknown[], Result>(work: (...inputs: Arguments) => Promise<Result>) => (...inputs: Arguments) => Promise<Result> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) =>
    (...inputs) => {
      const result = last.then(() => work(...inputs));
      last = result.catch(() => undefined);
      return result;
    };
}
