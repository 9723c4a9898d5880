/**
 * Finds the first hour of a process that computes each hour from the one before: the hour of the first row of
 * its sources. Session -> Session with `begin`. Its query may return rows for an hour without source rows, so
 * any earlier hour would be made up. Hours that the target has although the first source rows were deleted
 * since are taken out.
 */
import { firstHourOfRows, surelyHasRowsBy } from '../changes/first-row.ts';
import { openSource } from '../changes/open-source.ts';
import type { Source } from '../changes/source.ts';
import type { Snapshot } from '../iceberg/table-metadata.ts';
import { firstReached } from '../kinds/patterns/dimension.ts';
import { patternOf } from '../kinds/patterns/index.ts';
import { pending } from '../kinds/patterns/pending.ts';
import { firstToCompute } from '../kinds/patterns/restate.ts';
import { unitOf, wholeUnits } from '../model/grain.ts';
import { type Hour, hoursOf } from '../model/hour.ts';
import { withoutLookups } from '../model/lookups.ts';
import type { Session, SessionBegin, SourceState } from '../model/session.ts';
import { sourceWindow } from '../model/window-hours.ts';
import type { OpenSessionInput } from './session-input.ts';
import { type TableOfHours, tableAtHead, targetOfHours } from './tables-of-hours.ts';

/** Adds where the hours begin; the same session if it has no hours to compute. Throws what reading throws. */
export async function withBegin(input: OpenSessionInput, session: Session): Promise<Session> {
  if (!patternOf(session.spec).readsPrevious || input.adoptAt !== undefined) return session;
  const firstHour = firstToCompute(session);
  if (firstHour === undefined) return session;
  const { lastHour } = unitOf(session.spec, firstHour);
  const sources = withoutLookups(session.sources).filter(begins);
  const leftBehind = await hoursLeftBehind(input, session, sources);
  if (sources.some((source) => hadRowsBy(source, lastHour)))
    return leftBehind.length === 0 ? session : Object.freeze({ ...session, begin: { leftBehind } });
  const begin = {
    ...(leftBehind.length === 0 ? {} : { leftBehind }),
    ...(sources.some((source) => gotRowsBy(source, lastHour))
      ? {}
      : await emptyBefore(input, session, { sources, lastHour })),
    ...(await storedFrom(input, session, { firstHour, lastHour })),
  };
  return Object.freeze({ ...session, begin });
}

/** For a look: adds which of its hours lie before the first row of the sources. */
export async function withBeginBefore(input: OpenSessionInput, session: Session): Promise<Session> {
  const { lookFrom } = input;
  if (lookFrom === undefined || !patternOf(session.spec).readsPrevious) return session;
  const sources = withoutLookups(session.sources).filter(begins);
  const { lastHour } = unitOf(session.spec, lookFrom);
  return Object.freeze({ ...session, begin: await emptyBefore(input, session, { sources, lastHour }) });
}

/** Whether its rows can begin an hour: rows of a keyed window only reach hours that another source begins. */
const begins = ({ spec, head }: SourceState): boolean => spec.window?.key === undefined && head !== undefined;

/** Whether the source had a row by `lastHour` at the watermark and has only gained rows since. */
const hadRowsBy = (source: SourceState, lastHour: Hour): boolean =>
  source.watermark?.newestHour !== undefined &&
  source.watermark.newestHour - sourceWindow(source).afterHours <= lastHour &&
  onlyGotRows(source);

/**
 * Whether it gained a row by `lastHour`. Hours from a partition do not count: it may be a day of which only
 * some hours have rows.
 */
const gotRowsBy = (source: SourceState, lastHour: Hour): boolean =>
  onlyGotRows(source) &&
  source.files.some(
    ({ rows, firstHour, boundsFrom }) =>
      rows > 0n &&
      firstHour !== undefined &&
      firstHour - sourceWindow(source).afterHours <= lastHour &&
      boundsFrom !== 'partition',
  );

const onlyGotRows = ({ detectedBy, files, deleteFiles }: SourceState): boolean =>
  detectedBy === 'snapshots' &&
  (deleteFiles ?? []).length === 0 &&
  files.every(({ status }) => status === 'added');

/** A source opened at its pinned snapshot. */
interface Opened {
  readonly source: Source;
  readonly snapshot: Snapshot;
  /** How many hours back its rows reach through a window. */
  readonly afterHours: number;
}

async function emptyBefore(
  input: OpenSessionInput,
  { spec }: Session,
  { sources, lastHour }: { readonly sources: readonly SourceState[]; readonly lastHour: Hour },
): Promise<SessionBegin> {
  const opened = await openedOf(input, sources);
  for (const { source, snapshot, afterHours } of opened)
    if (await surelyHasRowsBy(source, snapshot, lastHour + afterHours)) return {};
  const first = await firstReachedBy(opened);
  if (first <= lastHour) return {};
  return { emptyBefore: beginOfUnit(spec, first) };
}

async function openedOf(input: OpenSessionInput, sources: readonly SourceState[]): Promise<Opened[]> {
  const opened: Opened[] = [];
  for (const source of sources) {
    const table = await tableAtHead(input, source);
    if (table !== undefined)
      opened.push({ ...(await openTable(input, table)), afterHours: sourceWindow(source).afterHours });
  }
  return opened;
}

/** The first hour of the target that a source row reaches; infinite if there is no row. */
async function firstReachedBy(opened: readonly Opened[]): Promise<Hour> {
  let first = Number.POSITIVE_INFINITY;
  for (const { source, snapshot, afterHours } of opened)
    first = Math.min(first, ((await firstHourOfRows(source, snapshot)) ?? first) - afterHours);
  return first;
}

const beginOfUnit = (spec: Session['spec'], hour: Hour): Hour =>
  Number.isFinite(hour) ? unitOf(spec, hour).firstHour : hour;

/**
 * The hours that come to exist, or cease to, because of a change that the catch-up threshold leaves owed. If
 * the owed hours are the first of all, so do the hours between the former begin and the new one, which the
 * session does not reach.
 */
async function hoursLeftBehind(
  input: OpenSessionInput,
  session: Session,
  sources: readonly SourceState[],
): Promise<readonly Hour[]> {
  const { spec } = session;
  const floor = firstReached(session);
  if (floor === undefined || sources.length === 0) return [];
  const begin = beginOfUnit(spec, await firstReachedBy(await openedOf(input, sources)));
  const target = await targetOfHours(input, session);
  const opened = target === undefined ? undefined : await openTable(input, target);
  const found = opened === undefined ? undefined : await firstHourOfRows(opened.source, opened.snapshot);
  const stored = found === undefined ? Number.POSITIVE_INFINITY : unitOf(spec, found).firstHour;
  // Its first hour must have changed: in any other case its query may just have returned no row there.
  const isEarlier = begin < stored && wholeUnits(spec, pending(session)).includes(begin);
  const [firstHour, end] = isEarlier ? [begin, stored] : [stored, begin];
  const lastHour = Math.min(end, floor) - 1;
  return firstHour <= lastHour ? hoursOf({ firstHour, lastHour }) : [];
}

/**
 * From which hour on the target has rows. Nothing if the session computes none of the target's hours, or if
 * there are rows as early as in the first of them.
 */
async function storedFrom(
  input: OpenSessionInput,
  session: Session,
  { firstHour, lastHour }: { readonly firstHour: Hour; readonly lastHour: Hour },
): Promise<SessionBegin> {
  const { completeToHour } = session.target;
  if (completeToHour === undefined || completeToHour < firstHour) return {};
  const target = await targetOfHours(input, session);
  if (target === undefined) return { storedFrom: Number.POSITIVE_INFINITY };
  const { source, snapshot } = await openTable(input, target);
  if (await surelyHasRowsBy(source, snapshot, lastHour)) return {};
  const first = await firstHourOfRows(source, snapshot);
  if (first === undefined) return { storedFrom: Number.POSITIVE_INFINITY };
  return first <= lastHour ? {} : { storedFrom: unitOf(session.spec, first).firstHour };
}

async function openTable(
  input: OpenSessionInput,
  { source, snapshot }: TableOfHours,
): Promise<Pick<Opened, 'source' | 'snapshot'>> {
  return { source: openSource(await input.engine(), source), snapshot };
}
