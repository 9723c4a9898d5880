/**
 * Refuses to compute hours again whose source rows are gone. Session + hours -> nothing, or a refusal. A
 * source may let rows go (by their age, under `on_source_change: append-added`); computing those hours again
 * would empty them. Reads metadata of the files of those hours, and of earlier files only if none holds them.
 */
import { currentSchema, storedUnit } from '../iceberg/event-time.ts';
import type { NestedField } from '../iceberg/table-metadata.ts';
import { patternOf } from '../kinds/patterns/index.ts';
import { pending } from '../kinds/patterns/pending.ts';
import { refusal } from '../model/errors.ts';
import { unitOf, type WithGrain, wholeUnits } from '../model/grain.ts';
import type { Hour, HourRange } from '../model/hour.ts';
import { hourRangeText } from '../model/hour-range.ts';
import { allHoursOf, intervalsOf, touchedHours } from '../model/hour-sets.ts';
import { withoutLookups } from '../model/lookups.ts';
import { tableName } from '../model/names.ts';
import type { Pattern, ProcessSpec } from '../model/process-spec.ts';
import type { SourceState } from '../model/session.ts';
import { sourceWindow } from '../model/window-hours.ts';
import { BEGINNING, firstIn } from './first-hour-there.ts';
import type { RestateSources } from './restate-sources.ts';
import type { OpenSessionInput } from './session-input.ts';
import { type TableOfHours, tableAtHead, targetOfHours } from './tables-of-hours.ts';

export interface HoursToCompute {
  /** Ascending. */
  readonly hours: readonly Hour[];
  /** The pattern by which the target was made, if it is another one now: nothing else leaves its hours be. */
  readonly former?: Pattern | undefined;
}

/** Throws `restate-hours-gone`. */
export async function refuseHoursGone(
  input: OpenSessionInput,
  opened: RestateSources,
  { hours, former }: HoursToCompute,
): Promise<void> {
  const [firstHour] = hours;
  const target = await targetOfHours(input, opened.session);
  if (firstHour === undefined || target === undefined) return;
  const range = { firstHour, lastHour: hours.at(-1) as Hour };
  const found = await firstToKeep(input, opened, { target, hours });
  if (found === undefined) return;
  // A row of a day may come from any of its hours.
  const unit: WithGrain = opened.session.target.eventTime?.unit === 'day' ? { grain: 'day' } : input.spec;
  const { firstHour: storedFrom, lastHour: storedTo } = unitOf(unit, found);
  for (const source of withoutLookups(opened.session.sources))
    if (await reachesBack(input, opened, { source, storedTo, range })) return;
  const { firstHour: first } = unitOf(unit, await firstOfSources(input, opened, range));
  const gone = { firstHour: Math.max(storedFrom, firstHour), lastHour: Math.min(range.lastHour, first - 1) };
  const { processName } = input.spec;
  const sources = withoutLookups(opened.session.sources).map(({ spec }) => tableName(spec.table));
  const stored = tableName(input.spec.target.table);
  throw refusal(
    'restate-hours-gone',
    `${stored} has rows of ${hourRangeText(gone)}, and ${sources.join(', ')} ${sources.length === 1 ? 'has' : 'have'} none of that time any more: computed again these hours would be empty`,
    {
      hint: wayOn(input.spec, {
        former,
        sources,
        isTimeDropped: await isTimeDropped(input, opened.session.sources),
        left: { firstHour: first, lastHour: range.lastHour },
      }),
      context: { process_name: processName, sources, hours: hourRangeText(gone) },
    },
  );
}

function wayOn(
  { processName, file, target }: ProcessSpec,
  {
    former,
    sources,
    isTimeDropped: wasDropped,
    left,
  }: {
    readonly former: Pattern | undefined;
    /** Their names. */
    readonly sources: readonly string[];
    readonly isTimeDropped: boolean;
    /** The hours of which the sources still have rows: none if the first comes after the last. */
    readonly left: HourRange;
  },
): string {
  const stored = tableName(target.table);
  const have = `${sources.join(' and ')} still ${sources.length === 1 ? 'has' : 'have'}`;
  if (former !== undefined) {
    const also = former === 'stateless' ? ', and on_source_change: append-added at its sources' : '';
    return `write pattern: ${former} in ${file} again${also}, so that these hours stay as they are; or drop ${stored} and run "psyberg run ${processName}", which loads what ${have}`;
  }
  if (wasDropped)
    return `the event time by whose hours they were loaded was dropped: drop ${stored} and run again, if ${have} all rows; or leave these hours as they are`;
  return left.firstHour > left.lastHour
    ? `bring the rows back into ${sources.join(' or ')}, and run "psyberg run ${processName}"; or leave these hours as they are`
    : `restate what the sources still have: --hours ${hourRangeText(left)}`;
}

/**
 * The first hour with rows that the process does not owe. If it owes an hour, an earlier session saw the rows
 * go and left the hour to a restate (`catchup.threshold_hours`); in a dimension so did the hours that follow
 * from it.
 */
async function firstToKeep(
  input: OpenSessionInput,
  { session }: RestateSources,
  { target, hours }: { readonly target: TableOfHours; readonly hours: readonly Hour[] },
): Promise<Hour | undefined> {
  const owed = new Set(wholeUnits(input.spec, pending(session)));
  const isOwed = (hour: Hour | undefined): boolean => hour !== undefined && owed.has(hour);
  const { readsPrevious } = patternOf(input.spec);
  for (const range of intervalsOf(readsPrevious ? hours : hours.filter((hour) => !owed.has(hour)))) {
    const found = await firstIn(input, target, range);
    if (found !== undefined) return isOwed(unitOf(input.spec, found).firstHour) ? undefined : found;
  }
  return undefined;
}

interface Asked {
  readonly source: SourceState;
  /** The first of the hours in which the target has rows, or the last one of that day. */
  readonly storedTo: Hour;
  readonly range: HourRange;
}

/**
 * True if a source has rows in the first hour in which the target has rows, or before, counting its window.
 */
async function reachesBack(
  input: OpenSessionInput,
  { recorded }: RestateSources,
  { source, storedTo, range }: Asked,
): Promise<boolean> {
  if (source.spec.eventTime === undefined) return true;
  const reached = storedTo + sourceWindow(source).afterHours;
  const files = recorded.get(source);
  if (files !== undefined) return allHoursOf(files).some((hour) => hour <= reached);
  const table = await tableAtHead(input, byFormerTime(source, await columnsOf(input, source)));
  if (table === undefined) return false;
  const near = await firstIn(input, table, { firstHour: range.firstHour, lastHour: reached });
  return (
    near !== undefined ||
    (await firstIn(input, table, { firstHour: BEGINNING, lastHour: reached })) !== undefined
  );
}

/**
 * The source with the event-time column by which it was loaded, if another column has taken that name since.
 * A column that was dropped tells nothing.
 */
function byFormerTime(source: SourceState, columns: readonly NestedField[]): SourceState {
  const { spec, watermark } = source;
  const former = columns.find(({ id }) => id === watermark?.eventTimeId);
  if (former === undefined || storedUnit(former.type, spec.eventTimeUnit) === undefined) return source;
  return { ...source, spec: { ...spec, eventTime: former.name } };
}

/** True if it cannot be told any more in which hours the rows of a source were loaded. */
async function isTimeDropped(input: OpenSessionInput, sources: readonly SourceState[]): Promise<boolean> {
  for (const source of withoutLookups(sources)) {
    const id = source.watermark?.eventTimeId;
    if (id !== undefined && !(await columnsOf(input, source)).some((column) => column.id === id)) return true;
  }
  return false;
}

const columnsOf = async (
  { catalog }: OpenSessionInput,
  { spec }: SourceState,
): Promise<readonly NestedField[]> => {
  const metadata = (await catalog.loadTableToRead(spec.table))?.metadata;
  return metadata === undefined ? [] : currentSchema(metadata).fields;
};

/** The first hour of the range in which a source has rows; the hour after the range if none has. */
async function firstOfSources(
  input: OpenSessionInput,
  { session, recorded }: RestateSources,
  { firstHour, lastHour }: HourRange,
): Promise<Hour> {
  const found: Hour[] = [lastHour + 1];
  for (const source of withoutLookups(session.sources)) {
    const table = await tableAtHead(input, source);
    const first =
      recorded.get(source) !== undefined || table === undefined
        ? touchedHours(recorded.get(source) ?? [])[0]
        : await firstIn(input, table, { firstHour, lastHour });
    if (first !== undefined) found.push(first - sourceWindow(source).afterHours);
  }
  return Math.min(...found);
}
