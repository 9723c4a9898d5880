/**
 * Finds where a process that reads its own result may stop: after an hour whose rows came out as the target
 * has them, the hours whose sources did not change stay as they are. Plan -> places. Pure.
 *
 * This is right because such an hour is the query's answer to its sources and to the hour before, and neither
 * has changed: whatever made the stored rows, later hours start from the same state.
 */
import { patternOf } from '../kinds/patterns/index.ts';
import type { LayoutType } from '../model/file-layout.ts';
import type { Plan } from '../model/plan.ts';

/**
 * The first 8 hours are compared one by one; from then on a comparison follows whenever an eighth more hours
 * have been computed. Over a target of 300 files a comparison took 8.5 ms of CPU, an hour 2 ms (2026-11-29).
 */
const COMPARED_EACH = 8;

/**
 * The hours after which the session compares, as ISO texts, each with the hour that it goes on with where it
 * stops: the next one with a change of its own, or null. A comparison opens the target, so it costs as much
 * as several hours; and most of what settles does so soon: after the first hours comparisons become rarer, so
 * that a session which never settles does not compare every hour.
 */
export function mayStopAfter(plan: Plan): ReadonlyMap<string, string | null> {
  const places = new Map<string, string | null>();
  if (!patternOf(plan).readsPrevious || !isComparable(plan)) return places;
  let resumeAt: string | null = null;
  const resumes = plan.hours.map(() => null as string | null);
  for (let index = plan.hours.length - 1; index >= 0; index -= 1) {
    resumes[index] = resumeAt;
    const each = plan.hours[index];
    if (each !== undefined && each.unchanged !== true) resumeAt = each.hour;
  }
  let run = 0;
  for (const [index, { hour, unchanged }] of plan.hours.entries()) {
    run = unchanged === true ? run + 1 : 1;
    const isDue = run <= COMPARED_EACH || run % Math.floor(run / COMPARED_EACH) === 0;
    if (isDue && plan.hours[index + 1]?.unchanged === true) places.set(hour, resumes[index] ?? null);
  }
  return places;
}

/**
 * Whether rows of the target can be told apart by their values: DuckDB groups neither geometries nor values
 * of any type by all that they are.
 */
export const isComparable = ({ target }: Plan): boolean =>
  target.exists &&
  target.base_snapshot_id !== null &&
  target.layout?.columns.every(({ type }) => isPlain(type)) === true;

function isPlain(type: LayoutType): boolean {
  if (typeof type === 'string') return !/^(?:variant|geometry|geography|unknown)/.test(type);
  if (type.type === 'struct') return type.fields.every((field) => isPlain(field.type));
  return type.type === 'list' ? isPlain(type.element) : isPlain(type.key) && isPlain(type.value);
}

/** How many hours a session may leave as they are. */
export const hoursThatMayStay = (plan: Plan): number =>
  mayStopAfter(plan).size === 0 ? 0 : plan.hours.filter(({ unchanged }) => unchanged === true).length;
