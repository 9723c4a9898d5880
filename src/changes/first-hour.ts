/**
 * Finds the first of some hours in which a table has rows: from its files' metadata, and, where rows were
 * deleted one by one, from the event time of the rows that are left. Snapshot + hours -> hour.
 */
import type { Snapshot } from '../iceberg/table-metadata.ts';
import { type Hour, type HourRange, hourIntervals } from '../model/hour.ts';
import { filesUnder } from '../tables/deletes/files-under.ts';
import { readDeleteFiles, withDataFiles } from '../tables/deletes/row-delete-files.ts';
import { ofDeletes } from '../tables/read/manifest-list.ts';
import { sourceFilesOfHours } from './keys/files-of-hours.ts';
import { hoursOfRowsLeft } from './newest-hour.ts';
import type { Source } from './source.ts';

/** Undefined where it has none. A file whose bounds span many hours counts for all of them. */
export async function firstHourIn(
  source: Source,
  snapshot: Snapshot,
  { firstHour, lastHour }: HourRange,
): Promise<Hour | undefined> {
  if (lastHour < firstHour) return undefined;
  const manifests = await source.manifestsOf(snapshot);
  const hours = hourIntervals([{ firstHour, lastHour }]);
  const files = (await sourceFilesOfHours(source, { snapshot, manifests, hours })).filter(
    // Without bounds it would count for whatever hours are asked for.
    ({ holds_none: holdsNone }) => !holdsNone,
  );
  const losing = await filesLosingRows(source, snapshot);
  const wanted = new Set(files.map(({ path }) => path));
  const affected = losing.files.filter(({ path }) => wanted.has(path));
  const paths = new Set(affected.map(({ path }) => path));
  const stated = files.flatMap(({ path, first_hour: first }) =>
    paths.has(path) ? [] : [Math.max(firstHour, first === null ? firstHour : Number(first))],
  );
  const left =
    affected.length === 0
      ? []
      : await hoursOfRowsLeft(source, snapshot, {
          affected,
          deleteManifests: ofDeletes(manifests),
          keys: losing.keys,
        });
  const found = left.flatMap(({ first_hour: first, last_hour: last }) =>
    first <= lastHour && last >= firstHour ? [Math.max(first, firstHour)] : [],
  );
  return [...stated, ...found].reduce<Hour | undefined>(
    (least, hour) => (least === undefined || hour < least ? hour : least),
    undefined,
  );
}

type Losing = {
  readonly files: Awaited<ReturnType<typeof filesUnder>>;
  readonly keys: readonly string[];
};

/** The live files to which delete files apply, and the keys of those. */
export async function filesLosingRows(source: Source, snapshot: Snapshot): Promise<Losing> {
  const manifests = ofDeletes(await source.manifestsOf(snapshot));
  if (manifests.length === 0) return { files: [], keys: [] };
  const deletes = (await readDeleteFiles(source, snapshot, manifests)).filter(
    ({ status }) => status !== 'removed',
  );
  if (deletes.length === 0) return { files: [], keys: [] };
  const files = await filesUnder(
    { source, head: snapshot },
    await withDataFiles(source, snapshot, deletes),
    snapshot['sequence-number'] ?? 0n,
  );
  return { files, keys: deletes.map(({ key }) => key) };
}
