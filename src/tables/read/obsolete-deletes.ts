/**
 * Finds delete files of other engines that must go with the data files that a session replaces. Manifests +
 * removed files -> delete files to remove. If they stayed they would harm no row, but every reader would go
 * on opening them, and a deletion vector must go with its data file (Iceberg specification, "Delete
 * Formats").
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
  type StatementRow,
  statement,
} from '../../statements/index.ts';
import { deletedPaths } from './delete-files.ts';
import type { ManifestRow } from './manifest-list.ts';
import { shapesOf } from './manifest-shapes.ts';

type LiveEntry = StatementRow<'tables/live_entries'>;

export interface ObsoleteDelete {
  readonly manifest_path: string;
  /** Path; for a deletion vector `path#offset`. */
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
 * The delete files that apply only to `removed` files. Reads all manifests of the table: nothing cheaper
 * tells what else a delete applies to.
 */
export async function findObsoleteDeletes(
  engine: Engine,
  input: ObsoleteDeletesInput,
): Promise<ObsoleteDelete[]> {
  const dataFiles = await liveEntries(engine, input, input.dataManifests);
  const deleteFiles = await liveEntries(engine, input, input.deleteManifests);
  const dataFilesOf = await namedFiles(engine, { dataFiles, deleteFiles, removed: input.removed });
  const unpartitioned = new Set(
    input.metadata['partition-specs']
      .filter((spec) => spec.fields.length === 0)
      .map((spec) => spec['spec-id']),
  );
  const specOf = new Map(
    input.deleteManifests.map((manifest) => [manifest.manifest_path, manifest.partition_spec_id]),
  );
  return engine.query(statement('tables/obsolete_deletes'), {
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
        data_files: dataFilesOf(file),
      })),
    ),
    removed_files: input.removed,
  });
}

/** The data files that delete files name, if that can decide anything; none if they are unknown. */
async function namedFiles(
  engine: Engine,
  {
    dataFiles,
    deleteFiles,
    removed,
  }: {
    readonly dataFiles: readonly LiveEntry[];
    readonly deleteFiles: readonly LiveEntry[];
    readonly removed: readonly string[];
  },
): Promise<(file: LiveEntry) => readonly string[]> {
  const replaced = new Set(removed.map(plainPath));
  const live = new Set(dataFiles.map((file) => file.path));
  const partitions = new Set(
    dataFiles.filter((file) => replaced.has(file.path)).map((file) => file.partition_key),
  );
  const byManifest = ({ referenced_data_file: path }: LiveEntry): string | undefined =>
    path !== null && live.has(path) ? path : undefined;
  const unknown = deleteFiles.filter(
    (file) =>
      file.kind === 'position-deletes' &&
      byManifest(file) === undefined &&
      file.format === 'parquet' &&
      partitions.has(file.partition_key),
  );
  const opened = await deletedPaths(
    engine,
    unknown.map((file) => file.path),
  );
  return (file) => {
    const known = byManifest(file);
    return known === undefined ? (opened.get(file.path) ?? []).map(plainPath) : [known];
  };
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
    const live = statement('tables/live_entries', {
      ...liveEntryFragments(columns, manifest.content),
      partition_key: partitionKeyFragment(spec['spec-id'], spec.fields, columns),
      kind: manifest.content === 0 ? literalFragment('data') : fileKindFragment(),
    });
    entries.push(...(await engine.query(live, { manifests: paths, manifest_list: base['manifest-list'] })));
  }
  return entries;
}
