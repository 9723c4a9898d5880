/** Limits how many calls run at a time; the others wait, in the order in which they were made. */
export type FewAtOnce = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** `most`: 1 or more. */
export function fewAtOnce(most: number): FewAtOnce {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      // The longest waiting one is next.
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
