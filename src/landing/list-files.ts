/**
 * The files of a folder as they are now. Globs -> paths, sizes, times. Nothing of their content is read.
 */
import { stat } from 'node:fs/promises';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import type { Engine } from '../engine/index.ts';
import { PsybergError, usageError } from '../model/errors.ts';
import { type FilesSpec, type FileToRead, folderName, isUrl } from '../model/files-source.ts';
import { statement } from '../statements/index.ts';

/** Files that are looked up at once: enough to keep a disk busy. Not measured. */
const LOOKED_UP_TOGETHER = 256;

/**
 * Every file that a glob of the folder matches, each once, but those that changed within `settle`. Throws
 * `files-unreadable`.
 */
export async function listFiles(engine: Engine, spec: FilesSpec, nowMs: number): Promise<FileToRead[]> {
  const found = new Map<string, FileToRead>();
  for (const glob of spec.globs)
    for (const file of await filesOf(engine, spec, glob)) found.set(file.path, file);
  const latestUs = BigInt(Math.floor(nowMs - spec.settleMs)) * 1000n;
  const settled = [...found.values()];
  return spec.settleMs === 0 ? settled : settled.filter((file) => file.modifiedAtUs <= latestUs);
}

/** Where a file of the ledger lies: an absolute path, or a URL. */
export const locationOf = ({ root }: Pick<FilesSpec, 'root'>, path: string): string =>
  isUrl(path) || isAbsolute(path) ? path : resolve(root, path);

async function filesOf(engine: Engine, spec: FilesSpec, glob: string): Promise<FileToRead[]> {
  try {
    return isUrl(glob) ? await onServer(engine, glob) : await onThisMachine(engine, spec, glob);
  } catch (error) {
    throw unlisted(spec, glob, error);
  }
}

async function onServer(engine: Engine, glob: string): Promise<FileToRead[]> {
  const rows = await engine.query(statement('landing/files_on_server'), { glob });
  return rows.map(({ path, bytes, modified_us }) => ({
    path,
    bytes,
    modifiedAtUs: modified_us ?? 0n,
    etag: null,
  }));
}

async function onThisMachine(engine: Engine, spec: FilesSpec, glob: string): Promise<FileToRead[]> {
  const rows = await engine.query(statement('landing/matching_files'), { glob: resolve(spec.root, glob) });
  const files: FileToRead[] = [];
  for (let at = 0; at < rows.length; at += LOOKED_UP_TOGETHER)
    files.push(
      ...(
        await Promise.all(rows.slice(at, at + LOOKED_UP_TOGETHER).map((row) => lookUp(spec, glob, row.path)))
      ).flat(),
    );
  return files;
}

/** None where the file vanished since it was matched. */
async function lookUp(spec: FilesSpec, glob: string, found: string): Promise<FileToRead[]> {
  const path = isAbsolute(glob) ? found : relative(spec.root, found).split(sep).join('/');
  const state = await stateOf(found);
  return state === undefined ? [] : [{ path, etag: null, ...state }];
}

/** Size and time of a file on this machine; undefined where there is none. */
async function stateOf(path: string): Promise<Pick<FileToRead, 'bytes' | 'modifiedAtUs'> | undefined> {
  try {
    const { size, mtimeNs } = await stat(path, { bigint: true });
    return { bytes: size, modifiedAtUs: mtimeNs / 1000n };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * The first file that is not any more what was listed; undefined where all are. What lies on a server is not
 * asked again: its files are replaced whole, and never seen half written.
 */
export async function changedSince(
  spec: Pick<FilesSpec, 'root'>,
  files: readonly FileToRead[],
): Promise<FileToRead | undefined> {
  for (let at = 0; at < files.length; at += LOOKED_UP_TOGETHER) {
    const some = files.slice(at, at + LOOKED_UP_TOGETHER);
    const now = await Promise.all(
      some.map((file) => (isUrl(file.path) ? file : stateOf(locationOf(spec, file.path)))),
    );
    const changed = some.find(
      (file, index) => now[index]?.bytes !== file.bytes || now[index]?.modifiedAtUs !== file.modifiedAtUs,
    );
    if (changed !== undefined) return changed;
  }
  return undefined;
}

function unlisted(spec: FilesSpec, glob: string, error: unknown): unknown {
  const isOurs = error instanceof PsybergError;
  if (isOurs && error.code !== 'sql-failed') return error;
  return usageError(
    'files-unreadable',
    `the files of ${glob} cannot be listed: ${(error as Error).message.split('\n')[0]}`,
    {
      hint: isUrl(glob)
        ? 'check the address, and that its credentials are known to this machine'
        : 'check the path, and that this user may read the folder',
      context: { files: folderName(spec.globs), glob },
      cause: error,
    },
  );
}
