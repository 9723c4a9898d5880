/**
 * Says why a target has no row in an hour. Plan + hour -> words. Pure. The plan is that of the next session:
 * what it leaves out and waits for is what the hour waits for.
 */
import { plannedHours, unitOf } from '../../model/grain.ts';
import { type Hour, hourText, parseHour } from '../../model/hour.ts';
import { isInRanges } from '../../model/hour-ranges.ts';
import type { Plan, PlanSource } from '../../model/plan.ts';
import type { KnownSession } from './sessions-known.ts';

export interface MissingHour {
  /** The source that holds it back; null if none does. */
  readonly heldBackBy: string | null;
  readonly because: string;
  readonly hint: string | null;
}

export interface MissingHourInput {
  readonly plan: Plan;
  readonly hour: Hour;
  readonly sessions: readonly KnownSession[];
  /** How many hours back a session of the process goes; undefined: as far as necessary. */
  readonly thresholdHours: number | undefined;
}

export function missingHour(asked: MissingHourInput): MissingHour {
  const { plan, hour } = asked;
  const text = hourText(hour);
  const run = `psyberg run ${plan.process_name}`;
  const because = (words: string, hint: string | null = null): MissingHour => ({
    heldBackBy: null,
    because: words,
    hint,
  });
  if (plan.status === 'work' && plannedHours(plan).includes(hour))
    return because(`the next session of ${plan.process_name} loads it`, run);
  const back = heldBack(asked);
  const isOwed = plan.owed_hours.includes(hourText(unitOf(plan, hour).firstHour));
  // A stateless load adds new rows whatever their hour, so nothing holds an hour back.
  const loadsHours = plan.pattern !== 'stateless';
  if (loadsHours && back !== undefined)
    return { ...back, because: isOwed ? `it is owed: ${back.because}` : back.because };
  if (isOwed) return because(...beyondReach(asked));
  const maker = asked.sessions.findLast(({ hours = [] }) => isInRanges(hour, hours));
  if (maker !== undefined)
    return because(
      `session ${maker.psybergSessionId} of ${maker.processName} computed it, and its query returned no row for it`,
      `psyberg show ${plan.process_name} --hours ${text}`,
    );
  if (plan.target.previous_session_id === null)
    return because(`no session of ${plan.process_name} has published yet`, run);
  return because(noRows(plan, hour), loadsHours ? `psyberg show ${plan.process_name} --hours ${text}` : null);
}

function beyondReach({ plan, thresholdHours }: MissingHourInput): [string, string] {
  const hint = `psyberg restate ${plan.process_name} --hours FROM..TO`;
  return thresholdHours === undefined
    ? [
        'it is owed, and no source holds it back: a later session loads it',
        `psyberg run ${plan.process_name}`,
      ]
    : [
        `it is owed, and further back than catchup: { threshold_hours: ${thresholdHours} } lets a session go`,
        hint,
      ];
}

/** Finds the source that is not complete for the hour yet, the furthest behind first. */
function heldBack({ plan, hour: asked }: MissingHourInput): MissingHour | undefined {
  const { lastHour: hour } = unitOf(plan, asked);
  const missing = plan.sources.find(({ head, lookup }) => head === null && lookup === true);
  if (missing !== undefined)
    return {
      heldBackBy: missing.table,
      because: `the lookup ${missing.table} does not exist yet`,
      hint: null,
    };
  const behind = plan.sources
    .filter(({ lookup }) => lookup !== true)
    .map((source) => ({ source, to: completeFor(source) }))
    .filter(({ to }) => to === undefined || to < hour)
    .sort((left, right) => (left.to ?? Number.NEGATIVE_INFINITY) - (right.to ?? Number.NEGATIVE_INFINITY));
  const [first] = behind;
  if (first === undefined) return undefined;
  return {
    heldBackBy: first.source.table,
    because: heldBackText(first.source, hour, plan.target.complete_to_hour),
    hint: `psyberg plan ${plan.process_name} --explain`,
  };
}

/** The last hour of the target for which the source is complete. */
const completeFor = ({ vtts_hour: vtts, window }: PlanSource): Hour | undefined =>
  vtts === null ? undefined : parseHour(vtts) - (window?.after_hours ?? 0);

function heldBackText(
  { table, head, vtts_hour: vtts, newest_hour: newest, window }: PlanSource,
  hour: Hour,
  loadedTo: string | null,
): string {
  if (head === null) return `${table} has no rows yet`;
  const after = window?.after_hours ?? 0;
  const needed =
    after === 0 ? '' : `; with its window of ${after} hours after, the hour needs ${hourText(hour + after)}`;
  // How far a source without anything new is complete was not asked: it cannot have moved on.
  const unasked =
    loadedTo === null ? 'is complete for no hour yet' : `has nothing new since ${loadedTo} was loaded`;
  const complete = vtts === null ? unasked : `is complete to ${vtts}`;
  const rows = newest === null || newest === vtts ? '' : ` (its newest row is of ${newest})`;
  return `${table} ${complete}${rows}${needed}`;
}

/** Explains an hour that is complete but was never loaded: no rows came that belong to it. */
function noRows(plan: Plan, hour: Hour): string {
  const events = plan.sources.filter(({ lookup, files_glob: glob }) => lookup !== true && glob === undefined);
  const reach = events.map(({ newest_hour: newest }) => (newest === null ? undefined : parseHour(newest)));
  const isAfter = reach.length > 0 && reach.every((newest) => newest === undefined || newest < hour);
  return isAfter
    ? `its sources have no rows of this hour yet: the newest are of ${events.map(({ table, newest_hour: newest }) => `${newest ?? 'no hour'} in ${table}`).join(', ')}`
    : 'its sources are complete for it, and nothing that came to them was of this hour';
}
