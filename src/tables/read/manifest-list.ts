/** The manifests that a snapshot's list names. Snapshot -> rows. */
import type { Engine } from '../../engine/index.ts';
import type { Snapshot } from '../../iceberg/table-metadata.ts';
import { renderStatement } from '../../statements/index.ts';

export interface ManifestRow extends Record<string, unknown> {
  readonly manifest_path: string;
  readonly partition_spec_id: number;
  /** 0 data, 1 deletes. */
  readonly content: number;
  readonly added_snapshot_id: string;
  readonly live_files: bigint;
}

/** The manifests of a snapshot, data manifests and delete manifests. */
export async function manifestsOf(engine: Engine, snapshot: Snapshot): Promise<ManifestRow[]> {
  return engine.query<ManifestRow>({
    sql: renderStatement('tables/manifests_of'),
    parameters: { manifest_list: snapshot['manifest-list'] },
  });
}
