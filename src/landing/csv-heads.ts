/**
 * Compares the heads of CSV files. Paths -> nothing, or a refusal that names a file. DuckDB takes the columns
 * of the first file for those of all, so a column that only a later file has would silently be left out.
 */
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { refusal } from '../model/errors.ts';
import { type FilesSpec, type FileToRead, folderName, isUrl } from '../model/files-source.ts';
import { throwUnlessOfFile } from '../model/storage-faults.ts';
import { locationOf } from './list-files.ts';

/** Heads that are read at once. Not measured. */
const READ_TOGETHER = 64;
/** Longer first lines are not compared. */
const HEAD_BYTES_MAX = 1_048_576;

/**
 * Throws `file-does-not-fit` if two files have other columns. Files on a server are not looked at; nor is any
 * file if the header says how their columns are brought together.
 */
export async function checkHeads(spec: FilesSpec, files: readonly Pick<FileToRead, 'path'>[]): Promise<void> {
  const { format, options } = spec;
  if (format !== 'csv' || options['header'] === false || 'skip' in options || 'union_by_name' in options)
    return;
  const local = files.filter(({ path }) => !isUrl(path));
  let first: { readonly path: string; readonly head: string; readonly columns: string } | undefined;
  for (let at = 0; at < local.length; at += READ_TOGETHER) {
    const some = local.slice(at, at + READ_TOGETHER);
    const heads = await Promise.all(some.map(({ path }) => firstLine(locationOf(spec, path))));
    for (const [index, line] of heads.entries()) {
      if (line === undefined) continue;
      const { head } = line;
      const { path } = some[index] as Pick<FileToRead, 'path'>;
      const columns = columnsIn(head, options['delim']);
      first ??= { path, head, columns };
      if (columns !== first.columns)
        throw refusal(
          'file-does-not-fit',
          `${path}:1: its head is ${head}, and that of ${first.path} is ${first.head}`,
          {
            hint: 'correct the file; or say at its source options: { union_by_name: true }, and what a file lacks is NULL',
            context: { files: folderName(spec.globs), file: path, line: 1, column: null },
          },
        );
    }
  }
}

/**
 * The files, each with the line ends that it is to be read with. DuckDB assumes those of the first file for
 * all, and fails at a later file with others. Undefined if all have the same, or the header says how they are
 * read.
 */
export async function withOwnLineEnds(
  spec: FilesSpec,
  files: readonly Pick<FileToRead, 'path'>[],
): Promise<FilesSpec | undefined> {
  const { format, options } = spec;
  if (format !== 'csv' || 'new_line' in options || 'union_by_name' in options) return undefined;
  const ends = new Set<string>();
  for (const { path } of files.filter((each) => !isUrl(each.path))) {
    const line = await firstLine(locationOf(spec, path));
    if (line !== undefined && line.end !== '') ends.add(line.end);
  }
  return ends.size < 2 ? undefined : { ...spec, options: { ...options, union_by_name: true } };
}

/** The column names, sorted: a CSV is read by names, not by places. */
const columnsIn = (head: string, delimiter: unknown): string =>
  head
    .replace(/^\uFEFF/, '')
    .split(typeof delimiter === 'string' ? delimiter : ',')
    .map((name) =>
      name
        .trim()
        .replace(/^"(.*)"$/, '$1')
        .toLowerCase(),
    )
    .sort()
    .join('\n');

interface FirstLine {
  readonly head: string;
  /** The characters that end the line; empty if the file ends there. */
  readonly end: string;
}

/** Undefined if there is no line, or the file cannot be read: DuckDB then says what is wrong with it. */
async function firstLine(path: string): Promise<FirstLine | undefined> {
  const file = createReadStream(path);
  let text = '';
  try {
    for await (const chunk of unpacked(path, file)) {
      text += String(chunk);
      // What follows a CR may be in the next chunk.
      const end = /\r\n|\n|\r(?!$)/.exec(text);
      if (end !== null) return { head: text.slice(0, end.index), end: end[0] };
      if (text.length > HEAD_BYTES_MAX) return undefined;
    }
    return text === '' ? undefined : { head: text.replace(/\r$/, ''), end: '' };
  } catch (error) {
    // Thrown here: DuckDB may no longer meet the fault a moment later, and read the file with the columns of
    // another.
    throwUnlessOfFile(error, path);
    return undefined;
  } finally {
    file.destroy();
  }
}

/** The content of a file that may be compressed. */
export function unpacked(path: string, file: Readable): Readable {
  if (/\.gz$/i.test(path)) return file.pipe(createGunzip());
  return /\.zst$/i.test(path) ? file.pipe(createZstdDecompress()) : file;
}
