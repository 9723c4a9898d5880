/**
 * Finds where the rows of a table begin. Snapshot -> its first hour with rows. Nothing is assumed here: a
 * process would compute an hour that is too early from nothing.
 */
import type { Snapshot } from '../iceberg/table-metadata.ts';
import { CALENDAR, type Hour, type HourRange, hourIntervals } from '../model/hour.ts';
import type { ChangedFile } from '../model/session.ts';
import { ofDeletes } from '../tables/read/manifest-list.ts';
import { withScannedHours } from './files/hours-of-files.ts';
import { readLiveFiles } from './files/read-files.ts';
import { filesLosingRows } from './first-hour.ts';
import { sourceFilesOfHours } from './keys/files-of-hours.ts';
import { hoursOfRowsLeft } from './newest-hour.ts';
import type { Source } from './source.ts';

/** So far back rows are mostly found at once, and not among all files of a table. */
const NEAR_HOURS = 24 * 7;

/** True where metadata alone say that there is a row in or before the hour. False says nothing. */
export async function surelyHasRowsBy(source: Source, snapshot: Snapshot, lastHour: Hour): Promise<boolean> {
  for (const from of [lastHour - NEAR_HOURS, CALENDAR.firstHour])
    if (await surelyHasRowsIn(source, snapshot, { firstHour: Math.max(from, CALENDAR.firstHour), lastHour }))
      return true;
  return false;
}

async function surelyHasRowsIn(source: Source, snapshot: Snapshot, range: HourRange): Promise<boolean> {
  if (range.lastHour < range.firstHour) return false;
  const manifests = await source.manifestsOf(snapshot);
  const files = await sourceFilesOfHours(source, { snapshot, manifests, hours: hourIntervals([range]) });
  const stated = files.filter(({ first_hour: first }) => first !== null && isHourBy(first, range.lastHour));
  if (stated.length === 0) return false;
  const losing = new Set((await filesLosingRows(source, snapshot)).files.map(({ path }) => path));
  return stated.some(({ path }) => !losing.has(path));
}

const isHourBy = (first: bigint, lastHour: Hour): boolean =>
  Number(first) <= lastHour && Number(first) >= CALENDAR.firstHour;

/**
 * The first hour with rows; undefined where there is none. Reads all manifests, and the event-time column of
 * files whose metadata do not tell it.
 */
export async function firstHourOfRows(source: Source, snapshot: Snapshot): Promise<Hour | undefined> {
  const manifests = await source.manifestsOf(snapshot);
  const losing = await filesLosingRows(source, snapshot);
  const paths = new Set(losing.files.map(({ path }) => path));
  const whole = (await readLiveFiles(source, snapshot, manifests)).filter(({ path }) => !paths.has(path));
  const sure = whole.filter(({ boundsFrom }) => boundsFrom !== 'partition');
  // A partition may be a day, of which its rows are some hours.
  const read = whole.filter(({ boundsFrom }) => boundsFrom === 'partition');
  const found = [...sure, ...(await withScannedHours(source, read.map(asUnknown)))].flatMap(hoursOfFile);
  const left =
    losing.files.length === 0
      ? []
      : await hoursOfRowsLeft(source, snapshot, {
          affected: losing.files,
          deleteManifests: ofDeletes(manifests),
          keys: losing.keys,
        });
  const hours = [...found, ...left.map(({ first_hour: first }) => first)];
  return hours
    .filter((hour) => hour >= CALENDAR.firstHour)
    .reduce<Hour | undefined>(
      (least, hour) => (least === undefined ? hour : Math.min(least, hour)),
      undefined,
    );
}

const asUnknown = (file: ChangedFile): ChangedFile & { readonly unknown: boolean } => ({
  ...file,
  unknown: true,
});

const hoursOfFile = ({ firstHour, futureHours = [] }: ChangedFile): readonly Hour[] =>
  firstHour === undefined ? futureHours : [firstHour, ...futureHours];
