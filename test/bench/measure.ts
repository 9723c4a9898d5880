/** Timing: medians over runs in one process, in ms. */

export interface Timing {
  readonly medianMs: number;
  readonly minMs: number;
  readonly maxMs: number;
  readonly runs: number;
}

/** Runs `work` so often and returns its times. `prepare` is not timed. */
export async function timed(
  runs: number,
  work: (run: number) => Promise<unknown>,
  prepare: (run: number) => Promise<unknown> = async () => {},
): Promise<Timing> {
  const times: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    await prepare(run);
    const startedMs = performance.now();
    await work(run);
    times.push(performance.now() - startedMs);
  }
  return timingOf(times);
}

export function timingOf(times: readonly number[]): Timing {
  const sorted = [...times].sort((left, right) => left - right);
  return {
    medianMs: sorted[Math.floor(sorted.length / 2)] as number,
    minMs: sorted[0] as number,
    maxMs: sorted.at(-1) as number,
    runs: sorted.length,
  };
}

export const ms = (value: number): string =>
  value < 1000 ? `${value.toFixed(0)} ms` : `${(value / 1000).toFixed(2)} s`;

export const range = (timing: Timing): string =>
  `${ms(timing.medianMs)} (${ms(timing.minMs)} to ${ms(timing.maxMs)}, ${timing.runs} runs)`;
