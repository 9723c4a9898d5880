/**
 * Reads the ledger of files that were read, `psyberg_file_f`. Files that are there + its rows -> those that
 * nobody has read, and those that changed since. Rows count up to the watermark of the process.
 */
import type { Engine } from '../engine/index.ts';
import type { FileColumns, FilesSpec, FileToRead } from '../model/files-source.ts';
import { type TableIdentifier, tableName } from '../model/names.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import { lakeTable, statement } from '../statements/index.ts';

export interface LedgerInput {
  readonly engine: Engine;
  /** The ledger; undefined while it has no rows. */
  readonly fileTable: TableIdentifier | undefined;
  readonly process: Pick<ProcessSpec, 'processName' | 'sources'>;
  /** The watermark: 0 before the first session. */
  readonly session: bigint;
}

/** What the ledger says of a folder. */
export interface LedgerSummary {
  /** Rows of the process that count. */
  readonly known: bigint;
  /** True where there are rows of sessions that a rollback of the target has undone. */
  readonly undone: boolean;
  /** The types that the last session gave the folder's columns; undefined before the first. */
  readonly types: FileColumns | undefined;
}

export async function summarizeLedger(
  { engine, fileTable, process, session }: LedgerInput,
  spec: FilesSpec,
): Promise<LedgerSummary> {
  if (fileTable === undefined) return { known: 0n, undone: false, types: undefined };
  const [row] = await engine.query(statement('landing/known_files', { file_table: lakeTable(fileTable) }), {
    process_name: process.processName,
    session,
    others: otherFolders(process, spec),
  });
  const { known = 0n, undone = false, columns = null } = row ?? {};
  return {
    known,
    undone,
    types: columns === null ? undefined : (JSON.parse(columns) as FileColumns),
  };
}

/** Files that were read for another folder of the process do not count as read for this one. */
const otherFolders = ({ sources }: LedgerInput['process'], spec: FilesSpec): string[] =>
  sources.flatMap(({ files, table }) => (files === undefined || files === spec ? [] : [tableName(table)]));

/** A file that changed since the process read it. */
export interface ChangedSinceRead {
  readonly file: FileToRead;
  readonly readBytes: bigint | null;
  readonly readBy: string;
}

export interface Unread {
  /** In the order of their paths. */
  readonly unread: readonly FileToRead[];
  readonly changed: readonly ChangedSinceRead[];
}

/** The files among `listed` that the process has not read, and those that changed since it did. */
export async function unreadAmong(
  { engine, fileTable, process, session }: LedgerInput,
  spec: FilesSpec,
  listed: readonly FileToRead[],
): Promise<Unread> {
  const inOrder = listed.toSorted((left, right) => (left.path < right.path ? -1 : 1));
  if (fileTable === undefined || session === 0n || listed.length === 0)
    return { unread: inOrder, changed: [] };
  const rows = await engine.query(statement('landing/new_files', { file_table: lakeTable(fileTable) }), {
    files: JSON.stringify(inOrder.map(asJson)),
    process_name: process.processName,
    session,
    others: otherFolders(process, spec),
  });
  const byPath = new Map(rows.map((row) => [row.path, row]));
  const found = inOrder.flatMap((file) => {
    const row = byPath.get(file.path);
    return row === undefined ? [] : [{ file, row }];
  });
  return {
    unread: found.filter(({ row }) => row.read_by === null).map(({ file }) => file),
    changed: found.flatMap(({ file, row }) =>
      row.read_by === null ? [] : [{ file, readBytes: row.read_bytes, readBy: row.read_by }],
    ),
  };
}

const asJson = (file: FileToRead): Readonly<Record<string, string | null>> => ({
  path: file.path,
  bytes: String(file.bytes),
  modified_us: String(file.modifiedAtUs),
  etag: file.etag,
});

/** A file as the process has read it. */
export interface RecordedFile extends FileToRead {
  /** The session that read it last. */
  readonly readBy: string;
  /** How many sessions read it, each time with another content. */
  readonly readings: bigint;
}

/** Every file that sessions up to the watermark have read of the folder, in the order of their paths. */
export async function recordedFiles(
  { engine, fileTable, process, session }: LedgerInput,
  spec: FilesSpec,
): Promise<readonly RecordedFile[]> {
  if (fileTable === undefined) return [];
  const rows = await engine.query(statement('landing/recorded_files', { file_table: lakeTable(fileTable) }), {
    process_name: process.processName,
    session,
    others: otherFolders(process, spec),
  });
  return rows.map(({ path, bytes, modified_us, etag, read_by, readings }) => ({
    path,
    bytes,
    modifiedAtUs: modified_us,
    etag,
    readBy: read_by,
    readings,
  }));
}
