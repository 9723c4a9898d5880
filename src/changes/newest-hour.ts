/**
 * Finds the newest hour in which a source has rows. Changed files (and what the watermark remembers) -> hour.
 * While rows are only added, the changed files tell. If the newest rows may be gone, all live files are
 * looked at: their bounds, and the event-time column of those that lost rows one by one.
 */
import type { Snapshot } from '../iceberg/table-metadata.ts';
import type { Hour } from '../model/hour.ts';
import type { ChangedFile, SourceState, Watermark } from '../model/session.ts';
import { type StatementRow, statement, storedEventTimeFragment } from '../statements/index.ts';
import { refuseUnreadable } from '../tables/deletes/equality-keys.ts';
import { type DataFile, filesUnder } from '../tables/deletes/files-under.ts';
import { readDeleteFiles, withDataFiles } from '../tables/deletes/row-delete-files.ts';
import { type ManifestRow, ofDeletes } from '../tables/read/manifest-list.ts';
import { reading } from '../tables/read/reading.ts';
import { composeFilesView } from '../tables/views/files-view.ts';
import { readLiveFiles } from './files/read-files.ts';
import { inTemporaryFolder, withViews } from './rows/show-views.ts';
import type { Source, SourceTable } from './source.ts';

export interface NewestHour {
  /** Undefined while the source has no row with an event time that is not of the future. */
  readonly newestHour?: Hour;
  /** The hours above it that hold rows; undefined when nobody looked, and every hour that is owed may. */
  readonly laterHours?: readonly Hour[];
}

export interface NewestHourInput {
  /** Starts DuckDB on the first call. */
  readonly open: () => Promise<Source>;
  readonly source: SourceTable;
  readonly head: Snapshot;
  readonly watermark: Watermark | undefined;
  readonly changed: Pick<SourceState, 'files' | 'deleteFiles'>;
  /** The last hour that the target has computed. */
  readonly completeToHour: Hour | undefined;
}

/** The newest hour with rows over the source's whole history. Throws what reading throws. */
export async function newestHourOf(input: NewestHourInput): Promise<NewestHour> {
  const { source, watermark, changed, completeToHour = Number.NEGATIVE_INFINITY } = input;
  if (source.eventTime === undefined) return {};
  if (mustLookAround(input)) {
    const live = await liveHours(await input.open(), input.head);
    const newest = greatest(live.newest);
    // For a day that is not over, midnight stands for the hours after it.
    return {
      ...(newest === undefined ? {} : { newestHour: newest }),
      laterHours: [...live.future, ...(newest === undefined ? [] : [newest])],
    };
  }
  const added = changed.files.flatMap((file) =>
    file.status === 'added' && file.lastHour !== undefined ? [file.lastHour] : [],
  );
  // Hours that were of the future when their rows came: once their time has come, the source has rows in
  // them. What is owed of hours that were computed may be rows that went.
  const matured = (watermark?.owedHours ?? [])
    .filter((hour) => hour <= source.lastAllowedHour && hour > completeToHour)
    .map((hour) => begunDay(hour, source));
  const newest = greatest([
    ...added,
    ...matured,
    ...(watermark?.newestHour === undefined ? [] : [watermark.newestHour]),
  ]);
  return newest === undefined ? {} : { newestHour: newest };
}

/**
 * True when what is remembered and what came does not say it: rows of the newest hours may have gone since,
 * or of the files that came.
 */
function mustLookAround({ watermark, changed: { files, deleteFiles }, head }: NewestHourInput): boolean {
  if (watermark === undefined) return (head.summary?.['total-delete-files'] ?? '0') !== '0';
  const { newestHour } = watermark;
  if (newestHour === undefined || (deleteFiles ?? []).length > 0) return true;
  const gone = files.filter((file) => file.status !== 'added');
  if (gone.some((file) => (file.futureHours ?? []).length > 0)) return true;
  // If the newest hour is written again every time, nothing has to be read: what came says how far the source
  // goes.
  const cameUpTo =
    greatest(
      files.flatMap((file) =>
        file.status === 'added' && file.lastHour !== undefined ? [file.lastHour] : [],
      ),
    ) ?? -Infinity;
  return (
    cameUpTo < newestHour &&
    gone.some((file) => (greatest(file.differingHours ?? []) ?? file.lastHour ?? -Infinity) >= newestHour)
  );
}

interface LiveHours {
  /** Hours with rows, the greatest among them. */
  readonly newest: readonly Hour[];
  /** The future hours with rows; of a day its first hour. */
  readonly future: ReadonlySet<Hour>;
}

/**
 * Cost follows the table: its manifests, and one column of the files that lost single rows and reach further
 * than all others.
 */
async function liveHours(source: Source, head: Snapshot): Promise<LiveHours> {
  const manifests = await source.manifestsOf(head);
  const files = await readLiveFiles(source, head, manifests);
  const deleteManifests = ofDeletes(manifests);
  const deletes = (await readDeleteFiles(source, head, deleteManifests)).filter(
    (each) => each.status !== 'removed',
  );
  const under =
    deletes.length === 0
      ? []
      : await filesUnder(
          { source, head },
          await withDataFiles(source, head, deletes),
          head['sequence-number'] ?? 0n,
        );
  const losing = new Set(under.map((file) => file.path));
  const whole = hoursOf(files.filter((file) => !losing.has(file.path)));
  const sure = greatest(whole.newest) ?? -Infinity;
  const reachesFurther = (file: ChangedFile): boolean =>
    (file.lastHour ?? -Infinity) > sure || (file.futureHours ?? []).length > 0;
  const doubtful = new Set(
    files.filter((file) => losing.has(file.path) && reachesFurther(file)).map((file) => file.path),
  );
  if (doubtful.size === 0) return whole;
  const affected = under.filter((file) => doubtful.has(file.path));
  const hours = await hoursOfRowsLeft(source, head, {
    affected,
    deleteManifests,
    keys: deletes.map((each) => each.key),
  });
  return {
    newest: [
      ...whole.newest,
      ...hours
        .filter(({ first_hour: first }) => first <= source.lastAllowedHour)
        .map(({ last_hour: last }) => begunDay(last, source)),
    ],
    future: new Set([
      ...whole.future,
      ...hours.map(({ first_hour: first }) => first).filter((first) => first > source.lastAllowedHour),
    ]),
  };
}

const hoursOf = (files: readonly ChangedFile[]): LiveHours => ({
  newest: files.flatMap((file) => (file.lastHour === undefined ? [] : [file.lastHour])),
  future: new Set(files.flatMap((file) => file.futureHours ?? [])),
});

type HourOfRows = StatementRow<'changes/live_hours'>;

/** The hours of the rows that are left in files that lost some. */
export async function hoursOfRowsLeft(
  source: Source,
  head: Snapshot,
  {
    affected,
    deleteManifests,
    keys,
  }: {
    readonly affected: readonly DataFile[];
    readonly deleteManifests: readonly ManifestRow[];
    readonly keys: readonly string[];
  },
): Promise<HourOfRows[]> {
  const { column, unit } = source.eventTime as NonNullable<SourceTable['eventTime']>;
  await refuseUnreadable(source, head, { isShown: false });
  return inTemporaryFolder(async (directory) => {
    const manifests = new Map(
      affected.map((file) => [
        file.manifestPath,
        { manifest_path: file.manifestPath, partition_spec_id: file.specId, content: 0 },
      ]),
    );
    const view = await composeFilesView(source.engine, {
      metadata: source.metadata,
      from: head,
      manifests: [...manifests.values()],
      files: affected.map((file) => file.path),
      deletes: { from: head, manifests: deleteManifests, keys },
      directory,
    });
    return reading(source, head, () =>
      withViews(source, { rows: view }, (views) =>
        source.engine.query(
          statement('changes/live_hours', {
            ...views,
            stored_event_time: storedEventTimeFragment(column.name, unit, column.type),
          }),
          { unit },
        ),
      ),
    );
  });
}

const greatest = (hours: readonly Hour[]): Hour | undefined =>
  hours.length === 0 ? undefined : hours.reduce((left, right) => Math.max(left, right));

/**
 * Of a day that is not over only its midnight counts, as in the bounds of files: prices of today do not say
 * that there will be no others.
 */
function begunDay(hour: Hour, { eventTime, lastAllowedHour }: SourceTable): Hour {
  const midnight = Math.floor(hour / 24) * 24;
  return eventTime?.unit !== 'day' || midnight + 23 <= lastAllowedHour ? hour : midnight;
}
