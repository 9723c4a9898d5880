/** Checks a plan that was made earlier against a fresh one. Two plans -> nothing, or a refusal. Pure. */
import { refusal } from '../model/errors.ts';
import type { WithGrain } from '../model/grain.ts';
import { parseHour } from '../model/hour.ts';
import { hourRangeText } from '../model/hour-range.ts';
import type { CompiledPlan, PlanSource } from '../model/plan.ts';

/** Snapshots that processes of this very run have published, by the names of their tables in lower case. */
export type PublishedNow = ReadonlyMap<string, string>;

const publishedIn = (publishedNow: PublishedNow, { table }: PlanSource): string | undefined =>
  publishedNow.get(table.toLowerCase());

/** True if a process that the plan follows has published in this run: then it must be planned again. */
export const followsPublished = (given: CompiledPlan, publishedNow: PublishedNow): boolean =>
  (given.follows ?? []).length > 0 &&
  given.sources.some((source) => publishedIn(publishedNow, source) !== undefined);

/**
 * Refuses a plan made earlier unless it can run as it was made: the same SQL over the same heads, onto the
 * same base. A source that a process of this run has just published to is read at the head that the plan
 * names. Throws `plan-stale`.
 */
export function refuseStale(given: CompiledPlan, fresh: CompiledPlan, publishedNow: PublishedNow): void {
  const moving = (source: PlanSource): boolean => publishedIn(publishedNow, source) !== undefined;
  refuseChanged(given, fresh, (plan) => ({
    ...commonFacts(plan),
    ...relations(plan),
    ...Object.fromEntries(plan.sources.filter((source) => !moving(source)).map(headFact)),
    ...(plan.sources.some(moving) ? {} : { 'its hours': JSON.stringify(plan.hours.map(({ hour }) => hour)) }),
  }));
}

/**
 * Refuses a fresh plan that would do more than the earlier one expected. A process that follows others is
 * planned once those have published: each source must be where it was, or where this run has put it, and no
 * hour may be computed that was not expected. Throws `plan-stale`.
 */
export function refuseBeyondExpected(
  given: CompiledPlan,
  fresh: CompiledPlan,
  publishedNow: PublishedNow,
): void {
  const published = (source: PlanSource): [string, string | null] => {
    const snapshot = publishedIn(publishedNow, source);
    return snapshot === undefined ? headFact(source) : [headFact(source)[0], snapshot];
  };
  const expected = {
    ...commonFacts(given),
    ...Object.fromEntries(given.sources.map(published)),
    ...newFiles(given),
  };
  const found = {
    ...commonFacts(fresh),
    ...Object.fromEntries(fresh.sources.map(headFact)),
    ...newFiles(fresh),
  };
  refuseChanged(given, fresh, (plan) => (plan === given ? expected : found));
  if ((given.expected_unknown_because ?? null) !== null) return;
  const hours = hoursBeyond(given, fresh);
  if (hours.length === 0) return;
  throw refusal(
    'plan-stale',
    `${given.process_name} would load ${given.grain ?? 'hour'}s of ${spanText(hours, given)} (${hours.length}) beyond what its plan (session ${given.psyberg_session_id}) expected of ${(given.follows ?? []).join(', ')}`,
    {
      hint: `${planAgain(given)}; or load them without a plan: psyberg run ${given.process_name}`,
      context: { process_name: given.process_name, changed: 'its hours', unexpected_hours: hours },
    },
  );
}

const commonFacts = (plan: CompiledPlan): Record<string, string | null> => ({
  'the SQL of the process': plan.process_sha256,
  'the target': plan.target.base_snapshot_id,
  'its grain': plan.grain ?? 'hour',
});

/** How the files of a folder are read, if the plan reads some. */
const relations = ({ sources }: CompiledPlan): Record<string, string> =>
  Object.fromEntries(
    sources.flatMap(({ table, read }) =>
      read.kind === 'files' ? [[`the files of ${table}`, read.relation]] : [],
    ),
  );

/** Which files of its folders are new, also where nothing is read as long as nothing else is new. */
const newFiles = ({ sources }: CompiledPlan): Record<string, string> =>
  Object.fromEntries(
    sources
      .filter(({ files_glob: glob }) => glob !== undefined)
      .map(({ table, read }) => [
        `the files of ${table}`,
        JSON.stringify(read.kind === 'files' ? read.files.map(({ path, bytes }) => [path, bytes]) : []),
      ]),
  );

const headFact = (source: PlanSource): [string, string | null] => [
  `the source ${source.table}`,
  source.head?.snapshot_id ?? null,
];

/** Whether times are dates is known only once their table exists; then whole days count as expected. */
function hoursBeyond(given: CompiledPlan, fresh: CompiledPlan): string[] {
  const ofDays = [...fresh.sources.map((source) => source.event_time_unit), fresh.target.event_time?.unit];
  const key = (hour: string): string => (ofDays.includes('day') ? hour.slice(0, -10) : hour);
  const expected = new Set(
    [...(given.expected_hours ?? []), ...given.hours.map(({ hour }) => hour)].map(key),
  );
  return fresh.hours.map(({ hour }) => hour).filter((hour) => !expected.has(key(hour)));
}

const spanText = (hours: readonly string[], of: WithGrain): string =>
  hourRangeText(
    { firstHour: parseHour(hours[0] as string), lastHour: parseHour(hours.at(-1) as string) },
    of,
  );

const planAgain = ({ process_name: name }: CompiledPlan): string =>
  `plan again: psyberg plan ${name} --out plan.json`;

function refuseChanged(
  given: CompiledPlan,
  fresh: CompiledPlan,
  facts: (plan: CompiledPlan) => Record<string, string | null>,
): void {
  const now = facts(fresh);
  const moved = Object.entries(facts(given)).find(([name, value]) => now[name] !== value);
  if (moved !== undefined)
    throw refusal(
      'plan-stale',
      `the plan of ${given.process_name} (session ${given.psyberg_session_id}) is stale: ${moved[0]} changed since it was made`,
      {
        hint: planAgain(given),
        context: {
          process_name: given.process_name,
          changed: moved[0],
          expected: moved[1],
          found: now[moved[0]],
        },
      },
    );
}
