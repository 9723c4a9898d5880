/**
 * Counts what a session reads during its load. Step -> rows, file by file. The counted views are pinned, so
 * it does not matter when they are counted. The load of one file keeps only one core busy, as DuckDB shares
 * out row groups: a session of 100,000 rows leaves the other one idle for 85 ms (2026-11-30, 2 cores).
 */
import { type Engine, forkForStatements } from '../../engine/index.ts';
import type { CountSourcesStep } from '../../model/step.ts';
import { askedAhead } from '../asked-ahead.ts';
import { bindStep } from '../bind-step.ts';
import type { CountedRow, Workload } from '../port.ts';

export interface CountsBeside extends Required<Pick<Workload, 'count' | 'countAhead'>> {
  /** Nobody will ask for what was begun; it has ended when this resolves. */
  forget(): Promise<void>;
}

export function countsBeside(engine: Engine): CountsBeside {
  const counts = (on: Engine, step: CountSourcesStep): Promise<CountedRow[]> =>
    on.query<CountedRow>(bindStep(step, {}));
  const asked = askedAhead(async (step) => counts(await forkForStatements(engine), step as CountSourcesStep));
  const begun = new WeakSet<CountSourcesStep>();
  return {
    countAhead(step) {
      if (!engine.hasSpareThreads) return;
      begun.add(step);
      asked.begin([step], 0);
    },
    async count(step) {
      const isBegun = begun.delete(step);
      return isBegun ? ((await asked.answer(step, 0)) as CountedRow[]) : counts(engine, step);
    },
    forget: asked.forget,
  };
}
