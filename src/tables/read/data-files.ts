/** Reads the data files that manifests list, with the hours that their bounds state. Manifests -> rows. */
import type { Engine } from '../../engine/index.ts';
import type { StatementRow } from '../../statements/index.ts';
import { queryHours } from './known-entries.ts';

/**
 * What a manifest says about a file's event times. Hours are null if its bounds are missing or contradict
 * themselves.
 */
export interface StatedBounds {
  readonly first_hour: number | null;
  readonly last_hour: number | null;
  /** True if the bounds look as if they were counted in another unit: a partition has to confirm them. */
  readonly in_another_unit: boolean;
  /** Null if the manifest does not count them. */
  readonly null_event_times: bigint | null;
}

/**
 * `snapshot_id` is null for the snapshot that added the manifest (Iceberg specification, "Snapshot ID
 * Inheritance").
 */
export type DataFileRow = StatementRow<'tables/data_files'>;

/**
 * The entries of manifests of one shape with one of the statuses. `column`: the event time, by its field id,
 * its Iceberg type now and the unit in which it is stored; without it there are no hours.
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
  return queryHours(engine, 'tables/data_files', {
    manifests,
    field_id: column?.id ?? 0,
    unit: column?.unit ?? 'us',
    type: column?.type ?? 'timestamptz',
    statuses,
  });
}
