/**
 * Lists the files of a folder as they are now. Globs -> paths, sizes, times. Nothing of their content is
 * read.
 */
import { statSync } from 'node:fs';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { setImmediate as immediate } from 'node:timers/promises';
import type { Engine } from '../engine/index.ts';
import { PsybergError, usageError } from '../model/errors.ts';
import { type FilesSpec, type FileToRead, folderName, isUrl } from '../model/files-source.ts';
import { statement } from '../statements/index.ts';
import { closedFolder } from './closed-folders.ts';

/**
 * Files that are looked up before others get their turn. One by one: `stat` of a promise costs five times as
 * much (10,000 files: 103 to 160 ms, and 23 to 38 ms; AMD EPYC, 2026-11-29).
 */
const LOOKED_UP_TOGETHER = 2000;

/**
 * Every file that a glob of the folder matches, each once, without files that changed within `settle`. Throws
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
  const closed = closedFolder(resolve(spec.root, glob));
  if (closed !== undefined) throw new Error(`this user may not look into the folder ${closed}`);
  const [row] = await engine.query(statement('landing/matching_files'), { glob: resolve(spec.root, glob) });
  const found = row?.paths?.split('\0') ?? [];
  const inside = spec.root + sep;
  const pathOf = (file: string): string => {
    if (isAbsolute(glob)) return file;
    const own = file.startsWith(inside) ? file.slice(inside.length) : relative(spec.root, file);
    return sep === '/' ? own : own.replaceAll(sep, '/');
  };
  const states = await statesOf(found);
  // A file that vanished since the glob matched it is left out.
  return found.flatMap((file, index) => {
    const state = states[index];
    return state === undefined ? [] : [{ path: pathOf(file), etag: null, ...state }];
  });
}

type FileState = Pick<FileToRead, 'bytes' | 'modifiedAtUs'>;

/** Size and time of each of these absolute paths. */
async function statesOf(paths: readonly string[]): Promise<(FileState | undefined)[]> {
  const states: (FileState | undefined)[] = [];
  for (const [index, path] of paths.entries()) {
    if (index > 0 && index % LOOKED_UP_TOGETHER === 0) await immediate();
    states.push(stateOf(path));
  }
  return states;
}

/** Size and time of a file on this machine; undefined where there is none. */
function stateOf(path: string): FileState | undefined {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? undefined : { bytes: found.size, modifiedAtUs: found.mtimeNs / 1000n };
}

/**
 * The first file that has changed since it was listed; undefined if none has. Files on a server are not
 * checked: they are replaced whole, and never seen half written.
 */
export async function changedSince(
  spec: Pick<FilesSpec, 'root'>,
  files: readonly FileToRead[],
): Promise<FileToRead | undefined> {
  const local = files.filter(({ path }) => !isUrl(path));
  const now = await statesOf(local.map(({ path }) => locationOf(spec, path)));
  return local.find(
    (file, index) => now[index]?.bytes !== file.bytes || now[index]?.modifiedAtUs !== file.modifiedAtUs,
  );
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
