/**
 * Delete files of other engines that go with the data files that a session replaces. Manifests + removed
 * files -> delete files to remove. Left where they are they would harm no row, but every reader would go on
 * opening them; and a deletion vector has to go with its data file (Iceberg specification, "Delete Formats").
 */
import type { Engine } from '../../engine/index.ts';
import { renderJson } from '../../iceberg/json.ts';
import type { PartitionSpec, Snapshot, TableMetadata } from '../../iceberg/table-metadata.ts';
import { plainPath } from '../../model/plain-path.ts';
import {
  fileKindFragment,
  literalFragment,
  liveEntryFragments,
  partitionKeyFragment,
  renderStatement,
} from '../../statements/index.ts';
import { deletedPaths } from './delete-files.ts';
import type { ManifestRow } from './manifest-list.ts';
import { shapesOf } from './manifest-shapes.ts';

interface LiveEntry extends Record<string, unknown> {
  readonly manifest_path: string;
  readonly file_key: string;
  readonly path: string;
  readonly format: string;
  readonly partition_key: string;
  readonly kind: string;
  readonly referenced_data_file: string | null;
  readonly sequence_number: bigint;
}

export interface ObsoleteDelete {
  readonly manifest_path: string;
  /** Path, and of a deletion vector `path#offset`. */
  readonly file_key: string;
}

export interface ObsoleteDeletesInput {
  readonly metadata: TableMetadata;
  readonly base: Snapshot;
  readonly dataManifests: readonly ManifestRow[];
  readonly deleteManifests: readonly ManifestRow[];
  /** Paths of the data files that are replaced. */
  readonly removed: readonly string[];
}

/**
 * The delete files that apply to `removed` files only. Reads the whole table's manifests: there is no cheaper
 * way to know what else a delete applies to.
 */
export async function findObsoleteDeletes(
  engine: Engine,
  input: ObsoleteDeletesInput,
): Promise<ObsoleteDelete[]> {
  const dataFiles = await liveEntries(engine, input, input.dataManifests);
  const deleteFiles = await liveEntries(engine, input, input.deleteManifests);
  const removed = new Set(input.removed.map(plainPath));
  const live = new Set(dataFiles.map((file) => file.path));
  const partitions = new Set(
    dataFiles.filter((file) => removed.has(file.path)).map((file) => file.partition_key),
  );
  const known = (file: LiveEntry): boolean =>
    file.referenced_data_file !== null && live.has(file.referenced_data_file);
  const opened = await deletedPaths(
    engine,
    deleteFiles
      .filter(
        (file) =>
          file.kind === 'position-deletes' &&
          !known(file) &&
          file.format === 'parquet' &&
          partitions.has(file.partition_key),
      )
      .map((file) => file.path),
  );
  // A file without a row names nothing, and is left to the rule for files that were not opened.
  const namedBy = (file: LiveEntry): string[] | null => {
    const paths = opened.get(file.path) ?? [];
    return paths.length === 0 ? null : paths.map(plainPath);
  };
  const unpartitioned = new Set(
    input.metadata['partition-specs']
      .filter((spec) => spec.fields.length === 0)
      .map((spec) => spec['spec-id']),
  );
  const specOf = new Map(
    input.deleteManifests.map((manifest) => [manifest.manifest_path, manifest.partition_spec_id]),
  );
  return engine.query<ObsoleteDelete & Record<string, unknown>>({
    sql: renderStatement('tables/obsolete_deletes'),
    parameters: {
      data_files: renderJson(
        dataFiles.map(({ path, partition_key, sequence_number }) => ({
          path,
          partition_key,
          sequence_number,
        })),
      ),
      delete_files: renderJson(
        deleteFiles.map((file) => ({
          manifest_path: file.manifest_path,
          file_key: file.file_key,
          kind: file.kind,
          partition_key: file.partition_key,
          is_global: unpartitioned.has(specOf.get(file.manifest_path) as number),
          sequence_number: file.sequence_number,
          data_files: known(file) ? [file.referenced_data_file] : namedBy(file),
        })),
      ),
      removed_files: input.removed,
    },
  });
}

async function liveEntries(
  engine: Engine,
  { metadata, base }: ObsoleteDeletesInput,
  manifests: readonly ManifestRow[],
): Promise<LiveEntry[]> {
  const entries: LiveEntry[] = [];
  for (const { manifest, columns, paths } of await shapesOf(engine, manifests)) {
    const spec = metadata['partition-specs'].find(
      (each) => each['spec-id'] === manifest.partition_spec_id,
    ) as PartitionSpec;
    const sql = renderStatement('tables/live_entries', {
      ...liveEntryFragments(columns, manifest.content),
      partition_key: partitionKeyFragment(spec['spec-id'], spec.fields, columns),
      kind: manifest.content === 0 ? literalFragment('data') : fileKindFragment(),
    });
    entries.push(
      ...(await engine.query<LiveEntry>({
        sql,
        parameters: { manifests: paths, manifest_list: base['manifest-list'] },
      })),
    );
  }
  return entries;
}
