/**
 * Snapshots that DuckDB would read wrongly as they are. Snapshot -> a view of it, or undefined where there is
 * nothing to correct. Bounds that cannot be right make it skip files whose rows are asked for, and row counts
 * of delete files break its estimates.
 */
import { randomUUID } from 'node:crypto';
import type { Engine } from '../engine/index.ts';
import { timeFieldOf } from '../iceberg/partition-hours.ts';
import type { Snapshot, TableMetadata } from '../iceberg/table-metadata.ts';
import { manifestListStatement, renderStatement, statementFragment } from '../statements/index.ts';
import {
  type ManifestRow,
  manifestsOf,
  rewriteManifests,
  rewrittenFragment,
  rowLineageOf,
} from './compose.ts';
import { refuseDroppedColumns } from './dropped-columns.ts';
import { readEachSpec } from './each-spec.ts';

export interface ReadableViewInput {
  readonly metadata: TableMetadata;
  readonly from: Snapshot;
  /** The table's name. */
  readonly table: string;
  /** The event-time column, by whose bounds files are skipped; undefined when nothing is filtered by it. */
  readonly eventTime: { readonly fieldId: number; readonly type: string; readonly unit: string } | undefined;
  readonly directory: string;
}

/** Throws `partition-column-dropped` where no view could help. */
export async function composeReadableView(
  engine: Engine,
  { metadata, from, table, eventTime, directory }: ReadableViewInput,
): Promise<Snapshot | undefined> {
  const unreadable = await refuseDroppedColumns(engine, { metadata, snapshot: from, table });
  const manifests = (await manifestsOf(engine, from)).filter((manifest) => manifest.live_files > 0n);
  const data = manifests.filter((manifest) => manifest.content === 0);
  const misleading = await misleadingManifests(engine, data, { metadata, eventTime });
  if (misleading.length === 0 && unreadable.length === 0 && data.length === manifests.length)
    return undefined;
  const destination = (): string => `${directory}/readable-${randomUUID()}.avro`;
  const rewritten = await rewriteManifests(engine, {
    metadata,
    manifestList: from['manifest-list'],
    manifests: misleading,
    removedFiles: [],
    keptFiles: [],
    destination,
    ...(eventTime === undefined ? {} : { withoutBoundsOf: eventTime.fieldId }),
  });
  const list = destination();
  await engine.execute({
    sql: manifestListStatement(
      'compose/write_readable_list',
      rowLineageOf(metadata) === 'none' ? 'none' : 'kept',
      {
        rewritten:
          rewritten.length === 0
            ? statementFragment(renderStatement('compose/no_manifest_row'))
            : rewrittenFragment(rewritten),
      },
    ),
    parameters: {
      manifest_list: from['manifest-list'],
      replaced: [...misleading, ...unreadable].map((manifest) => manifest.manifest_path),
      // Named by the rows of rewritten manifests alone.
      ...(rewritten.length === 0
        ? {}
        : {
            snapshot_id: String(from['snapshot-id']),
            sequence_number: String(from['sequence-number'] ?? 0n),
          }),
      destination: list,
    },
  });
  return { ...from, 'manifest-list': list };
}

async function misleadingManifests(
  engine: Engine,
  data: readonly ManifestRow[],
  { metadata, eventTime }: Required<Pick<ReadableViewInput, 'metadata' | 'eventTime'>>,
): Promise<ManifestRow[]> {
  if (eventTime === undefined) return [];
  const rows = await readEachSpec(metadata, data, (manifests, spec) =>
    engine.query<{ manifest_path: string }>({
      sql: renderStatement('compose/misleading_manifests'),
      parameters: {
        manifests,
        field_id: eventTime.fieldId,
        unit: eventTime.unit,
        type: eventTime.type,
        ...timeFieldOf(spec, eventTime.fieldId),
      },
    }),
  );
  const found = new Set(rows.map((row) => row.manifest_path));
  return data.filter((manifest) => found.has(manifest.manifest_path));
}
