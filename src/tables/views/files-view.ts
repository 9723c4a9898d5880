/** A snapshot that shows single files of another one. Files -> a list with copies of their entries, no data touched. */
import { randomUUID } from 'node:crypto';
import type { Engine } from '../../engine/index.ts';
import type { Snapshot, TableMetadata } from '../../iceberg/table-metadata.ts';
import { manifestListStatement } from '../../statements/index.ts';
import { type RewriteOptions, rewriteManifests } from '../write/manifest.ts';
import { rewrittenFragment } from '../write/manifest-list.ts';
import { rowLineageOf } from '../write/new-files.ts';

/** A view of single files: their manifest entries copied, no data touched. Returns the snapshot to show. */
export async function composeFilesView(
  engine: Engine,
  options: {
    readonly metadata: TableMetadata;
    readonly from: Snapshot;
    readonly manifests: RewriteOptions['manifests'];
    readonly files: readonly string[];
    readonly directory: string;
    /** True to show the files without the rows that delete files of the snapshot take off them. */
    readonly withDeletes?: boolean;
    /**
     * Only these delete files, instead: delete manifests in the list of another snapshot, and the keys of
     * entries (`deleteKey`).
     */
    readonly deletes?: {
      readonly from: Snapshot;
      readonly manifests: RewriteOptions['manifests'];
      readonly keys: readonly string[];
    };
  },
): Promise<Snapshot> {
  const { metadata, from } = options;
  const destination = (): string => `${options.directory}/files-${randomUUID()}.avro`;
  const written =
    options.files.length === 0
      ? []
      : await rewriteManifests(engine, {
          metadata,
          manifestList: from['manifest-list'],
          manifests: options.manifests,
          removedFiles: [],
          keptFiles: options.files,
          destination,
        });
  const { deletes } = options;
  if (written.length > 0 && deletes !== undefined && deletes.keys.length > 0)
    written.push(
      ...(await rewriteManifests(engine, {
        metadata,
        manifestList: deletes.from['manifest-list'],
        manifests: deletes.manifests,
        removedFiles: [],
        keptFiles: deletes.keys,
        destination,
      })),
    );
  const list = destination();
  if (written.length === 0)
    await engine.execute({
      sql: manifestListStatement('tables/write_empty_list'),
      parameters: { destination: list },
    });
  else
    await engine.execute({
      sql: manifestListStatement(
        'tables/write_files_list',
        rowLineageOf(metadata) === 'none' ? 'none' : 'kept',
        { rewritten: rewrittenFragment(written) },
      ),
      parameters: {
        manifest_list: from['manifest-list'],
        with_deletes: options.withDeletes ?? false,
        snapshot_id: String(from['snapshot-id']),
        sequence_number: String(from['sequence-number'] ?? 0n),
        destination: list,
      },
    });
  return { ...from, 'manifest-list': list };
}
