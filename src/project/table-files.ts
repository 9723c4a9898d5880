/**
 * Reads the DDL in `tables/<namespace>/<name>.sql`: what the project says about tables that none of its
 * processes writes. Folder -> texts. Reads only.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { TableIdentifier } from '../model/names.ts';
import { bytesOfFile, decoded, type WrongText } from './file-text.ts';
import { relativeFile } from './relative-file.ts';

export const TABLES_FOLDER = 'tables';

export interface DdlFile {
  /** The namespace is empty for a file that is not in a namespace's folder. */
  readonly table: TableIdentifier;
  /** Path relative to the project. */
  readonly file: string;
  readonly text: string;
  /** The first place in it that is not UTF-8. */
  readonly wrong?: WrongText | undefined;
}

/** Where the DDL of a table is expected, as messages show it. */
export const ddlFileOf = ({ namespace, name }: TableIdentifier): string =>
  [TABLES_FOLDER, ...namespace, `${name}.sql`].join('/');

/** The DDL of a table, if there is one. */
export function readTableFile(root: string, table: TableIdentifier): DdlFile | undefined {
  const file = path.join(root, ddlFileOf(table));
  if (!fs.existsSync(file)) return undefined;
  return { table, file: relativeFile(root, file), ...textOfTable(file) };
}

/** The DDL of all tables, ordered by name. */
export function readTableFiles(root: string): DdlFile[] {
  const folder = path.join(root, TABLES_FOLDER);
  if (!fs.existsSync(folder) || !fs.statSync(folder).isDirectory()) return [];
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.sql') && !entry.name.startsWith('.'))
    .map((entry) => relativeFile(root, path.join(entry.parentPath, entry.name)))
    .sort()
    .map((file) => {
      const [, ...parts] = file.replace(/\.sql$/, '').split('/');
      const table = { namespace: parts.slice(0, -1), name: parts.at(-1) as string };
      return { table, file, ...textOfTable(path.join(root, file)) };
    });
}

function textOfTable(file: string): Pick<DdlFile, 'text' | 'wrong'> {
  const { text, wrong } = decoded(bytesOfFile(file));
  return { text: text.replace(/^\uFEFF/, ''), wrong };
}

/** A message for a table about which nothing is known. */
export const columnsUnknown = (table: string, ddlFile: string): readonly [message: string, hint: string] => [
  `the columns of ${table} are not known: there is no ${ddlFile}, and no such table in the warehouse`,
  `write its DDL into ${ddlFile}: create table ${table} (…)`,
];
