/**
 * Groups manifests that one statement can read: DuckDB reads several Avro files with the columns and types of
 * the first, so columns that only another file has would be lost. Manifests -> groups.
 */
import type { Engine } from '../../engine/index.ts';
import type { ManifestColumn } from '../../statements/index.ts';
import { manifestColumns } from './manifest-columns.ts';
import type { ManifestRow } from './manifest-list.ts';

/** What must be known of a manifest to read it. */
export type ManifestToRewrite = Pick<ManifestRow, 'manifest_path' | 'partition_spec_id' | 'content'>;

/** Manifests that one statement can read. */
export interface ManifestShape {
  /** One of the manifests. */
  readonly manifest: ManifestToRewrite;
  /** The columns of the entry and of `data_file`. */
  readonly columns: readonly ManifestColumn[];
  readonly paths: readonly string[];
}

/** Groups manifests by partition spec, content and columns. */
export async function shapesOf(
  engine: Engine,
  manifests: readonly ManifestToRewrite[],
): Promise<ManifestShape[]> {
  const shapes = new Map<string, ManifestShape & { readonly paths: string[] }>();
  for (const manifest of manifests) {
    const columns = await manifestColumns(engine, manifest.manifest_path);
    const key = JSON.stringify([manifest.partition_spec_id, manifest.content, columns]);
    const shape = shapes.get(key);
    if (shape === undefined) shapes.set(key, { manifest, columns, paths: [manifest.manifest_path] });
    else shape.paths.push(manifest.manifest_path);
  }
  return [...shapes.values()];
}
