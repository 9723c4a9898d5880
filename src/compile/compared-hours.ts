/**
 * Compiles the comparison of computed hours with those that the target has. Plan -> steps. Pure. DuckDB does
 * it for every engine: another engine shows DuckDB its rows under the same name.
 */

import { unitOf } from '../model/grain.ts';
import { parseHour } from '../model/hour.ts';
import type { Plan } from '../model/plan.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import type { DifferingHoursStep, MayStopStep } from '../model/step.ts';
import {
  comparedColumnsFragment,
  identifierFragment,
  literalFragment,
  type SqlFragment,
  statement,
  storedEventTimeFragment,
  tableFragment,
} from '../statements/index.ts';
import { isComparable, mayStopAfter } from './early-stop.ts';
import { rangeOf } from './parameters.ts';
import { previousTable } from './session-tables.ts';
import { bareStep } from './step-statements.ts';

/** Where DuckDB finds the rows of the hours that were computed so far. */
export const hoursTable: SqlFragment = tableFragment('temp', { namespace: ['main'], name: 'psyberg_hours' });

export interface HourComparisons {
  /** The steps that compare an hour after it was computed; most hours have none. */
  after(hour: string): MayStopStep[];
  /** Whether hours before it may stay as they are. */
  isResumed(hour: string): boolean;
  /** Whether some may. */
  readonly maySettle: boolean;
  /** Which of the hours that the target had came out otherwise: those that it has announced are reopened. */
  readonly differing: readonly DifferingHoursStep[];
}

export function hourComparisons(plan: Plan, spec: ProcessSpec): HourComparisons {
  const stops = mayStopAfter(plan);
  const resumed = new Set(stops.values());
  const compare = stops.size === 0 ? undefined : comparison(plan, spec);
  return {
    after(hour) {
      const resumeAt = stops.get(hour);
      return resumeAt === undefined || compare === undefined ? [] : [compare(hour, resumeAt)];
    },
    isResumed: (hour) => resumed.has(hour),
    maySettle: stops.size > 0,
    differing: differingHours(plan, spec),
  };
}

/** Whether the rows of an hour came out as the target has them. */
function comparison(plan: Plan, spec: ProcessSpec): (hour: string, resumeAt: string | null) => MayStopStep {
  const compared = statement('compile/hour_is_unchanged', {
    columns: comparedColumnsFragment(plan.target.layout?.columns ?? []),
    hours: hoursTable,
    target: previousTable(spec),
    event_time: identifierFragment(spec.target.eventTime as string),
  });
  return (hour, resumeAt) => ({
    kind: 'may-stop',
    stage: 'load',
    name: `may_stop ${hour}`,
    hour,
    resume_at: resumeAt,
    ...bareStep(compared, rangeOf(unitOf(plan, parseHour(hour)))),
  });
}

function differingHours(plan: Plan, spec: ProcessSpec): DifferingHoursStep[] {
  const { complete_to_hour: complete, event_time: column, layout } = plan.target;
  const [first] = plan.hours;
  if (!isComparable(plan) || complete === null || column === null || first === undefined) return [];
  if (first.hour > complete) return [];
  const differing = statement('compile/differing_hours', {
    columns: comparedColumnsFragment(layout?.columns ?? []),
    hours: hoursTable,
    target: previousTable(spec),
    event_time: identifierFragment(spec.target.eventTime as string),
    stored_event_time: storedEventTimeFragment(spec.target.eventTime as string, column.unit, column.type),
    unit: literalFragment(column.unit),
  });
  return [
    {
      kind: 'differing-hours',
      stage: 'load',
      name: 'differing_hours',
      ...bareStep(differing, {
        hours: { from_run: 'computed-hours' },
        range_start: { from_run: 'computed-start' },
        range_end: { from_run: 'computed-end' },
      }),
    },
  ];
}
