/**
 * Reads a folder's new files into a temporary relation, for the statements of a session. Plan -> relation.
 */
import { areHeld, holdFiles, rowsByFile } from '../../landing/read-files.ts';
import { conflict } from '../../model/errors.ts';
import type { FilesToRead } from '../../model/files-source.ts';
import { microsecondsOf } from '../../model/hour.ts';
import type { PlanRead } from '../../model/plan.ts';
import type { Opened } from '../session.ts';

/**
 * Executes a step `read-files`: where the session was planned by this process its rows are there, else the
 * files are read, and have to be those of the plan. Throws as {@link holdFiles}, and `file-being-written`.
 */
export async function readFolder(opened: Opened, alias: string): Promise<Opened> {
  const { plan, spec, ports } = opened;
  const { read } = plan.sources.find((each) => each.alias === alias) ?? {};
  const files = spec.sources.find((each) => each.alias === alias)?.files;
  if (read?.kind !== 'files' || files === undefined) return opened;
  if (await areHeld(ports.engine, files, read)) return opened;
  await holdFiles(ports.engine, files, toReadOf(read));
  const rows = await rowsByFile(ports.engine, read.relation);
  const other = read.files.find((file) => (rows.get(file.path) ?? 0n) !== BigInt(file.rows));
  if (other !== undefined)
    throw conflict('file-being-written', `the file ${other.path} changed since the session was planned`, {
      hint: 'run again',
      context: { file: other.path, expected: other.rows, found: String(rows.get(other.path) ?? 0n) },
    });
  return opened;
}

/** What a plan says of it. */
const toReadOf = (read: Extract<PlanRead, { kind: 'files' }>): FilesToRead => ({
  relation: read.relation,
  files: read.files.map(({ path, bytes, modified_at, etag }) => ({
    path,
    bytes: BigInt(bytes),
    modifiedAtUs: microsecondsOf(modified_at),
    etag,
  })),
  shape: read.shape,
  columns: read.columns,
  session: BigInt(read.session),
  undone: read.undone,
  withFilename: read.with_filename,
});
