/**
 * The live data files of a table that may hold rows of some hours. Snapshot + hours -> files, by their
 * metadata.
 */
import { timeFieldOf } from '../../iceberg/partition-hours.ts';
import type { Snapshot } from '../../iceberg/table-metadata.ts';
import type { HourIntervals } from '../../model/hour.ts';
import { type StatementRow, statement } from '../../statements/index.ts';
import { readEachSpec } from '../../tables/read/each-spec.ts';
import { type ManifestRow, ofData } from '../../tables/read/manifest-list.ts';
import { manifestsOutside } from '../../tables/read/prune-manifests.ts';
import type { Source } from '../source.ts';

/** What was looked through: data files, of which two columns were read, and their whole size. */
export interface FilesRead {
  readonly files: number;
  readonly bytes: bigint;
}

type FileOfHours = StatementRow<'tables/files_in_hours'>;

/** Of a source with an event time. */
export async function filesOfHours(
  { engine, metadata, eventTime }: Source,
  {
    snapshot,
    manifests,
    hours,
  }: {
    readonly snapshot: Snapshot;
    readonly manifests: readonly ManifestRow[];
    readonly hours: HourIntervals;
  },
): Promise<FileOfHours[]> {
  if (eventTime === undefined) return [];
  const { column, unit } = eventTime;
  const data = ofData(manifests);
  const outside = await manifestsOutside(engine, {
    metadata,
    snapshot,
    manifests: data,
    fieldId: column.id,
    hours,
  });
  const asked = data.filter((manifest) => !outside.has(manifest.manifest_path));
  return readEachSpec(metadata, asked, (paths, spec) =>
    engine.query(statement('tables/files_in_hours'), {
      manifests: paths,
      field_id: column.id,
      unit,
      type: String(column.type),
      ...timeFieldOf(spec, column.id),
      ...hours,
    }),
  );
}
