/**
 * Deletes files that sessions of lost machines left in front of a foreign catalog. Nothing records these
 * sessions any more, but file names contain theirs. Tables of a project -> deleted files. A file is deleted
 * only if its session published nothing and no snapshot of its table holds it. Files without the name of a
 * session belong to others.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { filesBeginning, type ListedFile } from '../../files/list.ts';
import { isLocalPath } from '../../files/local.ts';
import { removeAll, removeStored } from '../../files/remove.ts';
import { dataFolderOf } from '../../iceberg/file-layout.ts';
import { mainSnapshot } from '../../iceberg/history.ts';
import { mayDeleteFiles } from '../../iceberg/retention.ts';
import type { TableMetadata } from '../../iceberg/table-metadata.ts';
import { usageError } from '../../model/errors.ts';
import type { TableIdentifier } from '../../model/names.ts';
import { plainPath } from '../../model/plain-path.ts';
import { sessionOfName } from '../../model/session-branch.ts';
import { lakeTable, statement } from '../../statements/index.ts';
import type { RunPorts } from '../ports.ts';
import { filesStillHeld, listedRoot } from './sweep.ts';

type LostPorts = Pick<RunPorts, 'catalog' | 'engine' | 'project' | 'sessionsDirectory'>;

export interface LostFiles {
  readonly files: readonly ListedFile[];
  /** Why the table was left alone. */
  readonly why?: string;
}

/** Names of sessions that have published, by the session table. */
export type PublishedNames = ReadonlySet<string>;

/** Throws `maintain-foreign-catalog` where nobody has recorded which sessions published. */
export async function publishedNames({ catalog, engine, project }: LostPorts): Promise<PublishedNames> {
  const { sessionTable } = project.tables;
  const metadata = (await catalog.loadTable(sessionTable))?.metadata;
  if (metadata === undefined || mainSnapshot(metadata) === undefined)
    throw usageError(
      'maintain-foreign-catalog',
      'no session is recorded: which files are of none that published nobody can tell',
      {
        hint: 'run the processes of this project once',
      },
    );
  const rows = await engine.query(
    statement('state/published_names', { session_table: lakeTable(sessionTable) }),
  );
  return new Set(rows.map(({ name }) => name));
}

/** `beforeMs`: a session whose newest file is younger may be at work on another machine. */
export async function sweepLost(
  ports: LostPorts,
  table: TableIdentifier,
  {
    published,
    beforeMs,
    dryRun,
  }: { readonly published: PublishedNames; readonly beforeMs: number; readonly dryRun: boolean },
): Promise<LostFiles> {
  const metadata = (await ports.catalog.loadTable(table))?.metadata;
  if (metadata === undefined) return { files: [] };
  const root = listedRoot(metadata);
  if (root === undefined) return { files: [], why: 'psyberg has no keys to list its files' };
  if (!mayDeleteFiles(metadata)) return { files: [], why: 'the table property gc.enabled is false' };
  const lost: ListedFile[] = [];
  for (const [name, files] of await filesBySession(root, metadata)) {
    const isYoung = files.some(({ modifiedAtMs }) => modifiedAtMs >= beforeMs);
    // What is noted here goes with the next session of its process.
    if (isYoung || published.has(name) || existsSync(join(ports.sessionsDirectory, name))) continue;
    lost.push(...files);
  }
  if (lost.length === 0) return { files: [] };
  const held = await filesStillHeld(
    ports,
    metadata,
    lost.map(({ path }) => path),
  );
  const going = lost.filter(({ path }) => !held.has(path));
  if (dryRun) return { files: going };
  const paths = going.map(({ path }) => path);
  removeAll(paths.filter(isLocalPath));
  await removeStored(paths.filter((path) => !isLocalPath(path)));
  return { files: going };
}

/** Files of a table that carry the name of a session, by that name. */
async function filesBySession(root: string, metadata: TableMetadata): Promise<Map<string, ListedFile[]>> {
  const folders = new Set([`${root}/data`, plainPath(dataFolderOf(metadata)), `${root}/metadata`]);
  const found = new Map<string, ListedFile[]>();
  for (const folder of folders)
    for (const file of await filesBeginning(folder, 'psyberg_')) {
      // `<name>/…` or `<name>-…`: no process has a dash in its name.
      const [name = ''] = file.path.slice(folder.length + 1).split(/[/-]/);
      if (sessionOfName(name) !== undefined) found.set(name, [...(found.get(name) ?? []), file]);
    }
  return found;
}
