/** The data files that data manifests list, with the hours that their bounds state. Manifests -> rows. */
import type { Engine } from '../../engine/index.ts';
import { renderStatement } from '../../statements/index.ts';

/**
 * What a manifest says of a file's event times. Hours are null where its bounds are missing or contradict
 * themselves.
 */
export interface StatedBounds {
  readonly first_hour: number | null;
  readonly last_hour: number | null;
  /** True when the bounds look as if they were counted in another unit: a partition has to confirm them. */
  readonly in_another_unit: boolean;
  /** Null when the manifest does not count them. */
  readonly null_event_times: bigint | null;
}

export interface DataFileRow extends Record<string, unknown>, StatedBounds {
  readonly manifest_path: string;
  readonly path: string;
  readonly file_format: string;
  /** 0 existing, 1 added, 2 removed. */
  readonly status: number;
  /** Null: the one that added the manifest (Iceberg specification, "Snapshot ID Inheritance"). */
  readonly snapshot_id: string | null;
  readonly rows: bigint;
  readonly bytes: bigint;
  /** A JSON object. */
  readonly partition: string | null;
}

/**
 * The entries of manifests of one shape with one of the statuses. `column`: the event time, by its field id, its
 * Iceberg type now and the unit of what it stores; without one there are no hours.
 */
export function dataFilesOf(
  engine: Engine,
  manifests: readonly string[],
  {
    column,
    statuses,
  }: {
    readonly column: { readonly id: number; readonly type: string; readonly unit: string } | undefined;
    readonly statuses: readonly number[];
  },
): Promise<DataFileRow[]> {
  return engine.query<DataFileRow>({
    sql: renderStatement('tables/data_files'),
    parameters: {
      manifests,
      field_id: column?.id ?? 0,
      unit: column?.unit ?? 'us',
      type: column?.type ?? 'timestamptz',
      statuses: statuses.map(String),
    },
  });
}
