/**
 * A dimension computes each hour from its sources and from its own rows of the hour before, in order. It is a
 * sequential stateful load, so Psyberg's id of it is 2 as well.
 */
import { refusal } from '../../model/errors.ts';
import { type HourRange, hoursOf, hourText } from '../../model/hour.ts';
import { tableName } from '../../model/names.ts';
import type { Session } from '../../model/session.ts';
import { sourceWindow } from '../../model/window-hours.ts';
import { lastHourToLoad, overwrite, started } from './overwrite.ts';
import type { Decision, PatternKind } from './pattern-kind.ts';
import { pending, pendingOf } from './pending.ts';

export const dimension: PatternKind = {
  etlPatternId: 2,
  operation: 'overwrite',
  loadsHours: true,
  readsPrevious: true,
  changesNeeded: () => 'hours',
  decide,
};

/**
 * Psyberg post 3, "Dimension": MinHr = the least changed hour, MaxHr = the least complete hour; each hour is
 * computed from the one before, so everything from MinHr on is recomputed, in order, up to MaxHr.
 */
function decide(session: Session): Decision {
  const limit = lastHourToLoad(session);
  const { completeToHour } = session.target;
  const [changed] = started(session, limit, pending(session));
  // Completeness that moved on without new rows still yields hours: the state of the hour before is carried
  // forward.
  const next =
    limit !== undefined && completeToHour !== undefined && limit > completeToHour
      ? completeToHour + 1
      : undefined;
  const candidates = [changed, next].filter((hour) => hour !== undefined);
  const first = candidates.length === 0 ? undefined : Math.min(...candidates);
  const threshold = session.spec.catchup.thresholdHours;
  // A first load has nothing to catch up with: it loads all there is.
  const floor =
    threshold === undefined || limit === undefined || completeToHour === undefined
      ? undefined
      : Math.min(limit - threshold + 1, completeToHour + 1);
  const firstHour = first === undefined ? undefined : Math.max(first, floor ?? first);
  if (firstHour !== undefined && limit !== undefined && limit - firstHour >= DIMENSION_HOURS_MAX)
    throw tooManyHours(session, { firstHour, lastHour: limit });
  const hours = firstHour === undefined || limit === undefined ? [] : hoursOf({ firstHour, lastHour: limit });
  // Only debts below the floor are left: nothing that this session may load.
  const onlyOldDebts =
    floor !== undefined &&
    next === undefined &&
    session.sources.every((source) => source.files.length === 0) &&
    pending(session).every((hour) => hour < floor);
  return onlyOldDebts
    ? overwrite(session, { hours: [], limit, status: 'nothing-new' })
    : overwrite(session, { hours, limit });
}

/** 34 years of hours, each an execution of the SQL: a row with a date of 1970, and not an archive. */
const DIMENSION_HOURS_MAX = 300_000;

function tooManyHours(session: Session, { firstHour, lastHour }: HourRange): Error {
  const source = session.sources.find((each) => pendingOf(session, each).hours[0] === firstHour);
  const changedHour = source === undefined ? firstHour : firstHour + sourceWindow(source).afterHours;
  const file = source?.files.find((each) => each.firstHour === changedHour);
  const table = source === undefined ? 'its sources' : tableName(source.spec.table);
  return refusal(
    'too-many-hours',
    `${session.spec.processName} would compute ${lastHour - firstHour + 1} hours one after the other, from ${hourText(firstHour)} on: the first changed hour of ${table}${file === undefined ? '' : `, in ${file.path} (snapshot ${file.snapshotId})`}`,
    {
      hint: `correct the event time of that row in ${table}; or set catchup: { threshold_hours: N } in ${session.spec.file}, and hours further back stay owed once the first session is published`,
      context: {
        process_name: session.spec.processName,
        table: source === undefined ? null : table,
        first_hour: hourText(firstHour),
        last_hour: hourText(lastHour),
        file: file?.path ?? null,
      },
    },
  );
}
