/** Adds up the bytes of the files that manifests list, from the manifests alone. Manifests -> bytes. */
import type { Engine } from '../../engine/index.ts';
import type { TableMetadata } from '../../iceberg/table-metadata.ts';
import { statement } from '../../statements/index.ts';
import { readEachSpec } from './each-spec.ts';
import type { ManifestRow } from './manifest-list.ts';

type ManifestOfFiles = Pick<ManifestRow, 'manifest_path' | 'partition_spec_id' | 'content'>;

/** Live files, including delete files. Throws what reading manifests throws. */
export async function bytesListed(
  engine: Engine,
  metadata: TableMetadata,
  listed: readonly ManifestOfFiles[],
): Promise<bigint> {
  let bytes = 0n;
  for (const content of [0, 1]) {
    const manifests = listed.filter((each) => each.content === content);
    const sums = await readEachSpec(metadata, manifests, (paths) =>
      engine.query(statement('inspect/bytes_of_manifests'), { manifests: paths }),
    );
    for (const sum of sums) bytes += sum.bytes;
  }
  return bytes;
}
