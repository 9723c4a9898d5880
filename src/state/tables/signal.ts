/** The table of signals. Plan + outcome -> rows. Pure. */
import { plannedHours, wholeUnits } from '../../model/grain.ts';
import { type Hour, hourText, parseHour } from '../../model/hour.ts';
import { intervalsOf } from '../../model/hour-sets.ts';
import type { Plan } from '../../model/plan.ts';
import type { CatchupSpec } from '../../model/process-spec.ts';
import { type RowOf, stateTable } from './state-table.ts';

/**
 * A row is an announcement: the target is complete up to that hour, or hours that were announced before have
 * other rows now.
 */
export const SIGNAL = stateTable({
  filesPerProcess: 16,
  keptStatement: 'state/kept_rows',
  columns: {
    process_name: 'string',
    signal_name: 'string',
    vtts_utc_dateint: 'int',
    vtts_utc_hour: 'int',
    kind: 'string',
    psyberg_session_id: 'string',
    created_at: 'timestamptz',
  },
  added: { hours: 'string' },
});
export type SignalTableRow = RowOf<typeof SIGNAL>;

/** First and last hour of each stretch, as ISO texts, both included; ascending. */
export type ReopenedHours = readonly (readonly [first: string, last: string])[];

/**
 * The hours that were announced as complete, and that the session wrote: of a stateless process those of its
 * rows, of others those that it replaced; of a process of days whole days. `differing`: of a dimension those
 * that came out otherwise; undefined where nobody compared.
 */
export function reopenedHours(plan: Plan, differing: readonly Hour[] | undefined): ReopenedHours {
  const announced = announcedBefore(plan);
  if (announced === null) return [];
  const changed = differing === undefined ? undefined : new Set(wholeUnits(plan, differing));
  const last = parseHour(announced);
  const hours = plannedHours(plan).filter((hour) => hour <= last && changed?.has(hour) !== false);
  return intervalsOf(hours).map(({ firstHour, lastHour }) => [hourText(firstHour), hourText(lastHour)]);
}

/**
 * What a session announces: hours that it reopened, and that the target is complete, also up to an hour that
 * was announced before where some of it was reopened: they are complete again with the very commit.
 */
export function signalRows(
  plan: Plan,
  options: {
    readonly completeToHour: string | undefined;
    readonly reopened?: ReopenedHours;
    readonly createdAt: string;
  },
): SignalTableRow[] {
  const { completeToHour, reopened = [], createdAt } = options;
  if (completeToHour === undefined) return [];
  if (isAnnounced(plan, completeToHour) && reopened.length === 0) return [];
  return announcements({
    processName: plan.process_name,
    target: plan.target.table,
    psybergSessionId: plan.psyberg_session_id,
    completeToHour,
    isComplete: !lacksHours(plan, completeToHour),
    reopened,
    createdAt,
  });
}

const lacksHours = ({ catchup, owed_hours: owedHours, target }: Plan, completeToHour: string): boolean =>
  lacksEarlierHours({
    order: catchup?.order,
    announcedTo: target.announced_to_hour,
    owedHours,
    completeToHour,
  });

/**
 * True where the newest hours were loaded first, and earlier ones are still to come: an hour up to which that
 * is so is not complete yet. `announcedTo`: undefined but where that was so already; the header may name
 * another order since.
 */
export const lacksEarlierHours = ({
  order,
  announcedTo,
  owedHours,
  completeToHour,
}: {
  readonly order: CatchupSpec['order'];
  readonly announcedTo: string | null | undefined;
  readonly owedHours: readonly string[];
  readonly completeToHour: string;
}): boolean =>
  (order === 'newest' || announcedTo !== undefined) && owedHours.some((hour) => hour <= completeToHour);

/** Up to which hour the sessions before have announced the target; null where they have not. */
const announcedBefore = ({ target }: Plan): string | null =>
  target.announced_to_hour === undefined ? target.complete_to_hour : target.announced_to_hour;

/**
 * The session before has announced what it had computed, but where it lacked earlier hours. Snapshots of an
 * earlier release do not say so: then the hours that it owed do.
 */
const isAnnounced = (plan: Plan, completeToHour: string): boolean =>
  completeToHour === announcedBefore(plan) &&
  !(plan.catchup?.order === 'newest' && plan.hours.some((hour) => hour.owed_by.length > 0));

/**
 * For the summary of a session's snapshot: up to which hour its target is announced then, where that is not
 * the hour to which it is complete; null: to none.
 */
export function announcedOtherwise(plan: Plan, completeToHour: string): string | null | undefined {
  if (!lacksHours(plan, completeToHour)) return undefined;
  const before = announcedBefore(plan);
  return before === completeToHour ? undefined : before;
}

/** What a session announces. */
export interface Announced {
  readonly processName: string;
  readonly target: string;
  readonly psybergSessionId: string;
  /** An ISO text, included. */
  readonly completeToHour: string;
  /** False while earlier hours are still to come: then it is not announced. */
  readonly isComplete: boolean;
  readonly reopened: ReopenedHours;
  readonly createdAt: string;
}

/** Reopened hours come first: whoever reads the rows in their order ends with `complete`. */
export function announcements({ completeToHour, isComplete, reopened, ...of }: Announced): SignalTableRow[] {
  const [first] = reopened;
  const complete = isComplete ? [signalRow(of, { kind: 'complete', hour: completeToHour, hours: null })] : [];
  return first === undefined
    ? complete
    : [signalRow(of, { kind: 'reopened', hour: first[0], hours: JSON.stringify(reopened) }), ...complete];
}

const signalRow = (
  {
    processName,
    target,
    psybergSessionId,
    createdAt,
  }: Omit<Announced, 'completeToHour' | 'isComplete' | 'reopened'>,
  {
    kind,
    hour,
    hours,
  }: { readonly kind: 'complete' | 'reopened'; readonly hour: string; readonly hours: string | null },
): SignalTableRow => ({
  process_name: processName,
  signal_name: target,
  vtts_utc_dateint: hour.slice(0, 10).replaceAll('-', ''),
  vtts_utc_hour: String(Number(hour.slice(11, 13))),
  kind,
  psyberg_session_id: psybergSessionId,
  created_at: createdAt,
  hours,
});
