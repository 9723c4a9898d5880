// Goal: `psyberg fmt` changes what it can vouch for, and says of the rest where and why. Method: the real command
// line over a project with good, bad and odd files.
import {
  chmodSync,
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { cli, cliJson, makeProject, removeFolders, startCli, temporaryFolder } from './fixture.ts';

afterAll(removeFolders);

const HEADER =
  '/*---\nprocess_name: a_load\npattern: stateless\nsources:\n  - table: raw.a\ntarget:\n  table: facts.a\n---*/\n';
const FILES = {
  'processes/a_load.sql': `${HEADER}SELECT a,b as c FROM a -- all of them\n`,
  'processes/broken.sql': `${HEADER}select a,\nfrom )\n`,
  'audits/good.sql': 'select *\nfrom staged\n',
  'macros/day.sql': 'create macro   day_of(ts) as ts::date',
  'tables/raw/a.sql': 'create table raw.a (a int,  b int)\n',
  'tests/a.yaml': 'tests:\n- name: one\n  process: a_load\n  arrivals: [{at: 2023-09-14T05:00:00Z}]\n',
  'tests/broken.yaml': 'tests:\n  - name: "open\n',
} as const;

describe('fmt', () => {
  it('formats every file of the project that it can, and names the place of what is wrong in the others', async () => {
    const { root } = makeProject(FILES);
    const read = (file: string): string => readFileSync(join(root, file), 'utf8');
    chmodSync(join(root, 'processes/a_load.sql'), 0o640);
    const checked = await startCli(['fmt', '--check'], { cwd: root }).done;
    // One cannot be read, which comes before those that would change.
    expect(checked.code).toBe(2);
    expect(checked.stdout).toContain('would change  processes/a_load.sql\n');
    for (const [file, text] of Object.entries(FILES)) expect(read(file)).toBe(text);

    const { code, stdout, stderr } = await startCli(['fmt'], { cwd: root }).done;
    expect(code).toBe(2);
    expect(stdout.split('\n')).toEqual([
      'formatted     processes/a_load.sql',
      'processes/broken.sql:10:6: error text-not-parsed syntax error at or near ")"',
      'formatted     macros/day.sql',
      'formatted     tables/raw/a.sql',
      'formatted     tests/a.yaml',
      expect.stringMatching(/^tests\/broken\.yaml:\d+:\d+: error text-not-parsed not valid YAML: /),
      '',
    ]);
    expect(stderr).toBe('8 files: 4 formatted, 2 not formatted\n');
    expect(read('processes/a_load.sql')).toBe(`${HEADER}select a,\n       b as c\nfrom a -- all of them\n`);
    expect(statSync(join(root, 'processes/a_load.sql')).mode & 0o777).toBe(0o640);
    expect(read('processes/broken.sql')).toBe(FILES['processes/broken.sql']);
    expect(read('macros/day.sql')).toBe('create macro day_of(ts) as ts::date\n');
    expect(readdirSync(join(root, 'processes')).sort()).toEqual(['a_load.sql', 'broken.sql']);
  });

  it('--check tells by its exit code whether something would change', async () => {
    const { root } = makeProject({ 'processes/a_load.sql': FILES['processes/a_load.sql'] });
    const file = join(root, 'processes/a_load.sql');
    const first = await cliJson('fmt', '--check', file);
    expect(first).toMatchObject({
      code: 3,
      json: { files: [{ file, status: 'would-change', problem: null }] },
    });
    expect(await cliJson('fmt', file)).toMatchObject({ code: 0, json: { files: [{ status: 'formatted' }] } });
    expect(await cliJson('fmt', '--check', root)).toMatchObject({
      code: 0,
      json: { files: [{ status: 'unchanged' }, { status: 'unchanged' }] },
    });
  });

  it('keeps links, and says of names that it cannot take why', async () => {
    const { root } = makeProject({ 'processes/a_load.sql': FILES['processes/a_load.sql'] });
    const [file, elsewhere] = [join(root, 'processes/a_load.sql'), join(temporaryFolder(), 'real.sql')];
    renameSync(file, elsewhere);
    symlinkSync(elsewhere, file);
    expect((await cli('fmt', file)).code).toBe(0);
    expect(lstatSync(file).isSymbolicLink()).toBe(true);
    expect(readFileSync(elsewhere, 'utf8')).toContain('select a,\n');
    const { code, stdout } = await cli('fmt', join(root, 'no.sql'), join(root, 'psyberg.txt'));
    expect([code, stdout]).toEqual([
      2,
      `${join(root, 'no.sql')}:1:1: error file-not-readable there is no such file\n${join(root, 'psyberg.txt')}:1:1: error file-not-readable only .sql, .yaml and .yml are formatted\n`,
    ]);
    const bytes = Buffer.from('-- café\nSELECT 1', 'latin1');
    writeFileSync(file, bytes);
    const latin1 = await cli('fmt', file);
    expect([latin1.code, latin1.stdout]).toEqual([
      2,
      `${file}:1:7: error file-not-readable the byte 0xe9 is not UTF-8\n`,
    ]);
    expect(readFileSync(file)).toEqual(bytes);
  });

  it('- formats stdin for an editor, and gives back what it cannot format', async () => {
    const run = (input: string, ...more: string[]) => startCli(['fmt', '-', ...more], { input }).done;
    expect(await run('SELECT 1')).toMatchObject({ code: 0, stdout: 'select 1\n', stderr: '' });
    expect(await run('SELECT 1', '--check')).toMatchObject({ code: 3, stdout: '' });
    expect(await run('select (')).toMatchObject({
      code: 2,
      stdout: 'select (',
      stderr: 'stdin:1:9: error text-not-parsed syntax error at end of input\n',
    });
  });
});
