/** Deno for the tests of notebooks: from npm, in `.cache`, once. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CACHE, installOnce } from '../interop/install-once.ts';

const run = promisify(execFile);

/** Later ones lose outputs when no browser is there. */
const DENO = 'deno@2.7.14';

const folder = join(CACHE, 'deno');
/** Where the command `deno` lies. */
export const DENO_BIN = join(folder, 'node_modules', '.bin');

export async function prepareDeno(): Promise<void> {
  const mark = join(folder, `installed-${DENO.replace(/\W+/g, '-')}`);
  await installOnce({
    isInstalled: () => existsSync(mark),
    name: 'deno',
    async install() {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'package.json'), '{ "private": true }');
      await run('npm', ['install', '--no-audit', '--no-fund', DENO], { cwd: folder });
      writeFileSync(mark, '');
    },
  });
}
