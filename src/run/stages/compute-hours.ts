/**
 * The hours, or days, of a process that reads its own result of the one before, one after the other. Where
 * one comes out as the target has it, those after it stay as they are, up to the next one that changed.
 * Staged -> Staged with the plan of the hours that were computed.
 */
import { planOfComputed } from '../../compile/index.ts';
import { assertNever } from '../../model/errors.ts';
import { plannedHours, wholeUnits } from '../../model/grain.ts';
import { HOUR_MS, type Hour, parseHour } from '../../model/hour.ts';
import {
  type ComputeHourStep,
  type ComputeHoursStep,
  isHoursStep,
  type MayStopStep,
  stepsOf,
} from '../../model/step.ts';
import type { RunInputs } from '../../workload/bind-step.ts';
import { checkPreviousRead, checkStoredRead } from '../checks/target-read.ts';
import { type Staged, workOf } from '../session.ts';
import { duringStep } from './fold-steps.ts';

/** A session in its hours. */
interface Walk {
  readonly staged: Staged;
  /** The place of each hour among those that were planned. */
  readonly places: ReadonlyMap<string, number>;
  /** Those that were computed, ascending, and before them those that are empty. */
  readonly hours: string[];
  /** Hours of the target on which it relied: that one stays as it is, and that the next goes on from it. */
  readonly relied: Hour[];
  /** After a stop the hour that is computed next, or null; undefined: the hour of the next step. */
  resumeAt: string | null | undefined;
  rows: bigint;
  differing: readonly Hour[] | undefined;
}

/** Throws `rows-not-read`, and what the query brings. The same session where the plan has no such steps. */
export async function computeHours(staged: Staged): Promise<Staged> {
  const { plan, spec, ports } = staged;
  const steps = stepsOf(plan, 'load').filter(isHoursStep);
  if (steps.length === 0) return staged;
  const places = new Map(plan.hours.map(({ hour }, place) => [hour, place]));
  const empty = plan.hours.flatMap(({ hour, empty }) => (empty === true ? [hour] : []));
  const none = { hours: empty, relied: [], resumeAt: undefined, rows: 0n, differing: undefined };
  const walk: Walk = { staged, places, ...none };
  for (const step of steps) {
    if (isLeftOut(step, walk.resumeAt)) continue;
    await duringStep(staged, step, () => hoursStep(walk, step));
  }
  await checkStoredRead(staged, wholeUnits(plan, walk.relied));
  const { hours, rows, differing } = walk;
  return {
    ...staged,
    plan: planOfComputed(plan, spec, { computed: hours, dialect: ports.workload.dialect }),
    computed: { rows, differing },
  };
}

/** After a stop only the hour that the session goes on with is computed, or what ends the hours. */
function isLeftOut(step: ComputeHoursStep, resumeAt: Walk['resumeAt']): boolean {
  if (resumeAt === undefined) return false;
  // The hour that follows may be one of those that are read together, whichever.
  if (step.kind === 'read-ahead')
    return resumeAt === null || resumeAt < step.first_hour || resumeAt > step.last_hour;
  return step.kind === 'compute-hour' ? step.hour !== resumeAt : step.kind === 'may-stop';
}

async function hoursStep(walk: Walk, step: ComputeHoursStep): Promise<void> {
  const { staged } = walk;
  const { workload } = staged.ports;
  switch (step.kind) {
    case 'begin-hours':
      await checkPreviousRead(staged);
      await workload.compute(step, {});
      return;
    case 'read-ahead':
      await workload.compute(step, {});
      return;
    case 'compute-hour':
      return computeHour(walk, step);
    case 'may-stop':
      if (await workload.isUnchanged(workOf(staged), step)) stopAfter(walk, step);
      return;
    case 'differing-hours':
      walk.differing = await workload.differing(workOf(staged), step, computedInputs(walk));
      return;
    case 'end-hours':
      await workload.compute(step, {});
      return;
    default:
      return assertNever(step);
  }
}

async function computeHour(walk: Walk, step: ComputeHourStep): Promise<void> {
  // A session that an earlier release opened names no hours: it computes all of them, in their order.
  const hour = step.hour ?? (walk.staged.plan.hours[walk.hours.length]?.hour as string);
  tellHours(walk, hour);
  const isAfterComputed = walk.resumeAt === undefined;
  walk.rows += await walk.staged.ports.workload.compute(step, { 'computed-before': isAfterComputed });
  walk.hours.push(hour);
  walk.resumeAt = undefined;
}

/** What comes next goes on from the target. */
function stopAfter(walk: Walk, { hour, resume_at: resumeAt }: MayStopStep): void {
  walk.resumeAt = resumeAt;
  walk.relied.push(parseHour(hour));
  if (resumeAt !== null) walk.relied.push(parseHour(resumeAt) - 1);
}

const tellHours = ({ staged: { ports, plan }, places, rows }: Walk, hour: string): void =>
  ports.onProgress({
    kind: 'parts',
    subject: plan.process_name,
    action: 'load',
    done: places.get(hour) ?? 0,
    total: plan.hours.length,
    unit: plan.grain ?? 'hour',
    rows,
  });

/** The hours that were computed, as statements over all of them bind them. */
function computedInputs({ staged: { plan }, hours: computed }: Walk): RunInputs {
  const hours = plannedHours({ ...plan, hours: computed.map((hour) => ({ hour })) });
  const instant = (hour: Hour): string => new Date(hour * HOUR_MS).toISOString();
  return {
    'computed-hours': hours.map(BigInt),
    'computed-start': instant(hours[0] ?? 0),
    'computed-end': instant((hours.at(-1) ?? 0) + 1),
  };
}
