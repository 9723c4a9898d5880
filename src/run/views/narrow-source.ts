/**
 * A source of many files, shown with only those that can hold rows of the session's hours. Plan source ->
 * Snapshot to show, or undefined. DuckDB opens every manifest of a table for each statement that reads it,
 * and a session has four or more: with 2,700 files in 100 manifests each of them took 110 to 140 ms, however
 * few files it read (2026-11-22). One look at the manifests here serves them all.
 */

import type { CatalogClient } from '../../catalog/client/catalog-client.ts';
import { hoursRead } from '../../compile/index.ts';
import type { Engine } from '../../engine/index.ts';
import { columnOf, currentSchema } from '../../iceberg/event-time.ts';
import { countInSummary, snapshotById } from '../../iceberg/history.ts';
import type { Snapshot } from '../../iceberg/table-metadata.ts';
import type { TableIdentifier } from '../../model/names.ts';
import type { Plan, PlanSource } from '../../model/plan.ts';
import { filesOfHours } from '../../tables/read/files-of-hours.ts';
import { liveManifestsOf } from '../../tables/read/manifest-list.ts';
import { composeFilesView } from '../../tables/views/files-view.ts';

/**
 * Below this a statement opens the whole table faster than it is narrowed: 200 files cost DuckDB about 10 ms.
 * Not measured more closely.
 */
const MANY_FILES = 200;

export interface NarrowInput {
  readonly engine: Engine;
  readonly catalog: Pick<CatalogClient, 'loadTableToRead'>;
  readonly plan: Plan;
  readonly source: PlanSource;
  readonly table: TableIdentifier;
  /** Folder of the session's own files. */
  readonly directory: string;
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
  const { event_time_unit: unit } = source;
  if (plan.range === null || source.read.kind !== 'snapshot' || source.event_time === null || unit === null)
    return undefined;
  const metadata = (await catalog.loadTableToRead(table))?.metadata;
  const from = metadata === undefined ? undefined : snapshotById(metadata, BigInt(source.read.snapshot_id));
  const fileCount = Number(countInSummary(from, 'total-data-files') ?? 0n);
  const column = metadata === undefined ? undefined : columnOf(currentSchema(metadata), source.event_time);
  if (metadata === undefined || from === undefined || column === undefined || fileCount < MANY_FILES)
    return undefined;
  const manifests = await liveManifestsOf(engine, from);
  // Row-level deletes belong to files by rules of their own, and a version 3 entry has more columns: both are
  // left to DuckDB.
  if (metadata['format-version'] !== 2 || manifests.some((manifest) => manifest.content === 1))
    return undefined;
  const asked = hoursRead(plan, source) ?? [];
  const files = await filesOfHours(engine, {
    metadata,
    manifests,
    column: { fieldId: column.id, type: String(column.type), unit },
    hours: {
      // A date beside timestamps counts for its whole day, so the day in which the range begins is in.
      first_hours: [Math.floor((asked[0]?.firstHour ?? 0) / 24) * 24],
      last_hours: [asked.at(-1)?.lastHour ?? 0],
    },
  });
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
