/**
 * Which manifests need not be opened for some hours. Manifest list -> paths. An overwrite then costs what it
 * touches, not what the table holds.
 */
import type { Engine } from '../engine/index.ts';
import type { Snapshot, TableMetadata } from '../iceberg/table-metadata.ts';
import { renderStatement } from '../statements/index.ts';

export interface HourIntervals {
  /** Field id of the event-time column. */
  readonly fieldId: number;
  /** Hours since 1970 as text; both lists in the same order, last hours included. */
  readonly firstHours: readonly string[];
  readonly lastHours: readonly string[];
}

/**
 * The data manifests of the snapshot that hold no file of those hours. Empty where no partition field is made
 * of the event time by hour or day.
 */
export async function manifestsOutside(
  engine: Engine,
  metadata: TableMetadata,
  snapshot: Snapshot,
  hours: HourIntervals,
): Promise<ReadonlySet<string>> {
  const timeFields = metadata['partition-specs'].flatMap((spec) =>
    spec.fields.flatMap((field, index) =>
      field['source-id'] === hours.fieldId && (field.transform === 'hour' || field.transform === 'day')
        ? [`${spec['spec-id']}:${index + 1}:${field.transform}`]
        : [],
    ),
  );
  if (timeFields.length === 0) return new Set();
  const rows = await engine.query<{ manifest_path: string }>({
    sql: renderStatement('compose/manifests_outside_hours'),
    parameters: {
      manifest_list: snapshot['manifest-list'],
      time_fields: timeFields,
      first_hours: hours.firstHours,
      last_hours: hours.lastHours,
    },
  });
  return new Set(rows.map((row) => row.manifest_path));
}
