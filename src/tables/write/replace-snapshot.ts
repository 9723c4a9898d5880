/**
 * Makes a `replace` snapshot: other files, the same rows. New manifests in place of old ones -> a snapshot
 * that is not committed yet.
 */
import { randomUUID } from 'node:crypto';
import type { Engine } from '../../engine/index.ts';
import { newSnapshotId, nextSequenceNumber } from '../../iceberg/new-snapshot.ts';
import type { PartitionSpec, Snapshot, TableMetadata } from '../../iceberg/table-metadata.ts';
import {
  joinedFragment,
  listStatement,
  literalFragment,
  partitionSummariesFragment,
  renderStatement,
  statementFragment,
} from '../../statements/index.ts';
import { partitionValues, type RewrittenManifest } from './manifest.ts';
import { firstRowIdParameter, metadataPath, rowLineageOf } from './new-files.ts';
import { describeSnapshot } from './snapshot-summary.ts';

export interface Replacement {
  readonly metadata: TableMetadata;
  readonly base: Snapshot;
  /** Manifests of the base that are replaced. */
  readonly replaced: readonly string[];
  readonly added: readonly RewrittenManifest[];
  /** Further entries of the summary. */
  readonly properties: Readonly<Record<string, string>>;
  /** Called with each file that is written, so that it can be deleted if the commit fails. */
  readonly created: (path: string) => void;
}

/** Composes the snapshot on the base. */
export async function composeReplacement(engine: Engine, replacement: Replacement): Promise<Snapshot> {
  const { metadata, base, added } = replacement;
  const snapshotId = newSnapshotId();
  const sequenceNumber = nextSequenceNumber(metadata);
  const list = metadataPath(metadata, `snap-${snapshotId}-${randomUUID()}`);
  replacement.created(list);
  const rows = added.map((manifest) => {
    const spec = metadata['partition-specs'].find(
      (each) => each['spec-id'] === manifest.specId,
    ) as PartitionSpec;
    return statementFragment(
      renderStatement('fragments/manifest_row', {
        manifest: literalFragment(manifest.path),
        spec_id: literalFragment(String(manifest.specId)),
        content: literalFragment(String(manifest.content)),
        summaries: partitionSummariesFragment(partitionValues(metadata, spec)),
      }),
    );
  });
  await engine.execute(
    listStatement('tables/write_replaced_list', rowLineageOf(metadata), {
      new_manifests: joinedFragment(rows, '\nunion all by name\n'),
    }),
    {
      manifest_list: base['manifest-list'],
      replaced_manifests: replacement.replaced,
      snapshot_id: snapshotId,
      sequence_number: sequenceNumber,
      ...firstRowIdParameter(metadata),
      destination: list,
    },
  );
  return describeSnapshot(engine, {
    metadata,
    parent: base,
    snapshotId,
    sequenceNumber,
    manifestList: list,
    operation: 'replace',
    properties: replacement.properties,
  });
}
