/**
 * Random histories, played until enough of them were: how many, for how long, which, and what they covered.
 * The environment decides over the numbers of a test: PSYBERG_PROPERTY_RUNS how many, PSYBERG_PROPERTY_MINUTES
 * for how long, PSYBERG_PROPERTY_SEED which (`random`: others each time); PSYBERG_PROPERTY_PATH repeats one
 * counterexample, and PSYBERG_PROPERTY_REPORT names a file for what was covered.
 */
import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { propertySeed } from './property-seed.ts';

const setting = (name: string): string | undefined => process.env[`PSYBERG_PROPERTY_${name}`];

export interface Histories {
  /** After which no further history begins. */
  readonly timeLimitMs: number;
  /** Counts that something happened. */
  cover(what: string): void;
  /** Plays them, and throws the shortest counterexample. */
  play<History>(history: fc.Arbitrary<History>, playOne: (each: History) => Promise<void>): Promise<void>;
}

export interface HistoriesOptions {
  readonly runs: number;
  /** Of so many runs; with minutes these. */
  readonly timeLimitMs: (runs: number) => number;
  /** A counterexample is made smaller only when it is repeated by its path: where one try takes a minute. */
  readonly shrinksByPath?: boolean;
  /** Every run is played, however long it takes, unless the environment says for how long. */
  readonly playsAll?: boolean;
}

export function histories({ runs, timeLimitMs, shrinksByPath, playsAll }: HistoriesOptions): Histories {
  const minutes = setting('MINUTES') === undefined ? undefined : Number(setting('MINUTES'));
  const numRuns = Number(setting('RUNS') ?? (minutes === undefined ? runs : 1_000_000));
  const limitMs = minutes === undefined ? timeLimitMs(numRuns) : minutes * 60_000;
  const path = setting('PATH');
  const covered = new Map<string, number>();
  return {
    timeLimitMs: limitMs,
    cover: (what) => void covered.set(what, (covered.get(what) ?? 0) + 1),
    async play(history, playOne) {
      let played = 0;
      const property = fc.asyncProperty(history, async (each) => {
        await playOne(each);
        played += 1;
      });
      try {
        await fc.assert(property, {
          numRuns,
          ...(shrinksByPath === true && path === undefined ? { endOnFailure: true } : {}),
          ...propertySeed(),
          ...(path === undefined ? {} : { path }),
          ...(playsAll === true && minutes === undefined
            ? {}
            : { interruptAfterTimeLimit: limitMs, markInterruptAsFailure: false }),
        });
      } finally {
        const report = setting('REPORT');
        const content = { histories: played, covered: Object.fromEntries([...covered].sort()) };
        if (report !== undefined) writeFileSync(report, JSON.stringify(content, undefined, 2));
      }
    },
  };
}
