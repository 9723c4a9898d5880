/** Manifest lists of new snapshots. Manifests -> the list that names them. */
import type { Engine } from '../../engine/index.ts';
import { currentSchema } from '../../iceberg/event-time.ts';
import type { Snapshot, SnapshotId, TableMetadata } from '../../iceberg/table-metadata.ts';
import {
  boundOrder,
  joinedFragment,
  listStatement,
  literalFragment,
  NOTHING,
  type PartitionValue,
  partitionSummariesFragment,
  renderStatement,
  type SqlFragment,
  statementFragment,
} from '../../statements/index.ts';
import type { ManifestToRewrite } from '../read/manifest-shapes.ts';
import { partitionType, type RewrittenManifest } from './manifest.ts';
import { firstRowIdParameter, metadataPath, rowLineageOf } from './new-files.ts';

/**
 * Rewritten manifests as rows of a manifest list. One by one: of several specs, DuckDB would read the
 * partitions of all with the type of the first.
 */
export const rewrittenFragment = (rewritten: readonly RewrittenManifest[]): SqlFragment =>
  joinedFragment(
    rewritten.map(({ path, specId, content }) =>
      statementFragment(
        renderStatement('fragments/manifest_row', {
          manifest: literalFragment(path),
          spec_id: literalFragment(`${specId}`),
          content: literalFragment(`${content}`),
          summaries: statementFragment(renderStatement('fragments/no_summaries')),
        }),
      ),
    ),
    '\nunion all\n',
  );

/** The manifest list of `base` with `affected` manifests replaced by `rewritten` ones. */
export async function writeClearedList(
  engine: Engine,
  options: {
    readonly metadata: TableMetadata;
    readonly base: Snapshot;
    readonly affected: readonly ManifestToRewrite[];
    readonly rewritten: readonly RewrittenManifest[];
    readonly snapshotId: SnapshotId;
    readonly sequenceNumber: bigint;
    readonly owner?: string;
  },
): Promise<string> {
  const { metadata, affected } = options;
  const destination = metadataPath(metadata, `snap-${options.snapshotId}`, options.owner);
  const merges =
    new Set(affected.map((manifest) => `${manifest.content}/${manifest.partition_spec_id}`)).size <
    affected.length;
  await engine.execute(
    listStatement('tables/write_cleared_list', rowLineageOf(metadata), {
      summaries: statementFragment(
        renderStatement(merges ? 'fragments/merged_summaries' : 'fragments/kept_summaries'),
      ),
      rewritten: rewrittenFragment(options.rewritten),
    }),
    {
      manifest_list: options.base['manifest-list'],
      affected_manifests: affected.map((manifest) => manifest.manifest_path),
      ...(merges ? summaryOrder(metadata) : {}),
      snapshot_id: options.snapshotId,
      sequence_number: options.sequenceNumber,
      ...firstRowIdParameter(metadata),
      destination,
    },
  );
  return destination;
}

/** A manifest of new data files, whose entries inherit snapshot id and sequence number. */
export interface StagedManifest {
  readonly path: string;
  readonly specId: number;
  readonly values: readonly PartitionValue[];
}

/**
 * The manifest list of a snapshot that adds one manifest of new files to what its parent holds. Returns its
 * path. `owner`: as in {@link metadataPath}.
 */
export async function writeStagedList(
  engine: Engine,
  {
    metadata,
    parent,
    manifest,
    snapshotId,
    sequenceNumber,
    owner,
  }: {
    readonly metadata: TableMetadata;
    readonly parent: Snapshot | undefined;
    readonly manifest: StagedManifest;
    readonly snapshotId: SnapshotId;
    readonly sequenceNumber: bigint;
    readonly owner: string;
  },
): Promise<string> {
  const destination = metadataPath(metadata, `snap-${snapshotId}`, owner);
  await engine.execute(
    listStatement('tables/write_staged_list', rowLineageOf(metadata), {
      parent:
        parent === undefined ? NOTHING : statementFragment(renderStatement('fragments/parent_manifests')),
      summaries: partitionSummariesFragment(manifest.values),
    }),
    {
      manifest: manifest.path,
      partition_spec_id: manifest.specId,
      snapshot_id: snapshotId,
      sequence_number: sequenceNumber,
      ...firstRowIdParameter(metadata),
      destination,
      ...(parent === undefined ? {} : { parent: parent['manifest-list'] }),
    },
  );
  return destination;
}

/** `spec:position` of the partition fields whose bounds can be merged, by how they are compared. */
function summaryOrder(metadata: TableMetadata): { integer_fields: string[]; byte_fields: string[] } {
  const fields = metadata['partition-specs'].flatMap((spec) =>
    spec.fields.map((field, index) => ({
      key: `${spec['spec-id']}:${index + 1}`,
      order: boundOrder(partitionType(field.transform, currentSchema(metadata), field['source-id'])),
    })),
  );
  const keys = (order: 'integer' | 'bytes'): string[] =>
    fields.filter((field) => field.order === order).map((field) => field.key);
  return { integer_fields: keys('integer'), byte_fields: keys('bytes') };
}
