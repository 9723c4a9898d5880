/** Writes the manifests of files that compaction wrote. Files -> manifests that are in no snapshot yet. */
import { randomUUID } from 'node:crypto';
import { columnsOf } from '../iceberg/file-layout.ts';
import { tableRoot } from '../iceberg/new-snapshot.ts';
import type { PartitionSpec } from '../iceberg/table-metadata.ts';
import { writeNumberedManifest } from '../tables/write/data-files.ts';
import { partitionValues, type RewrittenManifest } from '../tables/write/manifest.ts';
import { metadataPath } from '../tables/write/new-files.ts';
import type { Batch, GroupOutput } from './compact-groups.ts';
import type { MaintainContext } from './context.ts';

/** Writes the manifests of the new files, one for each partition spec. */
export async function writeManifests(
  { ports }: MaintainContext,
  { metadata }: Batch,
  written: readonly GroupOutput[],
  { directory, create }: { readonly directory: string; readonly create: (path: string) => void },
): Promise<RewrittenManifest[]> {
  const manifests: RewrittenManifest[] = [];
  for (const specId of new Set(written.map((file) => file.group.spec_id))) {
    const spec = metadata['partition-specs'].find((each) => each['spec-id'] === specId) as PartitionSpec;
    const files = written.filter((file) => file.group.spec_id === specId);
    const destination = metadataPath(metadata, `compacted-${randomUUID()}-m0`);
    create(destination);
    await writeNumberedManifest(
      ports.engine,
      {
        metadata,
        spec,
        values: partitionValues(metadata, spec),
        columns: columnsOf(metadata),
        location: tableRoot(metadata),
        files: files.map((file) => ({
          file,
          partition: JSON.parse(file.group.partition) as (string | null)[],
        })),
        destination,
      },
      {
        numbers: files.map((file) => file.group.sequence_number),
        described: `${directory}/${randomUUID()}.avro`,
      },
    );
    manifests.push({ path: destination, specId, content: 0 });
  }
  return manifests;
}
