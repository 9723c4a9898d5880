/** The manifests of files that compaction wrote. Files -> manifests that are in no snapshot yet. */
import { randomUUID } from 'node:crypto';
import { columnsOf } from '../iceberg/file-layout.ts';
import { tableRoot } from '../iceberg/new-snapshot.ts';
import type { PartitionSpec } from '../iceberg/table-metadata.ts';
import { declareEmptyPartitionIn, manifestMetadata } from '../tables/write/manifest.ts';
import { metadataPath } from '../tables/write/new-files.ts';
import { DATA_FILE_COLUMNS, metricsJson, spelledAs } from '../run/write-files.ts';
import {
  manifestFormatFragment,
  newEntryFragments,
  renderStatement,
  partitionTupleFragment,
} from '../statements/index.ts';
import type { MaintainContext } from './context.ts';
import { partitionValues } from './layout.ts';
import type { NewManifest } from './replace-snapshot.ts';
import type { Batch, GroupOutput } from './compact-groups.ts';

/** The manifests of the new files, one for each partition spec. */
export async function writeManifests(
  { ports }: MaintainContext,
  { metadata }: Batch,
  written: readonly GroupOutput[],
  { directory, create }: { readonly directory: string; readonly create: (path: string) => void },
): Promise<NewManifest[]> {
  const { engine } = ports;
  const columns = columnsOf(metadata);
  const location = tableRoot(metadata);
  const manifests: NewManifest[] = [];
  for (const specId of new Set(written.map((file) => file.group.spec_id))) {
    const spec = metadata['partition-specs'].find((each) => each['spec-id'] === specId) as PartitionSpec;
    const files = written.filter((file) => file.group.spec_id === specId);
    const entry = newEntryFragments(
      DATA_FILE_COLUMNS,
      spec.fields.map((field) => ({ name: field.name, fieldId: field['field-id'] })),
    );
    const parameters = manifestMetadata(metadata, spec);
    const described = `${directory}/${randomUUID()}.avro`;
    await engine.execute({
      sql: renderStatement('load/write_file_manifest', {
        partition: partitionTupleFragment(partitionValues(metadata, spec)),
        data_file: entry.dataFile,
        manifest_format: manifestFormatFragment(entry.fieldIds),
      }),
      parameters: {
        files: JSON.stringify(
          files.map((file) => ({
            path: spelledAs(location, file.filename),
            rows: String(file.count),
            bytes: String(file.file_size_bytes),
            partition: JSON.parse(file.group.partition) as unknown,
          })),
        ),
        metrics: JSON.stringify(files.flatMap((file) => metricsJson(file, { columns, location }))),
        sort_order_id: null,
        destination: described,
        ...parameters,
      },
    });
    const path = metadataPath(metadata, `compacted-${randomUUID()}-m0`);
    create(path);
    await engine.execute({
      sql: renderStatement('maintain/number_manifest', {
        data_file: entry.dataFile,
        manifest_format: manifestFormatFragment(entry.fieldIds),
      }),
      parameters: {
        manifest: described,
        numbers: JSON.stringify(
          files.map((file) => ({
            path: spelledAs(location, file.filename),
            sequence_number: String(file.group.sequence_number),
          })),
        ),
        destination: path,
        ...parameters,
      },
    });
    if (spec.fields.length === 0) await declareEmptyPartitionIn(engine, path);
    manifests.push({ path, specId, content: 0 });
  }
  return manifests;
}
