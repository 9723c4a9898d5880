/**
 * Finds manifests that need not be opened for some hours. Manifest list -> paths. This way an overwrite costs
 * what it touches, not what the table holds.
 */
import type { Engine } from '../../engine/index.ts';
import type { Snapshot, TableMetadata } from '../../iceberg/table-metadata.ts';
import type { HourIntervals } from '../../model/hour.ts';
import { statement } from '../../statements/index.ts';

/**
 * With fewer, it is faster to open the manifests than to ask the list which ones to open: that costs about 25
 * ms of CPU (2026-11-22).
 */
const MANY_MANIFESTS = 8;

/**
 * Paths of those data manifests of the snapshot that hold no file of some hours and need not be opened. Empty
 * if no partition field derives from the event time by hour or day.
 */
export async function manifestsOutside(
  engine: Engine,
  {
    metadata,
    snapshot,
    manifests,
    fieldId,
    hours,
  }: {
    readonly metadata: TableMetadata;
    readonly snapshot: Snapshot;
    /** The manifests that would be opened otherwise. */
    readonly manifests: readonly unknown[];
    /** Field id of the event-time column. */
    readonly fieldId: number;
    readonly hours: HourIntervals;
  },
): Promise<ReadonlySet<string>> {
  if (manifests.length < MANY_MANIFESTS) return new Set();
  const timeFields = metadata['partition-specs'].flatMap((spec) =>
    spec.fields.flatMap((field, index) =>
      field['source-id'] === fieldId && (field.transform === 'hour' || field.transform === 'day')
        ? [`${spec['spec-id']}:${index + 1}:${field.transform}`]
        : [],
    ),
  );
  if (timeFields.length === 0) return new Set();
  const rows = await engine.query(statement('tables/manifests_outside_hours'), {
    manifest_list: snapshot['manifest-list'],
    time_fields: timeFields,
    first_hours: hours.first_hours,
    last_hours: hours.last_hours,
  });
  return new Set(rows.map((row) => row.manifest_path));
}
