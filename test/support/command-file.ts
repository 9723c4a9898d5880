/**
 * The file of the command line that tests start: what is built, as users have it, which also starts in a fifth
 * of the time; the sources where one of them is newer than the build.
 */
import fs from 'node:fs';
import path from 'node:path';

const ROOT = path.join(import.meta.dirname, '../..');
const BUILT = path.join(ROOT, 'dist/cli/main.js');

export const COMMAND_FILE: string = isBuilt() ? BUILT : path.join(ROOT, 'src/cli/main.ts');

function isBuilt(): boolean {
  const built = fs.statSync(BUILT, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const source = path.join(ROOT, 'src');
  return fs
    .readdirSync(source, { recursive: true, encoding: 'utf8' })
    .every((file) => fs.statSync(path.join(source, file)).mtimeMs <= built);
}
