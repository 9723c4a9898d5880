/** A plan that can show itself: what scripts and notebooks get of `plan`. */
import type { CompiledPlan } from '../model/plan.ts';
import { explainPlans } from './explain.ts';

/** Plain JSON but for `explain`, which gives the text of `plan --explain`. */
export type ExplainedPlan = CompiledPlan & { explain(): string };

/** `allCauses`: the text names every file of an hour. */
export const explainable = (plan: CompiledPlan, allCauses: boolean): ExplainedPlan =>
  Object.defineProperty({ ...plan }, 'explain', {
    value: () => explainPlans([plan], { allCauses }),
    enumerable: false,
  }) as ExplainedPlan;
