/**
 * Reads the rows of a session's new files, once. FilesToRead -> a temporary relation. The hours of a plan
 * come from it as well as the rows that are loaded, so both are of the same bytes.
 */
import { createHash } from 'node:crypto';
import type { Engine } from '../engine/index.ts';
import { conflict, PsybergError, refusal } from '../model/errors.ts';
import {
  type FileColumns,
  type FilesSpec,
  type FilesToRead,
  type FileToRead,
  folderName,
} from '../model/files-source.ts';
import { sameColumnName } from '../model/names.ts';
import {
  filesRelation,
  inferColumnsStatement,
  noFilesStatement,
  readFilesStatement,
  readFilesValues,
  statement,
  timesInTextsStatement,
  widenedTypesStatement,
} from '../statements/index.ts';
import { checkHeads, withOwnLineEnds } from './csv-heads.ts';
import { fileFault } from './file-fault.ts';
import { changedSince } from './list-files.ts';
import { checkParquetColumns } from './parquet-columns.ts';
import { dropAside, nothingAside, rowsAside, setAside } from './quarantine.ts';
import { refuseOtherCase } from './spelled-fields.ts';

/**
 * The columns of files and their types: from the header, else as known from earlier sessions, else as DuckDB
 * finds them. `eventTime` becomes a timestamp even if its texts are spelled in several ways. Throws
 * `file-does-not-fit` if DuckDB finds no columns, or a column of the header is in no file.
 */
export async function columnsOfFiles(
  engine: Engine,
  spec: FilesSpec,
  {
    files,
    shape,
    known,
    eventTime,
  }: Pick<FilesToRead, 'files' | 'shape'> & {
    readonly known: FileColumns | undefined;
    readonly eventTime?: string | undefined;
  },
): Promise<FileColumns> {
  const toRead = { files, shape };
  const kept = spec.columns ?? known;
  if (isEmptied(toRead) && kept !== undefined) return kept;
  await checkHeads(spec, files);
  const { looksAtAll, looked } = lookedAt(spec, files);
  const values = { files: readFilesValues(spec, { files: looked, shape }).files };
  const inferred = await asWritten(spec, files, (written) =>
    engine.query(inferColumnsStatement(written, looksAtAll), values),
  ).catch(async (error: unknown) => {
    throw await fileFault(engine, spec, { ...toRead, types: spec.columns ?? known ?? {} }, error);
  });
  await checkParquetColumns(engine, spec, toRead, inferred);
  const found = new Set(inferred.map(({ column_name: name }) => name.toLowerCase()));
  const told = spec.columns ?? known ?? {};
  const missing = Object.keys(told).filter((name) => !found.has(name.toLowerCase()));
  // In JSON a field may be absent from every object. In other formats a missing column means that the head is
  // another one.
  if (spec.format !== 'json' && missing.length > 0) throw columnsAbsent(spec, missing, inferred);
  if (spec.format === 'json')
    await refuseOtherCase(engine, spec, { files: looked, shape }, { told, columns: inferred });
  if (spec.columns !== undefined) return spec.columns;
  const before = new Set(Object.keys(told).map((name) => name.toLowerCase()));
  const types = inferred.map(
    ({ column_name: name, column_type: type }) => [name, zoned(spec, type)] as const,
  );
  const added = types.filter(([name]) => !before.has(name.toLowerCase()));
  const times = isSpelledFreely(spec)
    ? added.filter(([name, type]) => type === 'VARCHAR' && sameColumnName(name, eventTime))
    : [];
  for (const each of times) {
    const [found] = await asWritten(spec, files, (written) =>
      engine.query(timesInTextsStatement(written, looksAtAll, each[0]), values),
    );
    if (found?.are_times === true) added[added.indexOf(each)] = [each[0], 'TIMESTAMP WITH TIME ZONE'];
  }
  return { ...(await widened(engine, told, types)), ...Object.fromEntries(added) };
}

/** False if the files carry types themselves, or the source says how times are written. */
const isSpelledFreely = ({ format, options }: FilesSpec): boolean =>
  format !== 'parquet' && !Object.keys(options).some((name) => /^(date|timestamp)_?format$/i.test(name));

/** True for a folder without any file: it keeps the columns that its files had. */
const isEmptied = ({ files, shape }: Pick<FilesToRead, 'files' | 'shape'>): boolean =>
  files.length === 0 && shape === null;

const NESTED = /^(STRUCT|MAP)\b|\[\d*\]$/;

/**
 * Widens known types by what the new files have more in nested columns. With the known type DuckDB would
 * silently leave out a field that came later, and make 2 of 1.5. If the target has no room for it, the
 * session says so.
 */
async function widened(
  engine: Engine,
  known: FileColumns,
  found: readonly (readonly [name: string, type: string])[],
): Promise<FileColumns> {
  const types = new Map(found.map(([name, type]) => [name.toLowerCase(), type]));
  const others = Object.entries(known).flatMap(([name, type]) => {
    const other = types.get(name.toLowerCase());
    const differs = other !== undefined && other !== type && NESTED.test(type) && NESTED.test(other);
    return differs ? [{ name, known: type, found: other }] : [];
  });
  if (others.length === 0) return known;
  const wide = await engine.query(widenedTypesStatement(others));
  return { ...known, ...Object.fromEntries(wide.map((each) => [each.column_name, each.column_type])) };
}

/** Up to so many files, and bytes in all of them, every object is searched for its fields. */
const LOOKED_THROUGH = { files: 1000, bytes: 64n * 1024n * 1024n };
/** Beyond that so many files are looked at, which is what DuckDB does by default. */
const SAMPLED_FILES = 32;

/**
 * The files whose columns are looked for. A field that is in none of them would silently be left out, so all
 * files are searched if they are few; searching many costs as much as reading them.
 */
function lookedAt(
  { format, options }: FilesSpec,
  files: readonly FileToRead[],
): { readonly looksAtAll: boolean; readonly looked: readonly FileToRead[] } {
  const told = ['sample_size', 'maximum_sample_files', 'union_by_name'].some((name) => name in options);
  if (told) return { looksAtAll: false, looked: files };
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0n);
  const isFew = files.length <= LOOKED_THROUGH.files && bytes <= LOOKED_THROUGH.bytes;
  if (format === 'json' && isFew) return { looksAtAll: true, looked: files };
  return { looksAtAll: false, looked: files.slice(0, SAMPLED_FILES) };
}

/** True if every object was searched for the types of columns. */
const isLookedThrough = (spec: FilesSpec, files: readonly FileToRead[]): boolean =>
  spec.columns === undefined && lookedAt(spec, files).looksAtAll;

/**
 * The type as a timestamp with time zone, also inside of structs and lists. DuckDB reads `05:00+02:00` as a
 * time without a zone, and ignores the two hours. A text without a zone is UTC.
 */
const zoned = ({ format }: FilesSpec, type: string): string =>
  format === 'parquet' ? type : type.replaceAll(/\bTIMESTAMP(?=[,)[]|$)/g, 'TIMESTAMP WITH TIME ZONE');

const columnsAbsent = (
  spec: FilesSpec,
  missing: readonly string[],
  found: readonly { readonly column_name: string }[],
): PsybergError =>
  refusal(
    'file-does-not-fit',
    `the new files of ${folderName(spec.globs)} lack the ${missing.length === 1 ? 'column' : 'columns'} ${missing.join(', ')}: ${spec.columns === undefined ? 'earlier files had them' : 'columns: at the source names them'}`,
    {
      hint: `they have ${found.map((each) => each.column_name).join(', ')}: correct them, or say at the source what they have: columns: { … }`,
      context: { files: folderName(spec.globs), columns: missing },
    },
  );

/** The relation's name. Other files, or the same files after a change, have another name. */
export function relationOf(
  alias: string,
  spec: FilesSpec,
  { files, columns }: Pick<FilesToRead, 'files' | 'columns'>,
): string {
  const digest = createHash('sha256').update(
    JSON.stringify([spec.options, columns, spec.format, spec.root, files.length === 0]),
  );
  for (const file of files) digest.update(`${file.path}\n${file.bytes}\n${file.modifiedAtUs}\n`);
  return `psyberg_files_${alias}_${digest.digest('hex').slice(0, 12)}`;
}

/**
 * True if this connection already holds the rows of exactly these files: the relation's name says which they
 * are.
 */
export async function areHeld(
  engine: Engine,
  { onBadRows }: Pick<FilesSpec, 'onBadRows'>,
  { relation }: Pick<FilesToRead, 'relation'>,
): Promise<boolean> {
  try {
    await engine.query(statement('landing/columns_read', { relation: filesRelation(relation) }));
    // With rows set aside their relation is made last, so it must be there as well.
    if (onBadRows === 'quarantine') await rowsAside(engine, relation, 0);
    return true;
  } catch (error) {
    if (isComplaint(error)) return false;
    throw error;
  }
}

/**
 * Reads the files. Throws `file-does-not-fit`, and `file-being-written` if a file has changed since it was
 * listed.
 */
export async function holdFiles(engine: Engine, spec: FilesSpec, toRead: FilesToRead): Promise<void> {
  const keepsAside = spec.onBadRows === 'quarantine';
  try {
    if (isEmptied(toRead)) await engine.execute(noFilesStatement(toRead));
    else
      await asWritten(spec, toRead.files, (written) =>
        engine.execute(
          readFilesStatement({ ...written, isLookedThrough: isLookedThrough(spec, toRead.files) }, toRead),
          readFilesValues(spec, toRead),
        ),
      );
    if (keepsAside) await nothingAside(engine, toRead);
  } catch (error) {
    const isKept = keepsAside && isComplaint(error) && (await setAside(engine, spec, toRead));
    if (!isKept) {
      // A half-made relation would be taken for the rows of these files.
      await dropFiles(engine, toRead);
      throw await fileFault(engine, spec, { ...toRead, types: toRead.columns }, error);
    }
  }
  const changed = await changedSince(spec, toRead.files);
  if (changed === undefined) return;
  await dropFiles(engine, toRead);
  throw conflict('file-being-written', `the file ${changed.path} changed while it was read`, {
    hint: 'run again when it is complete; with settle: 30s at its source, files are left alone until nobody has written to them for so long',
    context: { files: folderName(spec.globs), file: changed.path },
  });
}

/** If the files cannot be read together, each is read with its own line ends. */
async function asWritten<T>(
  spec: FilesSpec,
  files: readonly FileToRead[],
  read: (spec: FilesSpec) => Promise<T>,
): Promise<T> {
  try {
    return await read(spec);
  } catch (error) {
    const written = isComplaint(error) ? await withOwnLineEnds(spec, files) : undefined;
    if (written === undefined) throw error;
    return read(written);
  }
}

const isComplaint = (error: unknown): boolean => error instanceof PsybergError && error.code === 'sql-failed';

/** How many rows were read, by path; a file without rows is missing. */
export async function rowsByFile(engine: Engine, relation: string): Promise<ReadonlyMap<string, bigint>> {
  const rows = await engine.query(statement('landing/rows_by_path', { relation: filesRelation(relation) }));
  return new Map(rows.map(({ path, rows: count }) => [path, count]));
}

/** Drops the rows; an engine that has been closed holds none. */
export async function dropFiles(engine: Engine, { relation }: Pick<FilesToRead, 'relation'>): Promise<void> {
  await engine
    .execute(statement('landing/drop_files', { relation: filesRelation(relation) }))
    .catch((error: unknown) => {
      if (!(error instanceof PsybergError)) throw error;
    });
  await dropAside(engine, relation).catch(() => undefined);
}
