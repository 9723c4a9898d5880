/** Finds which files of a project are formatted. Folder -> files. Reads folders and psyberg.yaml. */
import fs from 'node:fs';
import path from 'node:path';
import { isMap } from '../plain-values.ts';
import { PROJECT_FILE } from '../project-schema.ts';
import { parseYamlText } from '../yaml-text.ts';

const SQL = /\.sql$/;
const YAML = /\.ya?ml$/;

/**
 * psyberg.yaml, the processes, and the files in `audits`, `macros`, `tables` and `tests`, as absolute paths.
 * Works for a project with mistakes in it, too.
 */
export function filesToFormat(root: string): string[] {
  const processes = path.resolve(root, processesFolder(root));
  return [
    path.join(root, PROJECT_FILE),
    ...filesBelow(processes, SQL),
    ...['audits', 'macros', 'tables'].flatMap((folder) => filesBelow(path.join(root, folder), SQL)),
    ...filesBelow(path.join(root, 'tests'), YAML),
  ].filter((file, index, all) => all.indexOf(file) === index && fs.existsSync(file));
}

/** A file that was named, or the SQL and YAML files of a folder that was named. */
export function filesOf(named: string): string[] {
  const file = path.resolve(named);
  const isFolder = fs.statSync(file, { throwIfNoEntry: false })?.isDirectory() === true;
  return isFolder ? [...filesBelow(file, SQL), ...filesBelow(file, YAML)].sort() : [file];
}

export const isFormattable = (file: string): boolean => SQL.test(file) || YAML.test(file);

/** Hidden files and installed packages are not formatted. */
function filesBelow(folder: string, name: RegExp): string[] {
  if (!fs.existsSync(folder) || !fs.statSync(folder).isDirectory()) return [];
  return fs
    .readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !entry.name.startsWith('.') && entry.name !== 'node_modules')
    .flatMap((entry) => {
      const file = path.join(folder, entry.name);
      if (entry.isDirectory()) return filesBelow(file, name);
      return name.test(entry.name) ? [file] : [];
    })
    .sort();
}

/** The folder that psyberg.yaml names, as far as it can be read. */
function processesFolder(root: string): string {
  const file = path.join(root, PROJECT_FILE);
  const text = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
  const { value } = parseYamlText(text, { first: 0, last: text.length }, () => {});
  const folder = isMap(value) ? value['processes'] : undefined;
  return typeof folder === 'string' && folder !== '' ? folder : 'processes';
}
