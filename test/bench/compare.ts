/**
 * `npm run bench -- compare REV`: the cold commands of another revision beside those of this clone, turn
 * about in one run. REV -> lines.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { coldBench, THIS_CLONE } from './cold.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');

/** Builds the revision with the packages of this clone. Throws what git or the build says. */
export async function compareWith(revision: string): Promise<string[]> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'psyberg-revision-'));
  const git = (...words: readonly string[]): string =>
    execFileSync('git', ['-C', ROOT, ...words], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const name = git('rev-parse', '--short', `${revision}^{commit}`).trim();
  git('worktree', 'add', '--detach', folder, name);
  try {
    fs.symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
    execFileSync(process.execPath, [path.join(folder, 'src', 'setup', 'build.mjs')], { stdio: 'ignore' });
    const other = { name: `revision ${name}`, main: path.join(folder, 'dist', 'cli', 'main.js') };
    return await coldBench([THIS_CLONE, other]);
  } finally {
    git('worktree', 'remove', '--force', folder);
  }
}
