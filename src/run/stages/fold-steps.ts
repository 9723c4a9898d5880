/** Runs the steps of one stage in order: exactly those that `plan --steps` prints. Session -> session. */
import { type Step, type StepOf, type StepStage, stepsOf } from '../../model/step.ts';
import type { StageName } from '../../observe/port.ts';
import type { Begun } from '../session.ts';

/** Runs the steps of `value.plan` in `stage`, each on the session that the one before returned. */
export async function foldSteps<Value extends Begun, Stage extends StepStage>(
  value: Value,
  stage: Stage,
  run: (value: Value, step: StepOf<Stage>) => Promise<Value>,
): Promise<Value> {
  return foldEach(value, ({ plan }) => stepsOf(plan, stage), run);
}

/** The same for the steps that `stepsIn` chooses. */
export async function foldEach<Value extends Begun, One extends Step>(
  value: Value,
  stepsIn: (value: Value) => readonly One[],
  run: (value: Value, step: One) => Promise<Value>,
): Promise<Value> {
  let current = value;
  for (const step of stepsIn(value)) {
    const before = current;
    current = await duringStep(value, step, () => run(before, step));
  }
  return current;
}

/** Runs a step: announces it, and reports it to the observer as a part of its stage. */
export function duringStep<T>({ ports, plan }: Begun, step: Step, work: () => Promise<T>): Promise<T> {
  const { stage, name } = step;
  ports.onStep(`${plan.process_name}: ${stage} ${name}`);
  return ports.observer.during({ kind: 'step', stage, name }, work);
}

/** Runs a stage, and reports it to the observer as a part of its session. */
export const duringStage = <T>({ ports }: Begun, stage: StageName, work: () => Promise<T>): Promise<T> =>
  ports.observer.during({ kind: 'stage', stage }, work);
