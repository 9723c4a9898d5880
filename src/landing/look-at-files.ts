/** Looks at files before there is a project. Glob -> columns as DuckDB finds them. */
import type { Engine } from '../engine/index.ts';
import { usageError } from '../model/errors.ts';
import { type FilesSpec, folderName } from '../model/files-source.ts';
import { listFiles } from './list-files.ts';
import { columnsOfFiles } from './read-files.ts';

/** Files whose columns are looked at: the last ones of the list. */
const LOOKED_AT = 32;

/** Throws `files-missing`, `files-unreadable` and `file-does-not-fit`. */
export async function lookAtFiles(
  engine: Engine,
  spec: FilesSpec,
): Promise<{
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly files: number;
}> {
  const files = await listFiles(engine, { ...spec, settleMs: 0 }, Date.now());
  if (files.length === 0)
    throw usageError('files-missing', `no file matches ${folderName(spec.globs)}`, {
      hint: `paths are relative to the current folder; in quotes, so that the shell leaves * alone`,
      context: { files: folderName(spec.globs), folder: spec.root },
    });
  const types = await columnsOfFiles(engine, spec, {
    files: files.slice(-LOOKED_AT),
    shape: null,
    known: undefined,
  });
  return { columns: Object.entries(types).map(([name, type]) => ({ name, type })), files: files.length };
}
