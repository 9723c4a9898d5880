/**
 * Makes a snapshot that shows single files of another one. Files -> a list with copies of their entries; data
 * files are not touched.
 */
import { randomUUID } from 'node:crypto';
import type { Engine } from '../../engine/index.ts';
import type { Snapshot, TableMetadata } from '../../iceberg/table-metadata.ts';
import { listStatement } from '../../statements/index.ts';
import { filesRows, shownRowIds, writeKnownRows } from '../write/compose-known.ts';
import { type RewriteOptions, type RewrittenManifest, rewriteManifests } from '../write/manifest.ts';
import { rewrittenFragment } from '../write/manifest-list.ts';
import { rowLineageOf } from '../write/new-files.ts';

/** Where views are put; a function is called only if there is something to put there. */
export type ViewsFolder = string | (() => Promise<string>);

export const askedFolder = async (folder: ViewsFolder): Promise<string> =>
  typeof folder === 'string' ? folder : folder();

export interface FilesView {
  readonly metadata: TableMetadata;
  readonly from: Snapshot;
  readonly manifests: RewriteOptions['manifests'];
  readonly files: readonly string[];
  readonly directory: ViewsFolder;
  /** True to show the files without rows that the snapshot's delete files remove. */
  readonly withDeletes?: boolean;
  /**
   * Or to apply only these delete files: delete manifests in the list of another snapshot, and the keys of
   * entries (`deleteKey`).
   */
  readonly deletes?: {
    readonly from: Snapshot;
    readonly manifests: RewriteOptions['manifests'];
    readonly keys: readonly string[];
  };
}

/**
 * Makes a view of single files by copying their manifest entries; data files are not touched. Returns the
 * snapshot to show.
 */
export async function composeFilesView(engine: Engine, view: FilesView): Promise<Snapshot> {
  const { metadata, from } = view;
  const folder = await askedFolder(view.directory);
  const destination = (): string => `${folder}/files-${randomUUID()}.avro`;
  const written = await writeCopies(engine, view, destination);
  const list = destination();
  const by = { snapshotId: from['snapshot-id'], sequenceNumber: from['sequence-number'] ?? 0n };
  const shown = {
    base: from['manifest-list'],
    withDeletes: written.length > 0 && view.withDeletes === true,
    rewritten: written,
  };
  const rowIds = written.length === 0 ? 'none' : shownRowIds(metadata);
  if (!(await writeKnownRows(engine, list, filesRows({ ...shown, ...by }), rowIds)))
    await writeFilesList(engine, view, { written, list });
  return { ...from, 'manifest-list': list };
}

async function writeFilesList(
  engine: Engine,
  { metadata, from, withDeletes = false }: FilesView,
  { written, list }: { readonly written: readonly RewrittenManifest[]; readonly list: string },
): Promise<void> {
  if (written.length === 0)
    await engine.execute(listStatement('tables/write_empty_list', 'none'), { destination: list });
  else
    await engine.execute(
      listStatement('tables/write_files_list', rowLineageOf(metadata) === 'none' ? 'none' : 'kept', {
        rewritten: rewrittenFragment(written),
      }),
      {
        manifest_list: from['manifest-list'],
        with_deletes: withDeletes,
        snapshot_id: from['snapshot-id'],
        sequence_number: from['sequence-number'] ?? 0n,
        destination: list,
      },
    );
}

/** Writes manifests with the entries of the files, and of the delete files. */
async function writeCopies(
  engine: Engine,
  { metadata, from, manifests, files, deletes }: FilesView,
  destination: () => string,
): Promise<RewrittenManifest[]> {
  const copy = (list: Snapshot, of: RewriteOptions['manifests'], keptFiles: readonly string[]) =>
    rewriteManifests(engine, {
      metadata,
      manifestList: list['manifest-list'],
      manifests: of,
      removedFiles: [],
      keptFiles,
      destination,
    });
  const data = files.length === 0 ? [] : await copy(from, manifests, files);
  if (data.length === 0 || deletes === undefined || deletes.keys.length === 0) return data;
  return [...data, ...(await copy(deletes.from, deletes.manifests, deletes.keys))];
}
