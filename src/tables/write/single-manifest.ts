/**
 * The manifest and the list of a table that keeps one manifest, partitioned by process: the engine's own
 * state. A new file in place of others -> a manifest and a list that are in no snapshot yet. Two statements,
 * however many files the table has.
 */
import type { Engine } from '../../engine/index.ts';
import type { PartitionSpec, Snapshot, SnapshotId, TableMetadata } from '../../iceberg/table-metadata.ts';
import {
  manifestFormatFragment,
  manifestListFragment,
  NOTHING,
  newEntryFragments,
  renderStatement,
  statement,
  statementFragment,
} from '../../statements/index.ts';
import { FILE_COLUMNS } from './data-files.ts';
import { manifestMetadata } from './manifest.ts';

export interface SingleManifest {
  readonly metadata: TableMetadata;
  /** The snapshot that it follows; undefined on an empty table. */
  readonly base: Snapshot | undefined;
  /** The base's data manifests. */
  readonly manifests: readonly string[];
  readonly added: {
    readonly path: string;
    readonly processName: string;
    readonly rows: bigint;
    readonly bytes: bigint;
  };
  /** Paths of the data files that go. */
  readonly removed: readonly string[];
  readonly snapshotId: SnapshotId;
  readonly sequenceNumber: bigint;
  /** Paths of what is written. */
  readonly manifest: string;
  readonly list: string;
}

/** Writes both. */
export async function writeSingleManifest(engine: Engine, input: SingleManifest): Promise<void> {
  const { metadata, base, manifests, added, removed } = input;
  const spec = metadata['partition-specs'].find(
    (each) => each['spec-id'] === metadata['default-spec-id'],
  ) as PartitionSpec;
  const isFirst = base === undefined || manifests.length === 0;
  const partition = [{ name: 'process_name', fieldId: spec.fields[0]?.['field-id'] ?? 1000 }];
  await engine.query(
    statement('tables/write_single_manifest', {
      existing: isFirst ? NOTHING : statementFragment(renderStatement('fragments/existing_entries')),
      manifest_format: manifestFormatFragment(newEntryFragments(FILE_COLUMNS, partition).fieldIds),
    }),
    {
      path: added.path,
      process_name: added.processName,
      row_count: added.rows,
      file_size: added.bytes,
      destination: input.manifest,
      ...manifestMetadata(metadata, spec),
      format_version: 2,
      ...(isFirst ? {} : { manifest_list: base['manifest-list'], manifests, removed_files: removed }),
    },
  );
  await engine.query(
    statement('tables/write_single_list', {
      carried: base === undefined ? NOTHING : statementFragment(renderStatement('fragments/carried_deletes')),
      manifest_list_format: manifestListFragment(),
    }),
    {
      manifest: input.manifest,
      partition_spec_id: spec['spec-id'],
      snapshot_id: input.snapshotId,
      sequence_number: input.sequenceNumber,
      destination: input.list,
      ...(base === undefined ? {} : { manifest_list: base['manifest-list'] }),
    },
  );
}
