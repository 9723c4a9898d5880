// Goal: the first commands of a newcomer work as they are printed. Method: the line after "next:" goes to a
// shell, in which `psyberg` is the command under test.
import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { nodeComplaint } from '../../src/model/node-version.ts';
import { COMMAND_FILE } from '../support/command-file.ts';
import { errorDocument } from './contract-schemas.ts';
import { cli, removeFolders, startCli, temporaryFolder } from './fixture.ts';

afterAll(removeFolders);

it('new project: what comes next seeds and runs it, also in a folder of an odd name', async () => {
  const home = temporaryFolder();
  const bin = join(home, 'bin');
  mkdirSync(bin);
  writeFileSync(join(bin, 'psyberg'), `#!/bin/sh\nexec '${process.execPath}' '${COMMAND_FILE}' "$@"\n`, {
    mode: 0o755,
  });
  const made = await startCli(['new', 'project', "it's new"], { cwd: home }).done;
  const [, next = ''] = /^next: (.+)$/m.exec(made.stderr) ?? [];
  const { stdout } = await promisify(execFile)('sh', ['-ec', next], {
    cwd: home,
    env: { ...process.env, PATH: `${bin}:${process.env['PATH']}` },
  });
  expect(stdout).toMatch(/event_fact_load +published .*360 rows read/);
  expect(stdout).toMatch(/event_count_load +published/);
  const root = join(home, "it's new");
  const sqlFile = join(root, 'two.sql');
  writeFileSync(
    sqlFile,
    'create table raw.two (a int);\n-- twice\ninsert into raw.two values (1), (2);\nselect sum(a) as a from raw.two\n',
  );
  expect((await cli('sql', '--file', sqlFile, '--format', 'csv', '--project', root)).stdout).toMatch(
    /^a\n3\n/m,
  );
}, 120_000);

it('sql: two statements, or a file that is not there, is one clear error', async () => {
  for (const [argv, message] of [
    [['select 1', '--file', 'x.sql'], 'a statement and a file were given'],
    [['--file', 'nowhere.sql'], 'nowhere.sql cannot be read: there is no such file'],
  ] as const) {
    const { code, stderr } = await cli('sql', ...argv);
    expect([code, stderr.split('\n')[0]]).toEqual([2, `error: ${message}`]);
  }
});

it('a Node that is too old is told so, as JSON where that is asked for', () => {
  const old = "data:text/javascript,Object.defineProperty(process.versions,'node',{value:'20.1.0'})";
  const on = (...argv: string[]) =>
    spawnSync(process.execPath, ['--import', old, COMMAND_FILE, ...argv], { encoding: 'utf8' });
  const text = on('plan');
  expect([text.status, text.stdout]).toEqual([2, '']);
  expect(text.stderr).toMatch(/^error: psyberg needs Node 22\.13 or newer, found 20\.1\.0\nhint: .*node@24/);
  const json = on('plan', '--json');
  expect([json.status, json.stderr]).toEqual([2, '']);
  expect(errorDocument.parse(JSON.parse(json.stdout)).error.code).toBe('node-too-old');
});

it('a Node that is too old is told so, by its version', () => {
  expect(nodeComplaint('20.20.2')).toBe('psyberg needs Node 22.13 or newer, found 20.20.2');
  expect(nodeComplaint('22.12.9')).toMatch(/22\.13/);
  for (const version of ['22.13.0', '24.0.0', '30.1.2']) expect(nodeComplaint(version)).toBeUndefined();
});
