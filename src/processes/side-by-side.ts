/**
 * Works through tasks that wait for others, several at a time. Tasks -> results in the order of the tasks.
 */

export interface Tasks<Result> {
  /** Places of the tasks, each smaller, that a task waits for. */
  readonly after: readonly (readonly number[])[];
  /** How many at a time; 1 or more. */
  readonly lanes: number;
  /** `lane`: 0 to `lanes - 1`, of no other task that is under way. Never throws. */
  run(place: number, lane: number): Promise<Result>;
  /** True once nothing more is to begin. */
  isEnded(result: Result): boolean;
}

/** The first tasks that can begin, begin first: with one lane it is their order. */
export async function sideBySide<Result>({ after, lanes, run, isEnded }: Tasks<Result>): Promise<Result[]> {
  const results = new Map<number, Result>();
  const begun = new Set<number>();
  let ended = false;
  const next = (): number =>
    after.findIndex((places, place) => !begun.has(place) && places.every((each) => results.has(each)));
  let wake: (() => void)[] = [];
  const work = async (lane: number): Promise<void> => {
    while (!ended && begun.size < after.length) {
      const place = next();
      if (place < 0) {
        await new Promise<void>((resolve) => wake.push(resolve));
        continue;
      }
      begun.add(place);
      try {
        const result = await run(place, lane);
        results.set(place, result);
        ended ||= isEnded(result);
      } catch (error) {
        ended = true;
        throw error;
      } finally {
        const waiting = wake;
        wake = [];
        for (const each of waiting) each();
      }
    }
    // Whoever waits for a task that nobody begins any more.
    for (const each of wake.splice(0)) each();
  };
  const working = await Promise.allSettled(
    Array.from({ length: Math.min(lanes, after.length) }, (_, lane) => work(lane)),
  );
  const failed = working.find((each) => each.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return after.flatMap((_, place) => (results.has(place) ? [results.get(place) as Result] : []));
}
