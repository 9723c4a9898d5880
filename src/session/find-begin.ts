/**
 * Where the hours of a process begin that computes each from the one before: with the first row of a source.
 * Its query may return rows for an hour without any, so that hours before the first one would be made up, and
 * are taken off where the rows that they began with went. Session -> Session that says so.
 */
import { firstHourOfRows, surelyHasRowsBy } from '../changes/first-row.ts';
import { openSource } from '../changes/open-source.ts';
import type { Source } from '../changes/source.ts';
import type { Snapshot } from '../iceberg/table-metadata.ts';
import { patternOf } from '../kinds/patterns/index.ts';
import { firstToCompute } from '../kinds/patterns/restate.ts';
import { unitOf } from '../model/grain.ts';
import type { Hour } from '../model/hour.ts';
import { withoutLookups } from '../model/lookups.ts';
import type { Session, SessionBegin, SourceState } from '../model/session.ts';
import { sourceWindow } from '../model/window-hours.ts';
import { type TableOfHours, targetOfHours } from './key-tables.ts';
import { tableAtHead } from './restate-lookups.ts';
import type { OpenSessionInput } from './session-input.ts';

/** The same session where it has no hours to compute. Throws what reading throws. */
export async function withBegin(input: OpenSessionInput, session: Session): Promise<Session> {
  if (!patternOf(session.spec).readsPrevious || input.adoptAt !== undefined) return session;
  const firstHour = firstToCompute(session);
  if (firstHour === undefined) return session;
  const { lastHour } = unitOf(session.spec, firstHour);
  const sources = withoutLookups(session.sources).filter(begins);
  if (sources.some((source) => hadRowsBy(source, lastHour))) return session;
  const begin = {
    ...(sources.some((source) => gotRowsBy(source, lastHour))
      ? {}
      : await emptyBefore(input, session, { sources, lastHour })),
    ...(await storedFrom(input, session, { firstHour, lastHour })),
  };
  return Object.freeze({ ...session, begin });
}

/** Rows of a window with a key only reach hours in which another source has rows. */
const begins = ({ spec, head }: SourceState): boolean => spec.window?.key === undefined && head !== undefined;

/** Where rows only came since, those that were there before still are, and the hours after them computed. */
const hadRowsBy = (source: SourceState, lastHour: Hour): boolean =>
  source.watermark?.newestHour !== undefined &&
  source.watermark.newestHour - sourceWindow(source).afterHours <= lastHour &&
  onlyGotRows(source);

/** And those that came are there: a partition may be a day, of which its rows are some hours. */
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

/** A source as it is pinned, opened once. */
interface Opened {
  readonly source: Source;
  readonly snapshot: Snapshot;
  /** How far its rows reach back. */
  readonly afterHours: number;
}

async function emptyBefore(
  input: OpenSessionInput,
  { spec }: Session,
  { sources, lastHour }: { readonly sources: readonly SourceState[]; readonly lastHour: Hour },
): Promise<SessionBegin> {
  const opened: Opened[] = [];
  for (const source of sources) {
    const table = await tableAtHead(input, source);
    if (table !== undefined)
      opened.push({ ...(await openTable(input, table)), afterHours: sourceWindow(source).afterHours });
  }
  for (const { source, snapshot, afterHours } of opened)
    if (await surelyHasRowsBy(source, snapshot, lastHour + afterHours)) return {};
  let first = Number.POSITIVE_INFINITY;
  for (const { source, snapshot, afterHours } of opened)
    first = Math.min(first, ((await firstHourOfRows(source, snapshot)) ?? first) - afterHours);
  if (first <= lastHour) return {};
  return { emptyBefore: Number.isFinite(first) ? unitOf(spec, first).firstHour : first };
}

/** Nothing where the session computes none of the hours that the target has. */
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
