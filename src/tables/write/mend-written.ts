/**
 * Repairs manifests that DuckDB's own INSERT, UPDATE and CREATE TABLE AS wrote, before they are committed.
 * Snapshot -> the same snapshot, or one over repaired copies. DuckDB 1.5.5 cuts lower bounds of texts within
 * a character, at which PyIceberg fails, and truncates texts after user-perceived characters, so that other
 * readers do not find the rows.
 */
import { randomUUID } from 'node:crypto';
import type { Engine } from '../../engine/index.ts';
import { currentSchema } from '../../iceberg/event-time.ts';
import type { PartitionSpec, Snapshot, TableMetadata } from '../../iceberg/table-metadata.ts';
import { textFieldsOf, textTruncations } from '../../iceberg/text-fields.ts';
import {
  listStatement,
  manifestEntryFragments,
  manifestFormatFragment,
  statement,
  tooLongFragment,
} from '../../statements/index.ts';
import { readManifests } from '../read/manifest-list.ts';
import { type ManifestShape, shapesOf } from '../read/manifest-shapes.ts';
import { declareEmptyPartitionIn, manifestMetadata, partitionColumns } from './manifest.ts';
import { metadataPath, rowLineageOf } from './new-files.ts';

/**
 * `metadata`: the table with the snapshot. The files that a mended snapshot replaces stay behind as orphans.
 */
export async function mendWritten(
  engine: Engine,
  { metadata, snapshot }: { readonly metadata: TableMetadata; readonly snapshot: Snapshot },
): Promise<Snapshot> {
  // Lists of version 1 have another format.
  if (metadata['format-version'] < 2 || textFieldsOf(currentSchema(metadata)).length === 0) return snapshot;
  const own = await readManifests(engine, [snapshot['manifest-list']], [snapshot['snapshot-id']]);
  const copies = new Map<string, string>();
  for (const shape of await shapesOf(engine, own))
    for (const path of await faultyOf(engine, metadata, shape))
      copies.set(path, await mended(engine, metadata, { ...shape, paths: [path] }));
  if (copies.size === 0) return snapshot;
  const list = metadataPath(metadata, `mended-${snapshot['snapshot-id']}`);
  await engine.execute(
    listStatement('tables/write_mended_list', rowLineageOf(metadata) === 'none' ? 'none' : 'kept'),
    {
      manifest_list: snapshot['manifest-list'],
      mended: [...copies.keys()],
      copies: [...copies.values()],
      destination: list,
    },
  );
  return { ...snapshot, 'manifest-list': list };
}

async function faultyOf(engine: Engine, metadata: TableMetadata, shape: ManifestShape): Promise<string[]> {
  const spec = specOf(metadata, shape);
  const rows = await engine.query(
    statement('tables/cut_texts', {
      too_long: tooLongFragment(textTruncations(metadata, spec), shape.columns, spec.fields),
    }),
    { manifests: shape.paths, text_fields: textFieldsOf(currentSchema(metadata)) },
  );
  return rows.map((row) => row.filename);
}

const specOf = (metadata: TableMetadata, { manifest }: ManifestShape): PartitionSpec =>
  metadata['partition-specs'].find((each) => each['spec-id'] === manifest.partition_spec_id) as PartitionSpec;

/** Writes a copy of the only manifest of a shape. Returns its path. */
async function mended(engine: Engine, metadata: TableMetadata, shape: ManifestShape): Promise<string> {
  const spec = specOf(metadata, shape);
  const { data_file, entry_columns, entry_field_ids } = manifestEntryFragments({
    columns: shape.columns,
    partition: partitionColumns(metadata, spec),
    rowIds: false,
    textFields: textFieldsOf(currentSchema(metadata)),
  });
  const destination = metadataPath(metadata, `mended-${randomUUID()}-m0`);
  await engine.execute(
    statement('tables/mend_manifest', {
      entry_columns,
      data_file,
      manifest_format: manifestFormatFragment(entry_field_ids),
    }),
    {
      manifest: shape.paths[0] as string,
      destination,
      ...manifestMetadata(metadata, spec, shape.manifest.content === 0 ? 'data' : 'deletes'),
    },
  );
  if (spec.fields.length === 0) await declareEmptyPartitionIn(engine, destination);
  return destination;
}
