/**
 * Estimates from above the hours that a process may load once the writers of its sources have published. Plan
 * + what moves its sources -> hours. Pure. Each rule follows its pattern's, and takes every unknown as the
 * most that it can be.
 */
import { patternOf } from '../kinds/patterns/index.ts';
import { lastOfWholeUnits, plannedHours, roundedUp, unitHours, unitOf, wholeUnits } from '../model/grain.ts';
import { type Hour, hoursOf, parseHour } from '../model/hour.ts';
import { contiguous, union, wholeDays } from '../model/hour-sets.ts';
import { tableName } from '../model/names.ts';
import type { CompiledPlan, PlanSource } from '../model/plan.ts';
import type { ProcessSpec, SourceSpec } from '../model/process-spec.ts';
import { plannedWindow, reachedBy } from '../model/window-hours.ts';

export interface ExpectedHours {
  /**
   * Ascending; those that the plan has already are among them. Of a process of days all hours of its days.
   */
  readonly hours: readonly Hour[];
  /** The last hour that can be complete; undefined while a source is complete for none. */
  readonly limit: Hour | undefined;
  /** Why there may be others, in words. */
  readonly unknownBecause: string | undefined;
}

/** What a source's writer will have done before the process reads it. */
export interface MovedSource {
  readonly source: PlanSource;
  readonly spec: SourceSpec;
  /** Undefined: nobody of this plan writes to it. */
  readonly writer: Followed | undefined;
}

/** A process that others may follow. */
export interface Followed {
  readonly spec: ProcessSpec;
  readonly plan: CompiledPlan;
  readonly expectation: ExpectedHours;
  /** The hour to which its target will be announced to be complete, at most. */
  readonly completeTo: Hour | undefined;
}

interface Expected {
  readonly spec: ProcessSpec;
  readonly plan: CompiledPlan;
  readonly sources: readonly MovedSource[];
}

/** More hours than this are refused by a session that runs hour by hour, and are no list to read. */
const HOURS_MAX = 300_000;

/** What the process may load in this run, its own work included. */
export function expectedOf(expected: Expected): ExpectedHours {
  const { plan, sources } = expected;
  const unknownBecause = unknownIn(expected);
  const own = plannedHours(plan);
  const limit = lastHour(expected);
  if (sources.every(({ writer }) => writer === undefined)) return { hours: own, limit, unknownBecause };
  const changed = wholeUnits(plan, union([own, ...sources.map(broughtBy)]));
  if (!patternOf(plan).loadsHours) return { hours: changed, limit, unknownBecause };
  if (limit === undefined) return { hours: own, limit, unknownBecause };
  // No session loads hours beyond a catch-up limit by itself.
  const beyond = new Set(plan.catchup?.beyond_hours);
  const others = union([
    plan.owed_hours.filter((hour) => !beyond.has(hour)).map(parseHour),
    beginsNow(expected) ? [limit] : [],
    reachedLater(plan, limit),
  ]);
  const candidates = union([changed, wholeUnits(plan, others)]);
  const hours = patternOf(plan).readsPrevious
    ? stateHours(expected, candidates, limit)
    : rangeHours(expected, candidates, limit);
  if (hours === undefined) return { hours: own, limit, unknownBecause: 'there are too many of them' };
  return { hours: union([own, hours]), limit, unknownBecause };
}

/** The hours of the target that what the writer changes reaches. */
function broughtBy({ source, writer }: MovedSource): readonly Hour[] {
  if (writer === undefined || source.lookup === true) return [];
  const hours = asFilesTell(writer);
  const changed = source.event_time_unit === 'day' ? wholeDays(hours) : hours;
  return source.window === null || source.window === undefined
    ? changed
    : reachedBy(changed, { beforeHours: source.window.before_hours, afterHours: source.window.after_hours });
}

/**
 * A file says its first and its last hour: with rows of several in one, those between count as changed. Who
 * overwrites hours writes the rest of such files anew: of a day that is any hour of it.
 */
function asFilesTell(writer: Followed): readonly Hour[] {
  const { hours } = writer.expectation;
  const holds = hoursOfFiles(writer);
  if (holds === 'one') return hours;
  if (holds === 'any') return contiguous(hours);
  if (rewrites(writer)) return wholeDays(hours);
  const days = new Map<number, Hour[]>();
  for (const hour of hours)
    days.set(Math.floor(hour / 24), [...(days.get(Math.floor(hour / 24)) ?? []), hour]);
  return [...days.values()].flatMap(contiguous);
}

/** The hours that a file of its target holds, by the partitions. */
function hoursOfFiles({ spec: { target } }: Followed): 'one' | 'of a day' | 'any' {
  const transforms = target.partitionBy
    .filter(({ column }) => column === target.eventTime)
    .map(({ transform }) => transform);
  if (transforms.includes('hour')) return 'one';
  return transforms.includes('day') ? 'of a day' : 'any';
}

/** Whether it takes files off that are there already. */
const rewrites = ({ plan }: Followed): boolean =>
  patternOf(plan).loadsHours && plan.target.base_snapshot_id !== null;

/** Hours that become complete, and that rows reach which were loaded before. */
function reachedLater(plan: CompiledPlan, limit: Hour): Hour[] {
  const { complete_to_hour: completeTo } = plan.target;
  const reaches = plan.sources.some((source) => plannedWindow(source).beforeHours > 0);
  return completeTo === null || !reaches
    ? []
    : hoursOf({ firstHour: parseHour(completeTo) + 1, lastHour: limit });
}

/** A process that begins somewhere begins with the newest complete hour. */
const beginsNow = ({ sources }: Expected): boolean =>
  sources.some(({ source, spec }) => source.watermark === null && spec.start.kind !== 'beginning');

/** The hours of a stateful process: its pattern makes a range of them. */
function rangeHours({ spec, plan }: Expected, candidates: readonly Hour[], limit: Hour): Hour[] {
  const ofDays = plan.target.event_time?.unit === 'day' ? wholeDays(candidates) : candidates;
  const payable = ofDays.filter((hour) => hour <= limit);
  const single =
    spec.hours === 'touched' ||
    spec.sources.some(({ window, lookup }) => (window?.key ?? lookup?.key) !== undefined);
  return single ? payable : contiguous(payable);
}

/** The hours of a dimension, from the first one on; undefined if they are more than it takes. */
function stateHours({ spec, plan }: Expected, candidates: readonly Hour[], limit: Hour): Hour[] | undefined {
  const { complete_to_hour: completeTo } = plan.target;
  const loadedTo = completeTo === null ? undefined : parseHour(completeTo);
  const next = loadedTo !== undefined && limit > loadedTo ? [loadedTo + 1] : [];
  const [first] = union([candidates.filter((hour) => hour <= limit), next]);
  if (first === undefined) return [];
  const threshold = spec.catchup.thresholdHours;
  // The furthest that `catchup.threshold_hours` lets it reach back: as if no hour after the loaded ones
  // became complete.
  const floor =
    threshold === undefined || loadedTo === undefined ? first : loadedTo - roundedUp(plan, threshold) + 1;
  const { firstHour } = unitOf(plan, Math.max(first, floor));
  return limit - firstHour >= HOURS_MAX * unitHours(plan)
    ? undefined
    : hoursOf({ firstHour, lastHour: limit });
}

/** The last hour for which all sources can be complete, or that was loaded. */
function lastHour({ plan, sources }: Expected): Hour | undefined {
  const { complete_to_hour: completeTo } = plan.target;
  const loadedTo = completeTo === null ? Number.NEGATIVE_INFINITY : parseHour(completeTo);
  const ofSources = sources
    .filter(({ source }) => source.lookup !== true)
    .map((each) => completeFor(plan, each) - (each.source.window?.after_hours ?? 0));
  const least = Math.max(loadedTo, Math.min(...ofSources));
  if (least === Number.NEGATIVE_INFINITY) return undefined;
  const last = Number.isFinite(least) ? least : newestOf(plan, sources);
  return last === undefined ? undefined : lastOfWholeUnits(plan, last);
}

const hourOr = (text: string | null, otherwise: number): number =>
  text === null ? otherwise : parseHour(text);

/** How far a source can be complete once its writer has published; infinity where only others know. */
function completeFor(plan: CompiledPlan, { source, spec, writer }: MovedSource): number {
  const now = hourOr(source.vtts_hour, Number.NEGATIVE_INFINITY);
  if (writer === undefined) return now;
  switch (spec.vtts.kind) {
    case 'bounds':
      return Math.max(now, lastOfDate(plan, source, newestOfSource({ source, writer })));
    case 'signal':
      return Math.max(now, writer.completeTo ?? Number.NEGATIVE_INFINITY);
    default:
      return Number.POSITIVE_INFINITY;
  }
}

/** A date says of a process of days that its day is complete, once that is over. */
const lastOfDate = (
  { grain }: CompiledPlan,
  { event_time_unit: unit }: PlanSource,
  newest: number,
): number =>
  grain === 'day' && unit === 'day' && Number.isFinite(newest) ? unitOf({ grain }, newest).lastHour : newest;

const newestOfSource = ({ source, writer }: Pick<MovedSource, 'source' | 'writer'>): number =>
  Math.max(
    hourOr(source.newest_hour, Number.NEGATIVE_INFINITY),
    writer?.expectation.hours.at(-1) ?? Number.NEGATIVE_INFINITY,
  );

/** The newest hour with rows, or that is owed. */
function newestOf(plan: CompiledPlan, sources: readonly MovedSource[]): Hour | undefined {
  const owed = plan.owed_hours.map((hour) => unitOf(plan, parseHour(hour)).lastHour);
  const newest = Math.max(...sources.map(newestOfSource), ...owed);
  return Number.isFinite(newest) ? newest : undefined;
}

/** What hides hours from an estimate. */
function unknownIn({ plan, sources }: Expected): string | undefined {
  for (const { source, spec, writer } of sources) {
    if (writer === undefined) continue;
    const { process_name: name } = writer.plan;
    if (source.lookup === true && source.on_change === 'restate' && source.head !== null)
      return `${name} writes the lookup ${tableName(spec.table)}, whose changed rows say which hours are computed again`;
    if (source.lookup !== true && writer.expectation.unknownBecause !== undefined)
      return `those of ${name} are not known: ${writer.expectation.unknownBecause}`;
    if (source.lookup !== true && hoursOfFiles(writer) === 'any' && rewrites(writer))
      return `${name} writes files of ${tableName(spec.table)} anew that may hold other hours, too`;
  }
  const timeless = plan.status === 'work' && !patternOf(plan).loadsHours && plan.sources.every(isTimeless);
  return timeless ? `no source of ${plan.process_name} has an event time` : undefined;
}

const isTimeless = ({ event_time: eventTime, lookup }: PlanSource): boolean =>
  lookup === true || eventTime === null;
