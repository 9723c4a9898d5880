/**
 * A `replace` snapshot: other files, the same rows. New manifests in place of old ones -> a snapshot on
 * `main`. What the snapshots below say of each process is carried over, so that a session finds its watermark
 * here, and they may expire.
 */
import { randomUUID } from 'node:crypto';
import type { TableCommit } from '../catalog/client/catalog-client.ts';
import { snapshotById } from '../iceberg/history.ts';
import { newSnapshotId, nextSequenceNumber } from '../iceberg/new-snapshot.ts';
import { moveMain } from '../iceberg/references.ts';
import type { PartitionSpec, Snapshot, TableMetadata } from '../iceberg/table-metadata.ts';
import { firstRowIdParameter, metadataPath, rowLineageOf } from '../tables/write/new-files.ts';
import { describeSnapshot } from '../tables/write/snapshot-summary.ts';
import { carriedProgress, SUMMARY } from '../state/read-watermarks.ts';
import {
  joinedFragment,
  literalFragment,
  manifestListStatement,
  renderStatement,
  partitionSummariesFragment,
  statementFragment,
} from '../statements/index.ts';
import type { MaintainContext } from './context.ts';
import { partitionValues } from './layout.ts';

export interface NewManifest {
  readonly path: string;
  readonly specId: number;
  /** 0 data, 1 deletes. */
  readonly content: number;
}

export interface Replacement {
  readonly metadata: TableMetadata;
  readonly base: Snapshot;
  /** Manifests of the base that go. */
  readonly replaced: readonly string[];
  readonly added: readonly NewManifest[];
  /** What was done: `compact` or `manifests`. */
  readonly task: string;
  /** Told of each file that is written, to be deleted when the commit fails. */
  readonly created: (path: string) => void;
}

/**
 * Composes the snapshot and commits it. Throws `commit-conflict` when `main` is no longer the base,
 * `commit-state-unknown` and its like when the commit may have been made.
 */
export async function commitReplacement(
  { ports, table }: MaintainContext,
  replacement: Replacement,
): Promise<Snapshot> {
  const { metadata, base, added } = replacement;
  const { engine } = ports;
  const snapshotId = newSnapshotId();
  const sequenceNumber = nextSequenceNumber(metadata);
  const list = metadataPath(metadata, `snap-${snapshotId}-${randomUUID()}`);
  replacement.created(list);
  const rows = added.map((manifest) => {
    const spec = metadata['partition-specs'].find(
      (each) => each['spec-id'] === manifest.specId,
    ) as PartitionSpec;
    return statementFragment(
      renderStatement('compose/manifest_row', {
        manifest: literalFragment(manifest.path),
        spec_id: literalFragment(String(manifest.specId)),
        content: literalFragment(String(manifest.content)),
        summaries: partitionSummariesFragment(partitionValues(metadata, spec)),
      }),
    );
  });
  await engine.execute({
    sql: manifestListStatement('maintain/write_replaced_list', rowLineageOf(metadata), {
      new_manifests: joinedFragment(rows, '\nunion all by name\n'),
    }),
    parameters: {
      manifest_list: base['manifest-list'],
      replaced_manifests: replacement.replaced,
      snapshot_id: String(snapshotId),
      sequence_number: String(sequenceNumber),
      ...firstRowIdParameter(metadata),
      destination: list,
    },
  });
  const snapshot = await describeSnapshot(engine, {
    metadata,
    parent: base,
    snapshotId,
    sequenceNumber,
    manifestList: list,
    operation: 'replace',
    properties: { [SUMMARY.maintenance]: replacement.task, ...carriedProgress(metadata) },
  });
  const commit: TableCommit = {
    requirements: [
      { type: 'assert-table-uuid', uuid: metadata['table-uuid'] },
      { type: 'assert-ref-snapshot-id', ref: 'main', 'snapshot-id': base['snapshot-id'] },
    ],
    updates: [{ action: 'add-snapshot', snapshot }, moveMain(metadata, snapshotId)],
  };
  try {
    await ports.catalog.commitTable(table, commit);
  } catch (error) {
    // A lost answer is not a lost commit: files that it names must not be deleted.
    const now = await ports.catalog.loadTable(table);
    if (now === undefined || snapshotById(now.metadata, snapshotId) === undefined) throw error;
  }
  return snapshot;
}
