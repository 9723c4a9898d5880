/**
 * Computes the hours (or days) of a process that reads its own result of the hour before, one after the
 * other. If an hour comes out as the target already has it, the hours after it stay as they are, up to the
 * next one that changed. Staged -> Staged, with a plan that covers only the computed hours.
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

/** How far a session has come in its hours. */
interface Walk {
  readonly staged: Staged;
  /** The position of each hour among the planned ones. */
  readonly places: ReadonlyMap<string, number>;
  /** The hours that are empty, then those computed so far, each ascending. */
  readonly hours: string[];
  /**
   * Stored hours that it relied on: an hour that stays as it is, and the one that the next hour starts from.
   */
  readonly relied: Hour[];
  /** After a stop: the hour to compute next, or null if none is. Undefined: no stop, the next step's hour. */
  resumeAt: string | null | undefined;
  rows: bigint;
  differing: readonly Hour[] | undefined;
}

/**
 * Computes the hours; returns the same session if its plan has no such steps. Throws `rows-not-read`, and
 * errors of the query.
 */
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

/** After a stop, every step is skipped up to the hour to resume at, or up to the end of the hours. */
function isLeftOut(step: ComputeHoursStep, resumeAt: Walk['resumeAt']): boolean {
  if (resumeAt === undefined) return false;
  // A read-ahead covers several hours: needed if the hour to resume at is any of them.
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
  // A session opened by an earlier release names no hours in its steps: it computes all, in order.
  const hour = step.hour ?? (walk.staged.plan.hours[walk.hours.length]?.hour as string);
  tellHours(walk, hour);
  const isAfterComputed = walk.resumeAt === undefined;
  walk.rows += await walk.staged.ports.workload.compute(step, { 'computed-before': isAfterComputed });
  walk.hours.push(hour);
  walk.resumeAt = undefined;
}

/** The hour came out as stored: the session resumes from the target's own rows. */
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

/** The computed hours, as bound by statements that run over all of them. */
function computedInputs({ staged: { plan }, hours: computed }: Walk): RunInputs {
  const hours = plannedHours({ ...plan, hours: computed.map((hour) => ({ hour })) });
  const instant = (hour: Hour): string => new Date(hour * HOUR_MS).toISOString();
  return {
    'computed-hours': hours.map(BigInt),
    'computed-start': instant(hours[0] ?? 0),
    'computed-end': instant((hours.at(-1) ?? 0) + 1),
  };
}
