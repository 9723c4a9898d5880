/** The steps of one stage, in their order: what `plan --steps` prints of it is what runs. */
import { type Step, type StepOf, type StepStage, stepsOf } from '../../model/step.ts';
import type { Begun } from '../session.ts';

/** Runs each step on what the one before it has made of the session. The steps are those of `value.plan`. */
export async function foldSteps<Value extends Begun, Stage extends StepStage>(
  value: Value,
  stage: Stage,
  run: (value: Value, step: StepOf<Stage>) => Promise<Value>,
): Promise<Value> {
  const { plan } = value;
  let current = value;
  for (const step of stepsOf(plan, stage)) {
    announce(value, step);
    current = await run(current, step);
  }
  return current;
}

/** Says what is done now. */
export const announce = ({ ports, plan }: Begun, step: Step): void =>
  ports.onStep(`${plan.process_name}: ${step.stage} ${step.name}`);
