/**
 * Finds rows that whoever filled an adopted target put into hours that are not complete. Session -> hours.
 * They stay until the process computes those hours, so none of them may be forgotten. Reads the event time
 * of the target's rows where it has to.
 */
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import { patternOf } from '../kinds/patterns/index.ts';
import { lastHourToLoad } from '../kinds/patterns/overwrite.ts';
import { withoutRows } from '../kinds/patterns/pending.ts';
import { refusal } from '../model/errors.ts';
import type { Hour } from '../model/hour.ts';
import { hourRangeText } from '../model/hour-range.ts';
import { ascending, union } from '../model/hour-sets.ts';
import { tableName } from '../model/names.ts';
import type { Session } from '../model/session.ts';
import { wasAdopted } from '../state/process-progress.ts';
import { eventHourFragment, lakeTable, statement } from '../statements/index.ts';
import type { OpenSessionInput } from './session-input.ts';

/**
 * Where a source owes hours in which it has no row any more, adds to the session all hours in which its
 * target has rows, from a day before the first such hour on: a target that was adopted may have rows in
 * them, which nobody would take off.
 */
export async function withHoursHeld(
  input: OpenSessionInput,
  session: Session,
  target: TableMetadata | undefined,
): Promise<Session> {
  if (target === undefined || input.adoptAt !== undefined) return session;
  const owed = union(session.sources.map((source) => withoutRows(session, source)));
  const [first] = owed;
  if (first === undefined || !wasAdopted(target, session.spec.processName)) return session;
  const held = await hoursAfter(input, session, first - 24);
  if (held.length === 0) return session;
  return Object.freeze({ ...session, target: { ...session.target, heldHours: held } });
}

/**
 * Throws `adoption-rows-ahead` where the target has rows of hours that are not complete, and no source has
 * any: nothing would say that these hours have to be computed. A dimension computes every hour anyway.
 * `owed`: the hours that it will owe.
 */
export async function refuseRowsAhead(
  input: OpenSessionInput,
  session: Session,
  owed: readonly Hour[],
): Promise<void> {
  const limit = lastHourToLoad(session);
  if (patternOf(session.spec).readsPrevious || limit === undefined || !Number.isFinite(limit)) return;
  const known = new Set(owed);
  const ahead = (await hoursAfter(input, session, limit)).filter((hour) => !known.has(hour));
  const [firstHour] = ahead;
  if (firstHour === undefined) return;
  const { processName } = session.spec;
  const [hours, table] = [
    hourRangeText({ firstHour, lastHour: ahead.at(-1) as Hour }),
    tableName(session.spec.target.table),
  ];
  throw refusal(
    'adoption-rows-ahead',
    `${table} has rows of hours that are not complete (${hours}), and no source has rows in them: ${processName} would not know that it has to compute them`,
    {
      hint: `delete them from ${table} first, or adopt when these hours are complete`,
      context: { process_name: processName, table, hours },
    },
  );
}

/** The hours after this one in which the target has rows, ascending; a date is its midnight. */
async function hoursAfter(
  input: OpenSessionInput,
  { spec: { target }, target: { columns = [] } }: Session,
  after: Hour,
): Promise<Hour[]> {
  const column = columns.find(({ name }) => name.toLowerCase() === target.eventTime?.toLowerCase());
  if (column === undefined) return [];
  const found = await (await input.engine()).query(
    statement('session/hours_after', {
      table: lakeTable(target.table),
      hour: eventHourFragment(column, undefined),
    }),
    { after_hour: BigInt(after) },
  );
  return ascending(found.map(({ hour }) => Number(hour)));
}
