// Goal: JupyterLab is started over the project where it is there, and where not it is said how to install it.
// Method: programs of these names that write down how they were called.
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { makeProject, removeFolders, startCli } from './fixture.ts';

afterAll(removeFolders);

const DOWN =
  '#!/bin/sh\necho "$0 $*" >> "$CALLS"\nif [ "$2" = --version ]; then exit 0; fi\necho "$PSYBERG" >> "$CALLS"\n';

function toolsIn(folder: string, names: readonly string[]): string {
  mkdirSync(folder);
  for (const name of names) {
    writeFileSync(join(folder, name), DOWN);
    chmodSync(join(folder, name), 0o755);
  }
  symlinkSync('/bin/sh', join(folder, 'sh'));
  return folder;
}

it('is started in the project, after its kernel was set up', async () => {
  const { root } = makeProject({});
  const tools = toolsIn(join(root, 'tools'), ['deno', 'jupyter']);
  const calls = join(root, 'calls');
  const env = { PATH: tools, CALLS: calls };
  const { code } = await startCli(['notebook', '--project', root], { env }).done;
  expect(code).toBe(0);
  const lines = readFileSync(calls, 'utf8').replaceAll(`${tools}/`, '').split('\n');
  expect(lines.filter((line) => /^(deno|jupyter) /.test(line))).toEqual([
    'deno --version',
    'jupyter lab --version',
    "deno eval import.meta.resolve('psyberg')",
    'deno jupyter --install',
    `jupyter lab ${root}`,
  ]);
  expect(lines.at(-2)).toMatch(/^'.*node' '.*main\.(js|ts)'$/);
}, 60_000);

it('says what to install where it is missing', async () => {
  const { root } = makeProject({});
  const env = { PATH: toolsIn(join(root, 'tools'), []) };
  const { code, stderr } = await startCli(['notebook', '--project', root], { env }).done;
  expect(code).toBe(2);
  expect(stderr).toContain('JupyterLab and Deno cannot be found here');
  expect(stderr).toContain('pip install jupyterlab && npm install --save-dev --save-exact deno@2.7.14');
}, 60_000);
