/** Explains plans to people as text: what, why, and the SQL. CompiledPlan -> text. Pure. */
import type { CompiledPlan } from '../model/plan.ts';
import { documentText, type PageOptions } from './document-text.ts';
import { type ExplainOptions, explanation } from './explain/explanation.ts';

/** Explains one plan, or several under one picture. */
export const explainPlans = (
  plans: readonly CompiledPlan[],
  options: ExplainOptions & PageOptions = {},
): string => documentText(explanation(plans, options), options);
