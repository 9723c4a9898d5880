/** Lists the SQL files of one folder of a project. Folder -> names. */
import fs from 'node:fs';

/** Sorted; without hidden files and subfolders. Undefined if there is no such folder. */
export function sqlFilesIn(directory: string): string[] | undefined {
  if (!fs.existsSync(directory) || !fs.statSync(directory).isDirectory()) return undefined;
  return fs
    .readdirSync(directory, { withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && entry.name.endsWith('.sql') && !entry.name.startsWith('.'))
    .map((entry) => entry.name)
    .sort();
}
