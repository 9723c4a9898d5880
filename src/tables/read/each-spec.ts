/**
 * Reads manifests one partition spec at a time, because DuckDB reads several Avro files with the partition
 * struct of the first. Manifests -> rows.
 */
import { togetherOrSingly } from '../../engine/index.ts';
import type { PartitionSpec, TableMetadata } from '../../iceberg/table-metadata.ts';
import type { ManifestRow } from './manifest-list.ts';

export type ManifestOfSpec = Pick<ManifestRow, 'manifest_path' | 'partition_spec_id'>;

/**
 * What `read` returns for the manifests of each spec; if that fails it may be called again for each path
 * alone.
 */
export async function readEachSpec<T>(
  metadata: Pick<TableMetadata, 'partition-specs'>,
  manifests: readonly ManifestOfSpec[],
  read: (paths: readonly string[], spec: PartitionSpec | undefined) => Promise<readonly T[]>,
): Promise<T[]> {
  const rows: T[] = [];
  for (const specId of new Set(manifests.map((manifest) => manifest.partition_spec_id))) {
    const spec = metadata['partition-specs'].find((each) => each['spec-id'] === specId);
    const paths = manifests
      .filter((manifest) => manifest.partition_spec_id === specId)
      .map((manifest) => manifest.manifest_path);
    rows.push(...(await togetherOrSingly(paths, (some) => read(some, spec))));
  }
  return rows;
}
