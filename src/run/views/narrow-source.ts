/**
 * Narrows a source of many files to those that can hold rows of the session's hours. Plan source -> Snapshot
 * to show, or undefined. DuckDB opens every manifest of a table for each statement that reads it, and a
 * session has four or more such statements: with 2,700 files in 100 manifests each took 110 to 140 ms,
 * however few files it read (2026-11-22). Reading the manifests once here serves all of them.
 */

import type { CatalogClient } from '../../catalog/client/catalog-client.ts';
import { hoursRead, restatesAppended } from '../../compile/index.ts';
import type { Engine } from '../../engine/index.ts';
import { columnOf, currentSchema } from '../../iceberg/event-time.ts';
import { countInSummary, snapshotById } from '../../iceberg/history.ts';
import type { Snapshot, TableMetadata } from '../../iceberg/table-metadata.ts';
import { HOURS_AROUND } from '../../model/compared-company.ts';
import { unitOf } from '../../model/grain.ts';
import { type Hour, type HourRange, parseHour } from '../../model/hour.ts';
import type { TableIdentifier } from '../../model/names.ts';
import type { Plan, PlanSource } from '../../model/plan.ts';
import { filesOfHours, manifestsOfHours, type StoredTime } from '../../tables/read/files-of-hours.ts';
import { FILES_KEPT, type FilesOfSnapshot, knownFiles } from '../../tables/read/known-files.ts';
import { liveManifestsOf, type ManifestRow } from '../../tables/read/manifest-list.ts';
import { composeFilesView, type ViewsFolder } from '../../tables/views/files-view.ts';

/**
 * Below this a statement opens the whole table faster than it is narrowed: 200 files cost DuckDB about 10 ms.
 * Not measured more closely.
 */
const MANY_FILES = 200;

/**
 * Files whose partition is an hour or some beside that of their rows (a writer that rounds towards zero
 * before 1970, or computes in its own time zone) are still found by their bounds, so manifests are passed
 * over only where the list says that all their files lie further away. With all of them opened, a session of
 * ten new files on 1,000,000 in 100 manifests took 5.1 s of CPU, where it takes 0.2 s (2026-11-29).
 */
const SUMMARY_MARGIN_HOURS = 24;

export interface NarrowInput {
  readonly engine: Engine;
  readonly catalog: Pick<CatalogClient, 'loadTableToRead'>;
  readonly plan: Plan;
  readonly source: PlanSource;
  readonly table: TableIdentifier;
  readonly directory: ViewsFolder;
}

/**
 * The pinned snapshot with a manifest list of its own; undefined where the whole snapshot is shown as it is.
 */
export async function narrowSource({
  engine,
  catalog,
  plan,
  source,
  table,
  directory,
}: NarrowInput): Promise<Snapshot | undefined> {
  if (plan.range === null || restatesAppended(plan)) return undefined;
  const metadata = (await catalog.loadTableToRead(table))?.metadata;
  const many = metadata === undefined ? undefined : manyFilesOf(source, metadata);
  if (metadata === undefined || many === undefined) return undefined;
  const { from, fileCount, time } = many;
  const asked = hoursRead(plan, source) ?? [];
  // What a session computes once more it computes beside the hours around it.
  const around = plan.compares_rows === true ? HOURS_AROUND : 0;
  const found = await knownFiles(from, {
    time,
    // A date beside timestamps counts for its whole day, so the day in which the range begins is in.
    firstHour: Math.floor(((asked[0]?.firstHour ?? 0) - around) / 24) * 24,
    lastHour: (asked.at(-1)?.lastHour ?? 0) + around,
    later: fileCount <= FILES_KEPT ? laterHours(plan, source) : [],
    async read({ firstHour, lastHour }) {
      const manifests = await liveManifestsOf(engine, from);
      if (manifests.some((manifest) => manifest.content === 1)) return { manifests, files: [] };
      const range = { firstHour, lastHour };
      return { manifests, files: await filesNear(engine, { metadata, from, manifests, time, range }) };
    },
  });
  const { manifests, files } = found;
  if (manifests.some((manifest) => manifest.content === 1)) return undefined;
  if (files.length * 2 > fileCount) return undefined;
  const holding = new Set(files.map((file) => file.manifest_path));
  return composeFilesView(engine, {
    metadata,
    from,
    manifests: manifests.filter((manifest) => holding.has(manifest.manifest_path)),
    files: files.map((file) => file.path),
    directory,
  });
}

interface ManyFiles {
  readonly from: Snapshot;
  readonly fileCount: number;
  readonly time: StoredTime;
}

/** The pinned snapshot with its event-time column; undefined where it is not narrowed. */
function manyFilesOf(source: PlanSource, metadata: TableMetadata): ManyFiles | undefined {
  const { read, event_time: name, event_time_unit: unit } = source;
  if (read.kind !== 'snapshot' || name === null || unit === null) return undefined;
  const from = snapshotById(metadata, BigInt(read.snapshot_id));
  const fileCount = Number(countInSummary(from, 'total-data-files') ?? 0n);
  const column = columnOf(currentSchema(metadata), name);
  if (from === undefined || column === undefined || fileCount < MANY_FILES) return undefined;
  // Row-level deletes belong to files by rules of their own, and a version 3 entry has more columns: both are
  // left to DuckDB.
  if (metadata['format-version'] !== 2) return undefined;
  return { from, fileCount, time: { fieldId: column.id, type: String(column.type), unit } };
}

/** Files that may hold rows of a range of hours, of the manifests that may list some. */
async function filesNear(
  engine: Engine,
  read: {
    readonly metadata: TableMetadata;
    readonly from: Snapshot;
    readonly manifests: readonly ManifestRow[];
    readonly time: StoredTime;
    readonly range: HourRange;
  },
): Promise<FilesOfSnapshot['files']> {
  const { metadata, from: snapshot, manifests, time } = read;
  const { firstHour, lastHour } = read.range;
  const near = await manifestsOfHours(engine, {
    metadata,
    snapshot,
    manifests,
    fieldId: time.fieldId,
    hours: {
      first_hours: [firstHour - SUMMARY_MARGIN_HOURS],
      last_hours: [lastHour + SUMMARY_MARGIN_HOURS],
    },
  });
  const hours = { first_hours: [firstHour], last_hours: [lastHour] };
  return filesOfHours(engine, { metadata, manifests: near, column: time, hours });
}

/** Hours of the source that sessions after this one are to read; none where none is to follow. */
function laterHours(plan: Plan, { window }: PlanSource): Hour[] {
  if ((plan.catchup?.later_hours ?? 0) === 0) return [];
  const { before_hours: before = 0, after_hours: after = 0 } = window ?? {};
  return plan.owed_hours.flatMap((hour) => {
    const { firstHour, lastHour } = unitOf(plan, parseHour(hour));
    return [firstHour - before, lastHour + after];
  });
}
