/**
 * Finds the hours in which a table has rows with certain keys. Table + keys + candidate hours -> hours. Reads
 * two columns, of the files that may hold rows of the candidate hours.
 */
import { columnOf, currentSchema } from '../../iceberg/event-time.ts';
import type { Snapshot } from '../../iceberg/table-metadata.ts';
import { type Hour, hourIntervals } from '../../model/hour.ts';
import { intervalsOf } from '../../model/hour-sets.ts';
import {
  hourCountFragment,
  identifierFragment,
  literalFragment,
  type SqlFragment,
  statement,
} from '../../statements/index.ts';
import { refuseUnreadable } from '../../tables/deletes/equality-keys.ts';
import { ofData } from '../../tables/read/manifest-list.ts';
import { composeFilesView } from '../../tables/views/files-view.ts';
import { storedEventTime } from '../rows/compare-rows.ts';
import { inTemporaryFolder, withViews } from '../rows/show-views.ts';
import type { Source } from '../source.ts';
import { type FilesRead, sourceFilesOfHours } from './files-of-hours.ts';

export interface HoursOfKeysInput {
  readonly source: Source;
  readonly snapshot: Snapshot;
  readonly key: string;
  /** A table of keys, each with an hour in which a row of it changed. */
  readonly keys: SqlFragment;
  /** Ascending: where to look. */
  readonly candidates: readonly Hour[];
  /** How far a row may lie from the hour of its key, and in how many hours after its first it lies. */
  readonly reach: { readonly earlier: number; readonly later: number; readonly rowHours: number };
}

/** Throws what reading throws. */
export async function hoursOfKeys({
  source,
  snapshot,
  key,
  keys,
  candidates,
  reach,
}: HoursOfKeysInput): Promise<FilesRead & { readonly hours: readonly Hour[] }> {
  const { engine, metadata } = source;
  const { earlier, later, rowHours } = reach;
  const column = columnOf(currentSchema(metadata), key)?.name ?? key;
  await refuseUnreadable(source, snapshot, { isShown: false });
  const manifests = await source.manifestsOf(snapshot);
  const asked = intervalsOf(candidates).map(({ firstHour, lastHour }) => ({
    firstHour: firstHour - rowHours,
    lastHour,
  }));
  const files = await sourceFilesOfHours(source, { snapshot, manifests, hours: hourIntervals(asked) });
  const rows = await inTemporaryFolder(async (directory) => {
    const view = await composeFilesView(engine, {
      metadata,
      from: snapshot,
      manifests: ofData(manifests),
      files: files.map((file) => file.path),
      directory,
      withDeletes: true,
    });
    return withViews(source, { rows: view }, (shown) =>
      engine.query(
        statement('changes/hours_of_keys', {
          key: identifierFragment(column),
          rows: shown.rows,
          keys,
          stored_event_time: storedEventTime(source),
          unit: literalFragment(source.eventTime?.unit ?? 'us'),
          later: hourCountFragment(later),
          earlier: hourCountFragment(earlier + rowHours),
        }),
      ),
    );
  });
  const wanted = new Set(candidates);
  const hours = rows.flatMap(({ hour }) =>
    Array.from({ length: rowHours + 1 }, (_, index) => Number(hour) + index).filter((each) =>
      wanted.has(each),
    ),
  );
  return { hours, files: files.length, bytes: files.reduce((sum, file) => sum + file.bytes, 0n) };
}
