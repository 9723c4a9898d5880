/**
 * The processes of a project as a shell wants them, at once: from the files' names and their first lines,
 * read by no parser. A project with mistakes in it has names, too.
 */
import fs from 'node:fs';
import path from 'node:path';

const HEAD_BYTES = 2048;

/** Empty when there is no project in `directory` or above it. */
export function processNamesIn(directory: string): string[] {
  const root = rootAbove(path.resolve(directory));
  if (root === undefined) return [];
  const yaml = fs.readFileSync(path.join(root, 'psyberg.yaml'), 'utf8');
  const folder = /^processes:[ \t]*['"]?([^'"#\r\n]+)/m.exec(yaml)?.[1]?.trim() ?? 'processes';
  const processes = path.resolve(root, folder);
  if (!fs.existsSync(processes)) return [];
  return fs
    .readdirSync(processes)
    .filter((name) => name.endsWith('.sql') && !name.startsWith('.'))
    .map((name) => nameIn(path.join(processes, name)) ?? path.basename(name, '.sql'))
    .sort();
}

function rootAbove(directory: string): string | undefined {
  if (fs.existsSync(path.join(directory, 'psyberg.yaml'))) return directory;
  const above = path.dirname(directory);
  return above === directory ? undefined : rootAbove(above);
}

function nameIn(file: string): string | undefined {
  const head = Buffer.alloc(HEAD_BYTES);
  const descriptor = fs.openSync(file, 'r');
  try {
    const length = fs.readSync(descriptor, head, 0, HEAD_BYTES, 0);
    return /^process_name:[ \t]*['"]?(\w+)/m.exec(head.toString('utf8', 0, length))?.[1];
  } finally {
    fs.closeSync(descriptor);
  }
}
