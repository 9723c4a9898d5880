/** A plan as text for people. CompiledPlan -> text. Pure. */
import type { CompiledPlan } from '../model/plan.ts';

/** The whole plan: what, why, and the SQL with its parameters. */
export function explainPlan(plan: CompiledPlan): string {
  return JSON.stringify(plan, null, 2);
}
