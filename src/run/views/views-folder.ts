/**
 * Says where the files of a session's views lie: manifests and lists that only its statements read. Session
 * -> folder. For DuckDB it is the session's own folder on this machine. An engine elsewhere can only reach
 * files of tables, so for it they lie beside the target, in a folder with the session's name, where a sweep
 * finds them.
 */
import { basename } from 'node:path';
import { filesBeginning } from '../../files/list.ts';
import { makeLocalFolder } from '../../files/local.ts';
import { removeFile } from '../../files/remove.ts';
import { tableRoot } from '../../iceberg/new-snapshot.ts';
import type { TableMetadata } from '../../iceberg/table-metadata.ts';
import { usageError } from '../../model/errors.ts';
import type { TableIdentifier } from '../../model/names.ts';
import { plainPath } from '../../model/plain-path.ts';
import { SESSION } from '../../state/tables/session.ts';
import { ensureStateTable } from '../../state/write-state.ts';
import { removeEmptyFolders } from '../leftovers/empty-folders.ts';
import type { Begun } from '../session.ts';

type Placed = Pick<Begun, 'ports' | 'spec' | 'directory' | 'view' | 'writes'>;

/**
 * The folder, made if it was missing. While the target does not exist yet it lies beside the session table,
 * which every project has. Throws `engine-cannot` for a look if neither table exists.
 */
export async function viewsFolder(session: Placed): Promise<string> {
  const { ports, spec, directory, view } = session;
  if (ports.workload.isElsewhere !== true) return directory;
  const target = (await ports.catalog.loadTable(spec.target.table))?.metadata;
  const metadata = target ?? (await tableOfSessions(session));
  view.putListsBeside(target === undefined ? ports.project.tables.sessionTable : spec.target.table);
  const folder = folderBeside(metadata, basename(directory));
  makeLocalFolder(folder);
  return folder;
}

async function tableOfSessions({ ports, spec, writes }: Placed): Promise<TableMetadata> {
  const { sessionTable } = ports.project.tables;
  if (writes) return ensureStateTable(ports.catalog, sessionTable, SESSION);
  const found = await ports.catalog.loadTable(sessionTable);
  if (found !== undefined) return found.metadata;
  throw usageError(
    'engine-cannot',
    `${spec.processName} reads on Spark, and the project has no table yet beside which its lists of files could lie`,
    {
      hint: `run a process first, such as psyberg run ${spec.processName}`,
      context: { process_name: spec.processName },
    },
  );
}

/** Deletes the files of the views at the end of a session, when nothing refers to them any more. */
export async function removeViews({
  ports,
  spec,
  directory,
}: Pick<Placed, 'ports' | 'spec' | 'directory'>): Promise<void> {
  if (ports.workload.isElsewhere !== true) return;
  for (const table of placesOf(ports.project.tables, spec.target.table)) {
    const metadata = (await ports.catalog.loadTable(table))?.metadata;
    if (metadata === undefined) continue;
    const folder = plainPath(folderBeside(metadata, basename(directory)));
    for (const { path } of await filesBeginning(folder, '')) removeFile(path);
    removeEmptyFolders(folder);
  }
}

const placesOf = (
  { sessionTable }: Begun['ports']['project']['tables'],
  target: TableIdentifier,
): TableIdentifier[] => [target, sessionTable];

/** `name`: of a session, or of a look. */
export const folderBeside = (metadata: TableMetadata, name: string): string =>
  `${tableRoot(metadata)}/metadata/${name}`;
