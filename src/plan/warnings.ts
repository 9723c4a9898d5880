/**
 * Warns of what a plan does as written, although its author may not have meant it. Plan + parsed query ->
 * warnings. Pure.
 */
import { patternOf } from '../kinds/patterns/index.ts';
import { unitHours } from '../model/grain.ts';
import { tableName } from '../model/names.ts';
import type { Plan, PlanWarning } from '../model/plan.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import { hoursReturned } from './hours-returned.ts';
import { joinsBeyondWindows, joinsWithoutHours, reachOf, type UntiedJoin } from './joins-without-hours.ts';
import { type KeyOfSource, keysNotCompared } from './keys-not-compared.ts';
import { type KnownOfTables, type RowsAlone, rowsAlone, togetherText } from './rows-alone.ts';
import type { TakenTogether } from './rows-of-query.ts';

/** A process's query, and what it says of the rows that it takes together. */
export interface JudgedSql {
  /** As DuckDB's parser gives it. */
  readonly tree: unknown;
  readonly alone: RowsAlone;
  readonly joins: readonly UntiedJoin[];
  /** Joins over an interval that is longer than the window of their source. */
  readonly beyondWindows: readonly UntiedJoin[];
}

export const judgeRows = (tree: unknown, spec: ProcessSpec, known: KnownOfTables = {}): JudgedSql => ({
  tree,
  alone: rowsAlone(tree, spec, known),
  joins: joinsWithoutHours(tree, spec),
  beyondWindows: joinsBeyondWindows(tree, spec),
});

export function warningsOf(
  plan: Plan,
  spec: ProcessSpec,
  { tree, alone, joins, beyondWindows }: JudgedSql,
): PlanWarning[] {
  const warnings: PlanWarning[] = [
    ...joins.map((join) => untiedWarning(spec, join)),
    ...beyondWindows.map((join) => shortWindowWarning(spec, join)),
    ...alone.told.map((each) => togetherWarning(spec, each)),
    ...hoursWarnings(spec, hoursReturned(tree, spec)),
    ...keysNotCompared(tree, spec).map((source) => keyWarning(spec, source)),
    ...wideWindows(plan),
  ];
  const told = warnings.filter(({ code }) => !isAccepted(spec, code));
  return [...new Map(told.map((each) => [each.message, each])).values()];
}

/** True where the header says that a finding is meant so. */
export const isAccepted = ({ accept = [] }: Pick<ProcessSpec, 'accept'>, code: string): boolean =>
  accept.some((each) => each === code);

/** What takes rows together that sessions see at different times, in words. */
export const togetherWarning = (spec: ProcessSpec, together: TakenTogether): TogetherWarning =>
  patternOf(spec).loadsHours ? hoursTogether(spec, together) : rowsTogetherOf(spec, together);

type TogetherWarning = PlanWarning & { readonly code: 'hours-not-alone' | 'rows-not-alone' };

function hoursTogether(
  { processName, grain = 'hour' }: ProcessSpec,
  together: TakenTogether,
): TogetherWarning {
  return {
    code: 'hours-not-alone',
    message: `${processName} takes rows of several ${grain}s together (${togetherText(together)}): a session computes the ${grain}s of which something changed, so what a row gets would depend on which these are`,
    hint: `${byTheUnit(together, grain)}; or say how far rows matter with window: { before: 1d } at the source; or use pattern: dimension, which has \`previous\`. Until then a session computes one ${grain} in another company, and refuses to publish where that makes a difference; accept: [hours-not-alone] in the header leaves that out`,
  };
}

function byTheUnit({ kind }: TakenTogether, grain: string): string {
  const unit = `date_trunc('${grain}', …) of the event time`;
  switch (kind) {
    case 'aggregate':
    case 'pivot':
      return `group by ${unit}`;
    case 'window function':
      return `partition by ${unit}`;
    case 'distinct':
      return `select ${unit} as well`;
    case 'join':
    case 'subquery':
      return `compare ${unit} of both`;
    default:
      return `write it so that each ${grain} stands alone`;
  }
}

function rowsTogetherOf({ processName }: ProcessSpec, together: TakenTogether): TogetherWarning {
  const what = togetherText(together);
  const accept = 'accept: [rows-not-alone] in the header leaves that out';
  const compared = `Until then a session reads some of its rows in two halves, and refuses to publish where that makes a difference; ${accept}`;
  if (together.kind === 'rows of no source')
    return {
      code: 'rows-not-alone',
      message: `${processName} is stateless and returns ${what} again`,
      hint: `take the rows of a source, and join what has no hours to them. ${compared}`,
    };
  return {
    code: 'rows-not-alone',
    message: `${processName} is stateless and takes several rows to make one (${what}): a session reads the rows that came since the one before, and never meets those of another session, so the target may not be what this SQL gives over all rows`,
    hint: `use pattern: stateful, which computes each hour anew from all of its rows; or take each row alone. ${compared}`,
  };
}

/** Such a join, in words. */
export function untiedWarning(
  { processName, grain = 'hour' }: ProcessSpec,
  { first, second, key, hoursApart }: UntiedJoin,
): PlanWarning & { readonly code: 'join-without-window' } {
  const before = hoursApart === undefined ? '1d' : spanText(hoursApart);
  const window = `window: { before: ${before}${key === undefined ? '' : `, key: ${key}`} }`;
  return {
    code: 'join-without-window',
    message: `${processName} joins ${first.alias} and ${second.alias} without a condition that ties their ${grain}s: a row of ${first.alias} meets rows of ${second.alias} of the ${grain}s that a session happens to load`,
    hint: `add ${window} to the source ${tableName(second.table)}, as far back as its rows matter; or compare date_trunc('${grain}', …) of both event times. Until then a session computes its ${grain}s once more beside those around them, and refuses to publish where that makes a difference`,
  };
}

/** Such a join, in words. */
export function shortWindowWarning(
  { processName }: ProcessSpec,
  join: UntiedJoin,
): PlanWarning & { readonly code: 'window-too-short' } {
  const { first, second, hoursApart = 0 } = join;
  const { table, alias } = second.window === undefined ? first : second;
  return {
    code: 'window-too-short',
    message: `${processName} joins ${first.alias} and ${second.alias} over up to ${spanText(hoursApart)}, and the window of ${alias} reaches ${spanText(reachOf(join))}: which rows lie further away depends on the hours that a session happens to load`,
    hint: `make the window of ${tableName(table)} ${spanText(hoursApart)} long, or the interval of the condition shorter`,
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

const keyWarning = ({ processName }: ProcessSpec, { alias, key }: KeyOfSource): PlanWarning => ({
  code: 'key-not-compared',
  message: `${processName} has the key ${key} at ${alias}, and its SQL compares nothing by a column of that name: where rows meet by another one, hours that a changed row of ${alias} reaches are not computed again`,
  hint: `name the column by which the query gets rows of ${alias}, or leave the key out`,
});

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
