/**
 * Finds which manifests and data files may hold rows of some hours, from metadata alone. Manifests + hours ->
 * manifests, data files.
 */
import type { Engine } from '../../engine/index.ts';
import { timeFieldOf } from '../../iceberg/partition-hours.ts';
import type { Snapshot, TableMetadata } from '../../iceberg/table-metadata.ts';
import type { HourIntervals } from '../../model/hour.ts';
import type { StatementRow } from '../../statements/index.ts';
import { readEachSpec } from './each-spec.ts';
import { queryHours } from './known-entries.ts';
import { type ManifestRow, ofData } from './manifest-list.ts';
import { manifestsOutside } from './prune-manifests.ts';

/** How an event-time column is stored. */
export interface StoredTime {
  readonly fieldId: number;
  /** Its Iceberg type. */
  readonly type: string;
  /** us, ns, ms, s or day. */
  readonly unit: string;
}

/** Those of the data manifests in `manifests`, all of one snapshot, that may list files of the hours. */
export async function manifestsOfHours(
  engine: Engine,
  asked: {
    readonly metadata: TableMetadata;
    readonly snapshot: Snapshot;
    readonly manifests: readonly ManifestRow[];
    /** Field id of the event-time column. */
    readonly fieldId: number;
    readonly hours: HourIntervals;
  },
): Promise<ManifestRow[]> {
  const manifests = ofData(asked.manifests);
  const outside = await manifestsOutside(engine, { ...asked, manifests });
  return manifests.filter((manifest) => !outside.has(manifest.manifest_path));
}

/** Live data files in these manifests that may hold rows of the hours. */
export const filesOfHours = (
  engine: Engine,
  {
    metadata,
    manifests,
    column: { fieldId, type, unit },
    hours,
  }: {
    readonly metadata: TableMetadata;
    /** Data manifests. */
    readonly manifests: readonly ManifestRow[];
    readonly column: StoredTime;
    readonly hours: HourIntervals;
  },
): Promise<StatementRow<'tables/files_in_hours'>[]> =>
  readEachSpec(metadata, manifests, (paths, spec) =>
    queryHours(engine, 'tables/files_in_hours', {
      manifests: paths,
      field_id: fieldId,
      unit,
      type,
      ...timeFieldOf(spec, fieldId),
      ...hours,
    }),
  );
