/**
 * Reads the files of a folder again that a process has read. Ledger + files -> a relation. Files that are
 * gone or have changed cannot be compared.
 */
import { mainSnapshot } from '../../iceberg/history.ts';
import { recordedFiles, summarizeLedger } from '../../landing/ledger.ts';
import { changedSince } from '../../landing/list-files.ts';
import { dropFiles, holdFiles, relationOf } from '../../landing/read-files.ts';
import { PsybergError, refusal } from '../../model/errors.ts';
import { type FilesSpec, FOLDER_UUID, folderName, namesFile } from '../../model/files-source.ts';
import type { ProcessSpec, SourceSpec } from '../../model/process-spec.ts';
import type { ProcessProgress } from '../../state/process-progress.ts';
import { filesRelation, renderStatement, statement, statementFragment } from '../../statements/index.ts';
import type { Workspace } from '../../workspace/open-workspace.ts';
import type { RowsInMemory } from '../rows-in-memory.ts';

export interface FolderRows {
  /** A query in parentheses. */
  readonly table: ReturnType<typeof statementFragment>;
  drop(): Promise<void>;
}

interface FolderInput {
  readonly workspace: Pick<Workspace, 'client' | 'project'>;
  readonly memory: RowsInMemory;
  readonly process: ProcessSpec;
  readonly source: SourceSpec & { readonly files: FilesSpec };
  readonly progress: ProcessProgress;
}

/**
 * The files as they were read; undefined if none was read so far. Throws `not-verifiable` and the errors of
 * reading.
 */
export async function folderRows({
  workspace: { client, project },
  memory: { engine },
  process,
  source,
  progress,
}: FolderInput): Promise<FolderRows | undefined> {
  const session = progress.watermarks.find(({ tableUuid }) => tableUuid === FOLDER_UUID)?.snapshotId ?? 0n;
  const { fileTable } = project.tables;
  const ledger = (await client.loadTable(fileTable))?.metadata;
  if (session === 0n || ledger === undefined || mainSnapshot(ledger) === undefined) return undefined;
  const files = await recordedFiles({ engine, fileTable, process, session }, source.files);
  if (files.length === 0) return undefined;
  const again = files.find(({ readings }) => readings > 1n);
  if (again !== undefined)
    throw notThere(
      process,
      source.files,
      again.path,
      `was read ${again.readings} times, as others each time`,
    );
  const changed = await changedSince(source.files, files);
  if (changed !== undefined)
    throw notThere(process, source.files, changed.path, 'is gone, or is another one now than was read');
  const { types: columns = {} } = await summarizeLedger(
    { engine, fileTable, process, session },
    source.files,
  );
  const read = { files, columns, shape: null, session, undone: false, withFilename: false };
  const relation = relationOf(source.alias, source.files, read);
  const toRead = { ...read, relation };
  await holdFiles(engine, source.files, toRead).catch((error: unknown) => {
    throw error instanceof PsybergError && error.code === 'file-being-written'
      ? notThere(process, source.files, String(error.context['file']), 'changed while it was read')
      : error;
  });
  const found = await engine.query(statement('landing/columns_read', { relation: filesRelation(relation) }));
  const hasFilename = found.some(({ column_name: name }) => name.toLowerCase() === 'filename');
  const query =
    !hasFilename && namesFile(process) ? 'compare/named_files_of_source' : 'compare/files_of_source';
  return {
    table: statementFragment(`(${renderStatement(query, { relation: filesRelation(relation) })})`),
    drop: () => dropFiles(engine, toRead),
  };
}

const notThere = (process: ProcessSpec, files: FilesSpec, path: string, what: string): PsybergError =>
  refusal(
    'not-verifiable',
    `${process.processName} cannot be compared with the files of ${folderName(files.globs)}: ${path} ${what}`,
    {
      hint: 'put the file back as it was when it was read; psyberg history and psyberg_file_f say when that was',
      context: { process_name: process.processName, file: path },
    },
  );
