/**
 * Starts steps before their answers are asked for. Step -> rows. A session of Spark Connect runs statements
 * side by side, and most of their time is planning: five audits of 100,000 rows took 1.5 to 2.8 s one after
 * the other, and 0.9 to 1.6 s together (2026-11-28, 2 cores). DuckDB counts what is read beside the load
 * (`duckdb/count-beside.ts`).
 */
import type { AskedStep } from './port.ts';

export type AnsweredRows = Record<string, unknown>[];

type Ask = (step: AskedStep, keptRows: number) => Promise<AnsweredRows>;

export interface AskedAhead {
  /** Begins those that have not begun. */
  begin(steps: readonly AskedStep[], keptRows: number): void;
  /** What was begun, once: asked for again, a step is run again. */
  readonly answer: Ask;
  /** Nobody will ask for what was begun; it has ended when this resolves. */
  forget(): Promise<void>;
}

export function askedAhead(ask: Ask): AskedAhead {
  const begun = new Map<AskedStep, () => Promise<AnsweredRows>>();
  return {
    begin(steps, keptRows) {
      for (const step of steps) if (!begun.has(step)) begun.set(step, settled(ask(step, keptRows)));
    },
    answer(step, keptRows) {
      const answer = begun.get(step);
      begun.delete(step);
      return answer === undefined ? ask(step, keptRows) : answer();
    },
    async forget() {
      const left = [...begun.values()];
      begun.clear();
      await Promise.allSettled(left.map((answer) => answer()));
    },
  };
}

/** The returned function throws a failure of `work`; if it is never called the failure is ignored. */
export function settled<Answer>(work: Promise<Answer>): () => Promise<Answer> {
  work.catch(() => undefined);
  return () => work;
}
