/** Makes plans that can show themselves, which scripts and notebooks get from `plan`. */
import type { CompiledPlan } from '../model/plan.ts';
import { explainPlans } from './explain.ts';

/** Plain JSON, except for `explain`, which returns the text of `plan --explain`. */
export type ExplainedPlan = CompiledPlan & { explain(): string };

/** `allCauses`: the text names every file behind an hour. */
export const explainable = (plan: CompiledPlan, allCauses: boolean): ExplainedPlan =>
  Object.defineProperty({ ...plan }, 'explain', {
    value: () => explainPlans([plan], { allCauses }),
    enumerable: false,
  }) as ExplainedPlan;
