/**
 * What a process that takes added rows, whatever else happened to its source, is to load of files that others
 * rewrote: a writer that deletes or updates rows by copying the rest of their file (Spark does so by default)
 * adds files, but hardly a row. Files that came and went -> files of new rows.
 */
import type { Engine } from '../engine/index.ts';
import type { Snapshot } from '../iceberg/table-metadata.ts';
import { PsybergError, refusal } from '../model/errors.ts';
import { tableName } from '../model/names.ts';
import type { ChangedFile } from '../model/session.ts';
import { newsOfFiles } from './compare-rows.ts';
import type { SourceTable } from './read-files.ts';

/**
 * `files` (what is different at the head) without those that hold only rows of the files that went.
 * `inOrder`: all that came and went since. `consumed`: the watermark's snapshot, where it is still there.
 * Throws `source-changed` for a file of old rows and new ones: a file is loaded as a whole. The same where
 * the rows cannot be compared.
 */
export async function withoutCopies(
  engine: Engine,
  table: SourceTable,
  {
    files,
    inOrder,
    consumed,
    head,
  }: {
    readonly files: readonly ChangedFile[];
    readonly inOrder: readonly ChangedFile[];
    readonly consumed: Snapshot | undefined;
    readonly head: Snapshot;
  },
): Promise<ChangedFile[]> {
  const gone = files.filter((file) => file.status === 'removed');
  // A snapshot that took no file away copied no row; what one copied, a later one may have copied again.
  const removing = new Set(
    inOrder.filter((file) => file.status === 'removed').map((file) => file.snapshotId),
  );
  const suspects =
    gone.length === 0 ? [] : files.filter((file) => file.status === 'added' && removing.has(file.snapshotId));
  if (suspects.length === 0) return [...files];
  if (consumed === undefined)
    throw mixed(table, suspects, 'and the snapshot of the watermark, which would tell, was expired');
  const paths = (of: readonly ChangedFile[]): string[] => of.map((file) => file.path);
  const news = await newsOfFiles(engine, table, {
    before: { snapshot: consumed, files: paths(gone) },
    after: { snapshot: head, files: paths(suspects) },
  }).catch((error: unknown) => {
    if (error instanceof PsybergError) throw error;
    throw mixed(table, suspects, 'and were rewritten since, or are gone');
  });
  const copies = new Set(news.filter((file) => file.newRows === 0n).map((file) => file.path));
  const both = news.filter((file) => file.knownRows > 0n && file.newRows > 0n).map((file) => file.path);
  if (both.length > 0)
    throw mixed(
      table,
      suspects.filter((file) => both.includes(file.path)),
      'and hold new or changed ones beside',
    );
  return files.filter((file) => !copies.has(file.path));
}

function mixed({ spec }: SourceTable, files: readonly ChangedFile[], why: string): Error {
  const name = tableName(spec.table);
  const [first] = files;
  return refusal(
    'source-changed',
    `snapshot ${first?.snapshotId} of ${name} wrote ${files.length === 1 ? 'a file' : `${files.length} files`} in place of others: rows that were there may be in ${first?.path} ${why}; a file is loaded as a whole`,
    {
      hint: `make the process stateful, or have ${name} written by appends and row-level deletes (merge-on-read)`,
      context: { table: name, snapshot_id: String(first?.snapshotId), file: first?.path },
    },
  );
}
