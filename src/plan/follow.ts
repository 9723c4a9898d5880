/**
 * Relates the plans of a DAG: what a process may do once those above it have published. Plans in dependency
 * order -> plans. Pure. The hours are an upper bound: if nothing else arrives meanwhile a session loads these
 * or fewer.
 */

import { completeToHour } from '../model/complete-to-hour.ts';
import { unitTexts } from '../model/grain.ts';
import { type Hour, parseHour } from '../model/hour.ts';
import { tableKey } from '../model/names.ts';
import type { CompiledPlan, PlanSource } from '../model/plan.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import { type ExpectedHours, expectedOf, type Followed, type MovedSource } from './expected-hours.ts';

/** A process with the plan that was made of it alone. */
export interface PlannedProcess {
  readonly spec: ProcessSpec;
  readonly plan: CompiledPlan;
}

/**
 * The same plans with `follows` and `expected_hours`. Only processes that are among them count: what another
 * one would do is no part of the run. Each stands behind those that write its sources.
 */
export function followed(planned: readonly PlannedProcess[]): CompiledPlan[] {
  const writers = new Map<string, Followed>();
  return planned.map(({ spec, plan: alone }) => {
    const sources = movedSources(alone, spec, writers);
    const follows = namesAbove(sources);
    if (follows.length === 0 && alone.status !== 'work') return { ...alone, ...NOTHING_FOLLOWED };
    const expectation = expectedOf({ spec, plan: alone, sources });
    const plan: CompiledPlan =
      follows.length === 0 ? { ...alone, ...NOTHING_FOLLOWED } : following(alone, follows, expectation);
    writers.set(tableKey(spec.target.table), {
      spec,
      plan,
      expectation,
      completeTo: latest(hourOf(completeToHour(alone)), expectation.limit),
    });
    return plan;
  });
}

const NOTHING_FOLLOWED = { follows: [], expected_hours: [], expected_unknown_because: null } as const;

const following = (
  plan: CompiledPlan,
  follows: readonly string[],
  { hours, unknownBecause }: ExpectedHours,
): CompiledPlan => ({
  ...plan,
  status: plan.status === 'work' ? 'work' : 'follows',
  follows,
  expected_hours: unitTexts(plan, hours),
  expected_unknown_because: unknownBecause ?? null,
});

function movedSources(
  plan: CompiledPlan,
  spec: ProcessSpec,
  writers: ReadonlyMap<string, Followed>,
): MovedSource[] {
  return plan.sources.flatMap((source) => {
    const declared = spec.sources.find(({ alias }) => alias === source.alias);
    if (declared === undefined) return [];
    const writer = brings(source) ? writers.get(tableKey(declared.table)) : undefined;
    return [{ source, spec: declared, writer }];
  });
}

/** A lookup that is there and changes nothing that was loaded makes nobody work. */
const brings = ({ lookup, on_change: onChange, head }: PlanSource): boolean =>
  lookup !== true || onChange === 'restate' || head === null;

/** The processes with work above, each once, in dependency order. */
function namesAbove(sources: readonly MovedSource[]): string[] {
  const names = sources.flatMap(({ writer }) => {
    if (writer === undefined) return [];
    const { follows = [], status, process_name: name } = writer.plan;
    return status === 'work' ? [...follows, name] : [...follows];
  });
  return [...new Set(names)];
}

const hourOf = (text: string | undefined): Hour | undefined =>
  text === undefined ? undefined : parseHour(text);

const latest = (one: Hour | undefined, other: Hour | undefined): Hour | undefined =>
  one === undefined ? other : other === undefined ? one : Math.max(one, other);
