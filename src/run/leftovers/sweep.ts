/**
 * Deletes the files of a session that did not publish (all of them), or that published after lost races
 * (those that its snapshot does not hold). Branch name -> files. Every file that a session writes carries the
 * name of its branch, so a session that was killed in the middle of a statement is swept as well. What any
 * snapshot of the table still holds stays, whoever wrote it.
 */
import { rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { togetherOrSingly } from '../../engine/index.ts';
import { canList, filesBeginning } from '../../files/list.ts';
import { removeAll, removeFile } from '../../files/remove.ts';
import { readWhole } from '../../files/whole.ts';
import { dataFolderOf } from '../../iceberg/file-layout.ts';
import { parseJson } from '../../iceberg/json.ts';
import { tableRoot } from '../../iceberg/new-snapshot.ts';
import type { TableMetadata } from '../../iceberg/table-metadata.ts';
import { tablesAmong } from '../../model/files-source.ts';
import type { TableIdentifier } from '../../model/names.ts';
import { plainPath } from '../../model/plain-path.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import { isInAnyStore } from '../../objects/location.ts';
import { statement } from '../../statements/index.ts';
import type { RunPorts } from '../ports.ts';
import { removeEmptyFolders } from './empty-folders.ts';
import { postponeSweep, sweepPostponed } from './postponed-sweeps.ts';

type SweepPorts = Pick<RunPorts, 'catalog' | 'engine' | 'project' | 'sessionsDirectory'>;

/** The tables that a session of a target writes to. */
const tablesOfSession = (
  { project }: Pick<RunPorts, 'project'>,
  target: TableIdentifier,
): TableIdentifier[] => [target, ...Object.values(project.tables)];

/**
 * Sweeps the target and the state tables, if this process can list their files. In a store behind a foreign
 * catalog that is postponed by a day, see {@link postponeSweep}. Throws if a file on this machine cannot be
 * deleted: then the session's marker must stay, so that the next session of the process finds it.
 */
export async function sweepSession(
  ports: SweepPorts,
  target: TableIdentifier,
  branch: string,
): Promise<void> {
  await sweepTables(ports, { target, branch }, (root) => isShared(ports, root));
}

/**
 * Does postponed sweeps that are due: of sessions that left files behind a foreign catalog at least a day
 * ago.
 */
export async function sweepLater(ports: SweepPorts): Promise<void> {
  if (ports.project.catalog.kind !== 'rest') return;
  await sweepPostponed(ports, (target, branch) => sweepTables(ports, { target, branch }, () => false)).catch(
    () => undefined,
  );
}

/** Whether other machines, whose sessions this one does not see, may write there. */
const isShared = ({ project }: SweepPorts, root: string): boolean =>
  project.catalog.kind === 'rest' && isInAnyStore(root);

async function sweepTables(
  ports: SweepPorts,
  { target, branch }: { readonly target: TableIdentifier; readonly branch: string },
  waits: (root: string) => boolean,
): Promise<void> {
  for (const table of tablesOfSession(ports, target)) {
    const metadata = (await ports.catalog.loadTable(table))?.metadata;
    const root = metadata === undefined ? undefined : listedRoot(metadata);
    if (metadata === undefined || root === undefined) continue;
    if (waits(root)) {
      postponeSweep(ports, target, branch);
      continue;
    }
    // `write.data.path` may name another place, on an object store as well.
    const data = plainPath(dataFolderOf(metadata));
    const folders = [...new Set([`${root}/data`, data, `${root}/metadata`])];
    const files = (await Promise.all(folders.map((folder) => namedAfter(folder, branch)))).flat();
    for (const folder of folders) removeEmptyFolders(`${folder}/${branch}`);
    if (files.length === 0) continue;
    const held = await filesStillHeld(ports, metadata, files).catch(() => undefined);
    // If the table cannot be read nothing in it may be deleted.
    if (held === undefined) continue;
    removeAll(files.filter((file) => !held.has(file)));
    for (const folder of folders) removeEmptyFolders(`${folder}/${branch}`);
  }
}

/** The folder of a table whose files this process can list. */
export const listedRoot = (metadata: TableMetadata): string | undefined => {
  const root = plainPath(tableRoot(metadata));
  return canList(root) ? root : undefined;
};

/** Files below a folder `<branch>`, and files `<branch>-…` beside it. */
async function namedAfter(folder: string, branch: string): Promise<string[]> {
  const mine = `${folder}/${branch}`;
  return (await filesBeginning(folder, branch)).flatMap(({ path }) =>
    path === mine || path.startsWith(`${mine}/`) || path.startsWith(`${mine}-`) ? [path] : [],
  );
}

/** The files among `files` that a snapshot of the table holds. */
export async function filesStillHeld(
  { engine }: Pick<SweepPorts, 'engine'>,
  metadata: TableMetadata,
  files: readonly string[],
): Promise<Set<string>> {
  const lists = (metadata.snapshots ?? []).map((snapshot) => snapshot['manifest-list']);
  if (lists.length === 0) return new Set();
  const manifests = await togetherOrSingly(lists, (manifestLists) =>
    engine.query(statement('tables/manifest_paths'), { manifest_lists: manifestLists }),
  );
  const paths = [...new Set(manifests.map((row) => row.manifest_path))];
  const data = files.filter((file) => file.endsWith('.parquet'));
  const held =
    paths.length === 0 || data.length === 0
      ? []
      : await togetherOrSingly(paths, (each) =>
          engine.query(statement('run/referenced_files'), { manifests: each, files: data }),
        );
  return new Set([...lists, ...paths, ...held.map((row) => row.path)].map(plainPath));
}

const METADATA_FILE = /^\.?(\d+)-[0-9a-f-]{36}\.metadata\.json(\.tmp)?$/;

/**
 * Deletes metadata files that a killed process has left and that are in no table's log. These are files that
 * it wrote since `sinceMs` for commits that it did not make, of a version that the table has passed; and
 * files that a commit of its own made obsolete, and that it was killed before deleting. Called when the next
 * session has committed to the same tables, so that those versions are passed.
 */
export async function sweepMetadataFiles(
  ports: SweepPorts,
  { target, sources }: Pick<ProcessSpec, 'target' | 'sources'>,
  sinceMs: number,
): Promise<void> {
  const strays: string[] = [];
  // A tag that protects a watermark is a commit to its source.
  for (const table of [
    ...tablesOfSession(ports, target.table),
    ...tablesAmong(sources).map((source) => source.table),
  ]) {
    const loaded = await ports.catalog.loadTable(table);
    const root = loaded === undefined ? undefined : listedRoot(loaded.metadata);
    // A foreign catalog writes its own metadata files, and knows which of them it needs.
    if (loaded === undefined || root === undefined || isShared(ports, root)) continue;
    const current = versionOf(loaded.metadataLocation);
    const logged = logOf(loaded.metadata, loaded.metadataLocation);
    const forgotten = await forgottenFiles(loaded.metadata);
    for (const { path, modifiedAtMs } of await filesBeginning(`${root}/metadata`, '')) {
      // Files in a folder below belong to a session that is running on another engine.
      if (path.slice(root.length).split('/').length > 3) continue;
      const version = versionOf(path);
      if (version === undefined || current === undefined || version > current || logged.has(path)) continue;
      // The clocks of files and of processes differ by some milliseconds; a store counts seconds.
      if (modifiedAtMs >= sinceMs - 1000 || forgotten.has(path)) strays.push(path);
    }
  }
  if (strays.length === 0) return;
  // A renamed table keeps its folder, in which another table of the old name may have been created since.
  const known = new Set<string>();
  for (const namespace of await ports.catalog.listNamespaces())
    for (const table of await ports.catalog.listTables(namespace)) {
      const loaded = await ports.catalog.loadTable(table);
      if (loaded !== undefined)
        for (const path of logOf(loaded.metadata, loaded.metadataLocation)) known.add(path);
    }
  for (const path of strays) if (!known.has(path)) removeFile(path);
}

/**
 * Files that fell off the end of a table's log. If the table says so, whoever commits deletes them after the
 * commit. The oldest file of the log still names them; a file that no log ever named may belong to another
 * catalog.
 */
async function forgottenFiles({ properties, ...metadata }: TableMetadata): Promise<Set<string>> {
  const oldest = metadata['metadata-log']?.[0]?.['metadata-file'];
  const deletes = properties?.['write.metadata.delete-after-commit.enabled']?.toLowerCase() === 'true';
  if (!deletes || oldest === undefined) return new Set();
  try {
    const text = String(await readWhole(plainPath(oldest)));
    return logOf(parseJson<TableMetadata>(text), oldest);
  } catch {
    return new Set();
  }
}

const versionOf = (path: string): number | undefined => {
  const match = METADATA_FILE.exec(path.slice(path.lastIndexOf('/') + 1));
  return match === null ? undefined : Number(match[1]);
};
const logOf = (metadata: TableMetadata, location: string): Set<string> =>
  new Set(
    [location, ...(metadata['metadata-log'] ?? []).map((entry) => entry['metadata-file'])].map(plainPath),
  );

/**
 * Deletes the metadata files of a table that was dropped before it held anything, and its folders if nothing
 * else is in them.
 */
export function removeDroppedTable(metadata: TableMetadata, location: string): void {
  const root = plainPath(tableRoot(metadata));
  if (!canList(root)) return;
  for (const path of logOf(metadata, location)) removeFile(path);
  for (const snapshot of metadata.snapshots ?? []) removeFile(snapshot['manifest-list']);
  for (const folder of ['data', 'metadata', '']) {
    try {
      rmdirSync(join(root, folder));
    } catch {
      // The folder holds files of somebody else.
    }
  }
}
