/**
 * Converts hours to the unit in which a process counts its target: hours, or UTC days. What is complete,
 * owed, planned and announced are whole units; hours in between only exist in sources. Hours -> hours. Pure.
 */
import { type Hour, type HourRange, hoursOf, hourText, parseHour } from './hour.ts';

export const GRAINS = ['hour', 'day'] as const;
export type Grain = (typeof GRAINS)[number];

/** A process, a plan or a record. The unit is hours if it names none. */
export interface WithGrain {
  readonly grain?: Grain;
}

const HOURS: Readonly<Record<Grain, number>> = { hour: 1, day: 24 };

/** For values that name their grain only if it is not hours. */
export const withGrain = ({ grain = 'hour' }: WithGrain): WithGrain => (grain === 'hour' ? {} : { grain });

/** How many hours a unit has. */
export const unitHours = ({ grain = 'hour' }: WithGrain): number => HOURS[grain];

/** The unit that contains an hour. */
export function unitOf(of: WithGrain, hour: Hour): HourRange {
  const hours = unitHours(of);
  const firstHour = Math.floor(hour / hours) * hours;
  return { firstHour, lastHour: firstHour + hours - 1 };
}

/** The first hours of the units that contain the hours, ascending. */
export const unitStarts = (of: WithGrain, hours: readonly Hour[]): Hour[] =>
  [...new Set(hours.map((hour) => unitOf(of, hour).firstHour))].sort((left, right) => left - right);

/** All hours of the units that contain the hours, ascending. */
export const wholeUnits = (of: WithGrain, hours: readonly Hour[]): Hour[] =>
  unitHours(of) === 1
    ? unitStarts(of, hours)
    : unitStarts(of, hours).flatMap((hour) => hoursOf(unitOf(of, hour)));

/** The units that a range touches, as one range. */
export const unitsAround = (of: WithGrain, { firstHour, lastHour }: HourRange): HourRange => ({
  firstHour: unitOf(of, firstHour).firstHour,
  lastHour: unitOf(of, lastHour).lastHour,
});

/** The last hour of the last unit that does not go beyond `hour`. */
export const lastOfWholeUnits = (of: WithGrain, hour: Hour): Hour => unitOf(of, hour + 1).firstHour - 1;

/** That many hours, rounded up to whole units. */
export const roundedUp = (of: WithGrain, hours: number): number =>
  Math.ceil(hours / unitHours(of)) * unitHours(of);

/** Every hour of a plan's units, ascending: the plan's `hours` names only the first of each. */
export const plannedHours = (
  plan: WithGrain & { readonly hours: readonly { readonly hour: string }[] },
): Hour[] =>
  unitHours(plan) === 1
    ? plan.hours.map(({ hour }) => parseHour(hour))
    : plan.hours.flatMap(({ hour }) => hoursOf(unitOf(plan, parseHour(hour))));

/** The first hours of the units as texts. */
export const unitTexts = (of: WithGrain, hours: readonly Hour[]): string[] =>
  unitStarts(of, hours).map(hourText);
