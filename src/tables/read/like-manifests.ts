/** Groups manifests that one statement can read. Pure. */
import type { ManifestRow } from './manifest-list.ts';

/** Manifests whose entries have the same columns, as far as the manifest list tells. */
export interface LikeManifests {
  readonly specId: number;
  readonly paths: readonly string[];
}

/**
 * Groups manifests that one statement can read: DuckDB reads several Avro files with the columns and the
 * partition struct of the first. Separated are the partition specs, and what was written in format version 1
 * (number 0: Iceberg specification, "Reading v1 metadata for v2"), whose entries have no sequence numbers.
 */
export function likeManifests(manifests: readonly ManifestRow[]): LikeManifests[] {
  const groups = new Map<string, LikeManifests & { readonly paths: string[] }>();
  for (const {
    manifest_path: path,
    partition_spec_id: specId,
    sequence_number: sequenceNumber,
  } of manifests) {
    const key = `${specId} ${sequenceNumber === 0n}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { specId, paths: [path] });
    else group.paths.push(path);
  }
  return [...groups.values()];
}
