/**
 * What a plan does as it is told to, and its author may not have meant. Plan + parsed query -> warnings.
 * Pure.
 */
import { unitHours } from '../model/grain.ts';
import { tableName } from '../model/names.ts';
import type { Plan, PlanWarning } from '../model/plan.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import { hoursReturned } from './hours-returned.ts';
import { joinsWithoutHours, type UntiedJoin } from './joins-without-hours.ts';

/** `tree`: the process's query as DuckDB's parser gives it. */
export const warningsOf = (plan: Plan, spec: ProcessSpec, tree: unknown): PlanWarning[] => [
  ...joinsWithoutHours(tree, spec).map((join) => untiedWarning(spec, join)),
  ...hoursWarnings(spec, hoursReturned(tree, spec)),
  ...wideWindows(plan),
];

/** Such a join, in words. */
export function untiedWarning(
  { processName, grain = 'hour' }: ProcessSpec,
  { first, second, key, hoursApart }: UntiedJoin,
): PlanWarning {
  const before = hoursApart === undefined ? '1d' : spanText(hoursApart);
  const window = `window: { before: ${before}${key === undefined ? '' : `, key: ${key}`} }`;
  return {
    code: 'join-without-window',
    message: `${processName} joins ${first.alias} and ${second.alias} without a condition that ties their ${grain}s: a row of ${first.alias} meets rows of ${second.alias} of the ${grain}s that a session happens to load`,
    hint: `add ${window} to the source ${tableName(second.table)}, as far back as its rows matter; or compare date_trunc('${grain}', …) of both event times`,
  };
}

const hoursWarnings = (spec: ProcessSpec, names: readonly string[]): PlanWarning[] =>
  names.length === 0 ? [] : [hoursWarning(spec, names)];

/** Parameters that a query returns, of which there is at least one, in words. */
export function hoursWarning(
  { processName, grain = 'hour' }: ProcessSpec,
  names: readonly string[],
): PlanWarning & { readonly code: 'hours-of-session' } {
  const written = names.map((name) => `$${name}`).join(' and ');
  return {
    code: 'hours-of-session',
    message: `${processName} returns ${written}, which depends on the ${grain}s that a session computes together: computed beside others, one ${grain} would have other rows`,
    hint: `take a time of the rows and group by it, such as date_trunc('${grain}', …); or use pattern: dimension, which computes each ${grain} by itself`,
  };
}

const spanText = (hours: number): string => (hours % 24 === 0 ? `${hours / 24}d` : `${hours}h`);

/** With so many hours that only a window made necessary, a key is worth a thought. */
const MANY_HOURS = 720;

/** The hours of a plan that change through the window of one source alone, where it has no key. */
function wideWindows(plan: Plan): PlanWarning[] {
  const { hours, sources, grain = 'hour' } = plan;
  return sources.flatMap(({ table, window }) => {
    if (window == null || window.key !== null) return [];
    const through = hours.filter(
      ({ causes, reason }) =>
        reason === 'changed' &&
        causes.every((cause) => cause.source === table && cause.changed_hour !== undefined),
    ).length;
    return through * unitHours(plan) < MANY_HOURS
      ? []
      : [
          {
            code: 'wide-window' as const,
            message: `${through} of the ${hours.length} ${grain}s are computed again only because rows of ${table} reach them through its window of ${window.before_hours + window.after_hours} hours`,
            hint: 'add key: COLUMN to the window where the query finds its rows by a column, or make it shorter',
          },
        ];
  });
}
