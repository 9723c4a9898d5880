/**
 * Checks that every hour which a session of a stateful process writes has a row of a source. What was read +
 * staged rows -> nothing, or `rows-without-source`. Source rows alone decide which hours are computed. An
 * hour without any is computed beside others or not at all, so its rows would be there or missing depending
 * on the order in which things came.
 */
import { countsForWholeDays, restatesAppended, SESSION_CATALOG } from '../../compile/index.ts';
import { patternOf } from '../../kinds/patterns/index.ts';
import { type PsybergError, refusal } from '../../model/errors.ts';
import { unitStarts, type WithGrain, wholeUnits } from '../../model/grain.ts';
import { type Hour, hoursOf, hourText } from '../../model/hour.ts';
import { ascending, intervalsOf, wholeDays } from '../../model/hour-sets.ts';
import type { PlanSource } from '../../model/plan.ts';
import { plannedWindow, rangesBehind, reachedBy } from '../../model/window-hours.ts';
import {
  identifierFragment,
  rangeBoundFragment,
  renderStatement,
  statement,
  statementFragment,
  storedHour,
  tableFragment,
} from '../../statements/index.ts';
import type { Audited } from '../session.ts';
import { showStaged } from '../stages/compose.ts';
import type { FileRead } from './rows-read.ts';
import { hoursStaged, targetTime, unitOfRows } from './staged-hours.ts';

/** The same session, perhaps with its staged rows shown. Throws `rows-without-source`. */
export async function checkHoursReached(audited: Audited): Promise<Audited> {
  const { plan, written, filesRead } = audited;
  const { loadsHours, readsPrevious } = patternOf(plan);
  if (!loadsHours || readsPrevious || restatesAppended(plan) || audited.rowsWritten === 0n) return audited;
  const time = targetTime(audited);
  const unit = unitOfRows(time, plan);
  const sources = plan.sources.filter(bringsHours);
  // The first and the last hour of what was read of a file have a row; mostly that is all there is to know.
  const reached = new Set(
    sources.flatMap((source) =>
      unitsReached(plan, unit, source, hoursOfFiles(filesRead.get(source.alias) ?? [])),
    ),
  );
  const missing = (hours: readonly Hour[]): Hour[] =>
    unitStarts(unit, hours).filter((hour) => !reached.has(hour));
  if (written?.hours !== undefined && missing(written.hours.flatMap(hoursOf)).length === 0) return audited;
  const shown = await showStaged(audited);
  const staged = await hoursStaged(shown, time);
  for (const source of sources) {
    const asked = missing(staged);
    if (asked.length === 0) break;
    const hours = await hoursOfSource(shown, source, wholeUnits(unit, asked));
    for (const hour of unitsReached(plan, unit, source, hours)) reached.add(hour);
  }
  const without = missing(staged);
  if (without.length > 0) throw rowsWithoutSource(shown, without);
  return shown;
}

/** Rows of a window with a key only reach hours in which another source has rows. */
const bringsHours = (source: PlanSource): boolean =>
  source.lookup !== true && source.event_time !== null && (source.window?.key ?? null) === null;

const hoursOfFiles = (files: readonly FileRead[]): Hour[] =>
  files.flatMap(({ first_hour: first, last_hour: last }) =>
    first === null || last === null ? [] : [Number(first), Number(last)],
  );

function unitsReached(
  plan: Audited['plan'],
  unit: WithGrain,
  source: PlanSource,
  hours: readonly Hour[],
): Hour[] {
  const own = ascending(hours);
  return unitStarts(
    unit,
    reachedBy(countsForWholeDays(plan, source) ? wholeDays(own) : own, plannedWindow(source)),
  );
}

/** The source's own hours whose rows reach those hours of the target. */
async function hoursOfSource(
  { plan, ports }: Audited,
  source: PlanSource,
  reaching: readonly Hour[],
): Promise<Hour[]> {
  if (source.read.kind !== 'snapshot') return [];
  const behind = rangesBehind(intervalsOf(ascending(reaching)), plannedWindow(source)).flatMap(hoursOf);
  const hours = countsForWholeDays(plan, source) ? wholeDays(behind) : behind;
  const name = source.event_time as string;
  const { event_time_type: type, event_time_unit: unit } = source;
  const stored = storedHour({ name, type: type ?? 'timestamptz', unit: unit ?? 'us' });
  // Hours between them do no harm. Of 5,000,000 rows in one file a session took 2.2 s of CPU with a list of
  // the hours, 1.9 s so, and 1.7 to 1.9 s without this check (2026-11-29).
  const rows = renderStatement('compile/source_range', {
    columns: identifierFragment(name),
    source: tableFragment(SESSION_CATALOG, { namespace: ['sources'], name: source.alias }),
    event_time: identifierFragment(name),
    range_start: rangeBoundFragment({ parameter: 'range_start', later: 0 }, type, unit),
    range_end: rangeBoundFragment({ parameter: 'range_end', later: 0 }, type, unit),
  });
  const found = await ports.engine.query(
    statement('audit/hours_of_rows', { rows: statementFragment(`(\n${rows}\n)`), ...stored }),
    {
      range_start: hourText(hours[0] ?? 0),
      range_end: hourText((hours.at(-1) ?? 0) + 1),
    },
  );
  return found.map(({ hour }) => Number(hour));
}

const SHOWN_HOURS = 3;

function rowsWithoutSource({ plan, spec }: Audited, hours: readonly Hour[]): PsybergError {
  const named = hours.slice(0, SHOWN_HOURS).map(hourText).join(', ');
  const more = hours.length > SHOWN_HOURS ? ` and ${hours.length - SHOWN_HOURS} more` : '';
  return refusal(
    'rows-without-source',
    `${plan.process_name} computed rows for ${named}${more}, and no source has a row there: sessions compute the hours of which sources have rows, so whether rows of other hours are in ${plan.target.table} would depend on what came when; nothing was published`,
    {
      hint: `leave out rows of hours without a row of a source in ${spec.file}; or use pattern: dimension, which computes every hour from the first row on`,
      context: { process_name: plan.process_name, table: plan.target.table, hours: hours.map(hourText) },
    },
  );
}
