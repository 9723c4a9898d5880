/** Calls that wait for each other. Functions -> functions whose calls run one at a time, in the order they were made. */

/** One connection holds one session at a time: calls that write sessions wait for those before them, also where those failed. */
export function oneAfterTheOther(): <Arguments extends readonly unknown[], Result>(work: (...inputs: Arguments) => Promise<Result>) => (...inputs: Arguments) => Promise<Result> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) =>
    (...inputs) => {
      const result = last.then(() => work(...inputs));
      last = result.catch(() => undefined);
      return result;
    };
}
