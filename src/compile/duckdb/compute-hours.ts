/**
 * The hours, or days, of a process that reads its own result of the one before: one after the other into a
 * temporary table, with the places where that may stop. Plan -> steps. Pure.
 */
import { patternOf } from '../../kinds/patterns/index.ts';
import { unitOf } from '../../model/grain.ts';
import { type HourRange, parseHour } from '../../model/hour.ts';
import type { Plan } from '../../model/plan.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import type { ComputeHourStep, ComputeHoursStep, StepValue } from '../../model/step.ts';
import { renderStatement, type SqlFragment, statement, statementFragment } from '../../statements/index.ts';
import { hourComparisons, hoursTable } from '../compared-hours.ts';
import {
  type BoundValues,
  boundIn,
  COMPUTED_BEFORE,
  executedHours,
  processParameters,
} from '../parameters.ts';
import { request } from '../request-steps.ts';
import { previousTable, targetTable } from '../session-tables.ts';
import { bareStep, stepAround } from '../step-statements.ts';
import { readAhead } from './read-ahead.ts';
import { queryCtes, queryWithin, type TablesAhead } from './source-ctes.ts';

/** The steps that compute hour by hour; none for a process whose query runs once. */
export function hoursSteps(plan: Plan, spec: ProcessSpec): ComputeHoursStep[] {
  if (!patternOf(spec).readsPrevious) return [];
  const comparisons = hourComparisons(plan, spec);
  const executed = executedHours(plan);
  const ahead = readAhead({ ...plan, hours: executed });
  const compute = hourCompiler(plan, spec, ahead.tables);
  return [
    {
      kind: 'begin-hours',
      stage: 'load',
      name: 'begin_hours',
      ...bareStep(statement('compile/begin_hours', { hours: hoursTable, target: targetTable(spec) }), {}),
    },
    ...executed.flatMap(({ hour }, index): ComputeHoursStep[] => [
      ...(ahead.stepsBefore.get(index) ?? []),
      compute(
        hour,
        hour === plan.hours[0]?.hour ? 'target' : comparisons.isResumed(hour) ? 'either' : 'hours',
      ),
      ...comparisons.after(hour),
    ]),
    ...comparisons.differing,
    request(
      { kind: 'end-hours', stage: 'load', name: 'end_hours' },
      !comparisons.maySettle
        ? 'all hours are computed'
        : 'the hours are computed; where some stay as they are, the statements below are compiled again for the others',
    ),
  ];
}

/** Where an hour finds its `previous`. */
type PreviousFrom = 'target' | 'hours' | 'either';

/** The SQL of an hour is the same as that of the next one: it is written once, and the values are bound. */
function hourCompiler(
  plan: Plan,
  spec: ProcessSpec,
  ahead: TablesAhead,
): (hour: string, from: PreviousFrom) => ComputeHourStep {
  const written = new Map<PreviousFrom, { readonly sql: string; readonly bound: BoundValues }>();
  const valuesOf = (window: HourRange): object => {
    const { parameters } = queryCtes(plan, spec, window);
    return { ...processParameters(plan, window), ...parameters, computed_before: COMPUTED_BEFORE };
  };
  return (hour, from) => {
    const window = unitOf(plan, parseHour(hour));
    const values = valuesOf(window);
    const first = written.get(from) ?? writtenHour(plan, spec, { window, from, values, ahead });
    written.set(from, first);
    const { sql, bound } = first;
    const parameters = Object.fromEntries(
      Object.entries(bound.parameters).map(([name, value]) => [
        name,
        (name in values ? values[name as keyof typeof values] : value) as StepValue,
      ]),
    );
    return {
      kind: 'compute-hour',
      stage: 'load',
      name: `compute_hour ${hour}`,
      hour,
      ...stepAround(sql, { ...bound, parameters }),
    };
  };
}

function writtenHour(
  plan: Plan,
  spec: ProcessSpec,
  {
    window,
    from,
    values,
    ahead,
  }: {
    readonly window: HourRange;
    readonly from: PreviousFrom;
    readonly values: object;
    readonly ahead: TablesAhead;
  },
): { readonly sql: string; readonly bound: BoundValues } {
  const previous = { target: previousTable(spec), hours: hoursTable, either: undefined }[from];
  const { fragment } = queryCtes(plan, spec, window, { previous: previous ?? eitherPrevious(spec), ahead });
  const { sql } = statement('compile/compute_hour', {
    hours: hoursTable,
    sources: fragment,
    query: queryWithin(plan, spec, window),
  });
  return { sql, bound: boundIn(sql, spec, values) };
}

/** For an hour that may follow hours which stay as they are. */
const eitherPrevious = (spec: ProcessSpec): SqlFragment =>
  statementFragment(
    `(\n${renderStatement('compile/previous_of_either', {
      hours: hoursTable,
      target: previousTable(spec),
    })}\n)`,
  );
