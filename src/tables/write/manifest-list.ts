/** Writes manifest lists of new snapshots. Manifests -> the list that names them. */
import type { Engine } from '../../engine/index.ts';
import { manifestFileRow } from '../../iceberg/manifest-row.ts';
import type { Snapshot, SnapshotId, TableMetadata } from '../../iceberg/table-metadata.ts';
import {
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
import { assignedRowIds, clearedRows, stagedRows, writeKnownRows } from './compose-known.ts';
import type { KnownFiles } from './known-manifest.ts';
import { type RewrittenManifest, type SummaryOrder, summaryOrder } from './manifest.ts';
import { firstRowIdParameter, metadataPath, rowLineageOf } from './new-files.ts';

/**
 * Rewritten manifests as rows of a manifest list. Read one by one: if they have several specs, DuckDB would
 * read all partitions with the type of the first.
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
  const order = merges ? summaryOrder(metadata) : undefined;
  const rows = clearedRows({
    base: options.base['manifest-list'],
    affected: new Set(affected.map((manifest) => manifest.manifest_path)),
    rewritten: options.rewritten,
    merged: order,
    snapshotId: options.snapshotId,
    sequenceNumber: options.sequenceNumber,
  });
  if (await writeKnownRows(engine, destination, rows, assignedRowIds(metadata))) return destination;
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
      ...(order === undefined ? {} : fieldsInOrder(order)),
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
  /** Its content, if it was written without DuckDB. */
  readonly known?: KnownFiles | undefined;
}

/**
 * Writes the manifest list of a snapshot that adds one manifest of new files to the manifests of its parent.
 * Returns its path. `owner`: as in {@link metadataPath}.
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
  const { known, path, specId } = manifest;
  const added =
    known === undefined
      ? undefined
      : manifestFileRow(known, { ...known, path, specId, content: 0, snapshotId, sequenceNumber });
  const rows = stagedRows(parent?.['manifest-list'], added);
  if (await writeKnownRows(engine, destination, rows, assignedRowIds(metadata))) return destination;
  await engine.execute(
    listStatement('tables/write_staged_list', rowLineageOf(metadata), {
      parent:
        parent === undefined ? NOTHING : statementFragment(renderStatement('fragments/parent_manifests')),
      summaries: partitionSummariesFragment(manifest.values),
    }),
    {
      manifest: path,
      partition_spec_id: specId,
      snapshot_id: snapshotId,
      sequence_number: sequenceNumber,
      ...firstRowIdParameter(metadata),
      destination,
      ...(parent === undefined ? {} : { parent: parent['manifest-list'] }),
    },
  );
  return destination;
}

/** `spec:position` of the partition fields whose bounds can be merged. */
function fieldsInOrder(order: SummaryOrder): { integer_fields: string[]; byte_fields: string[] } {
  const fields = (of: 'integer' | 'bytes'): string[] =>
    [...order].filter(([, each]) => each === of).map(([field]) => field);
  return { integer_fields: fields('integer'), byte_fields: fields('bytes') };
}
