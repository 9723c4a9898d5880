/** Finds where the files of a relocated warehouse are, and what they are called from now on. */
import { existsSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { type Move, movedLocation } from '../../catalog/files/moved-warehouse.ts';
import { refusal, usageError } from '../../model/errors.ts';
import { plainPath } from '../../model/plain-path.ts';

/** Where the files of a warehouse are before and after the move, and how they are read and written. */
export interface RelocationFiles {
  /** The place of a file for which the metadata may name another place. */
  present(location: string): string;
  /** The name of a new file that replaces this one. */
  renamed(location: string): string;
  /** Throws `relocate-incomplete` if only the original has it. */
  isThere(location: string, table: string): Promise<boolean>;
  read(path: string): Promise<Buffer>;
  /** Creates the folder that DuckDB will write to. */
  makeFolderOf(path: string): void;
  write(path: string, content: Buffer): Promise<void>;
  size(path: string): Promise<number>;
  /** Throws `relocate-not-verified` if the manifest that was written lists something else. */
  checkManifest(from: string, to: string): Promise<void>;
  /** Copies a file that stays as it is. */
  carry(location: string): Promise<void>;
}

/** The path of a file on this machine, for which the metadata may name the earlier place. */
export const presentPath = (location: string, move: Move): string => plainPath(movedLocation(location, move));

/**
 * Names a new file beside the old one, in the new folder and spelled as before: the old file stays until
 * nothing points at it. A mark from an earlier relocation is replaced, so that names do not grow.
 */
const newLocation = (location: string, move: Move, mark: string): string =>
  movedLocation(location, move).replace(/(?:-moved-[0-9a-f]{8})?(\.[^./]+)$/, `-moved-${mark}$1`);

/**
 * Handles the files of a warehouse whose folder was moved with everything in it. `mark`: eight hexadecimal
 * digits that distinguish what this relocation writes.
 */
export const filesMovedBy = (move: Move, mark: string): RelocationFiles => ({
  present: (location) => presentPath(location, move),
  renamed: (location) => newLocation(location, move, mark),
  isThere: async (location, table) => isThere(location, move, table),
  read: (path) => readFile(path),
  makeFolderOf: () => undefined,
  write: (path, content) => writeFile(path, content),
  size: async (path) => (await stat(path)).size,
  checkManifest: async () => undefined,
  carry: async () => undefined,
});

function isThere(location: string, move: Move, table: string): boolean {
  const path = presentPath(location, move);
  if (existsSync(path)) return true;
  if (existsSync(plainPath(location))) throw incomplete(table, path, move);
  return false;
}

/** The error for a missing file without which a table cannot be read at all. */
export const incomplete = (table: string, path: string, move: Move): Error =>
  refusal('relocate-incomplete', `${table} needs the file ${path}, which is not there; nothing was changed`, {
    hint: `copy or restore the whole folder ${move.from} once more, then run: psyberg relocate`,
    context: { table, file: path, ...move },
  });

/** The error for a file whose paths cannot be rewritten. */
export const unwritable = (table: string, path: string, why: string): Error =>
  usageError(
    'relocate-delete-file',
    `${table} has row-level deletes in ${path}: ${why}; nothing was changed`,
    {
      hint: 'move the folder back, let the writer of the table rewrite its delete files (a compaction), and move it again',
      context: { table, file: path },
    },
  );

/** The error for a snapshot without a manifest list. */
export const unlisted = (table: string, location: string): Error =>
  usageError('relocate-unlisted', `${table} has a snapshot without a manifest list; nothing was changed`, {
    hint: 'move the folder back, let the writer of the table expire its oldest snapshots, and move it again',
    context: { table, location },
  });
