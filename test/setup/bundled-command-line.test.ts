// Goal: the command of dist/ starts with the code that was compiled before, and runs all the same where that
// cannot be kept or is broken. Method: the loader beside a bundle of two files, in programs of their own.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

const LOADER = path.join(import.meta.dirname, '../../src/setup/bundled-command-line.mjs');

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'psyberg-bundle-test-'));
  const loader = fs.readFileSync(LOADER, 'utf8').replace('BUNDLED_COMMAND_LINE', 'entry-1.cjs');
  fs.writeFileSync(path.join(folder, 'loader.mjs'), loader);
  fs.writeFileSync(
    path.join(folder, 'main.mjs'),
    "import { runCommandLine } from './loader.mjs';\nprocess.exit(await runCommandLine(process.argv.slice(2)));\n",
  );
  fs.writeFileSync(
    path.join(folder, 'entry-1.cjs'),
    `const { basename } = require('node:path');
exports.runCommandLine = async (argv) => {
  if (argv.includes('more')) require('./more-1.cjs').more();
  console.log('here is', basename(__filename), '\\u00e9');
  return argv.includes('wrong') ? 2 : 3;
};\n`,
  );
  fs.writeFileSync(path.join(folder, 'more-1.cjs'), "exports.more = () => console.log('more');\n");
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

function run(...argv: string[]): { status: number | null; stdout: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [path.join(folder, 'main.mjs'), ...argv], {
    encoding: 'utf8',
    env: { ...process.env, TMPDIR: path.join(folder, 'tmp') },
  });
  expect(stderr).toBe('');
  return { status, stdout };
}
const ENDED = { status: 3, stdout: 'here is entry-1.cjs é\n' };
const codeOf = (command: string): string[] => {
  const place = path.join(folder, '.code', `node-${process.version}`, command);
  return fs.existsSync(place) ? fs.readdirSync(place).sort() : [];
};

it('keeps what was compiled for each command by itself', () => {
  expect(run('status')).toEqual(ENDED);
  expect(codeOf('status')).toEqual(['entry-1.cjs.code']);
  expect(codeOf('run')).toEqual([]);
  expect(run('status')).toEqual(ENDED);
  expect(codeOf('status')).toEqual(['entry-1.cjs.code']);
});

it('adds the files of which a command needs more', () => {
  run('status');
  expect(run('status', 'more').stdout).toBe('more\nhere is entry-1.cjs é\n');
  expect(codeOf('status')).toEqual(['entry-1.cjs.code', 'more-1.cjs.code']);
});

it('runs by the text where the code is broken, and makes it anew', () => {
  run('status');
  const code = path.join(folder, '.code', `node-${process.version}`, 'status', 'entry-1.cjs.code');
  const whole = fs.readFileSync(code).length;
  for (const broken of [Buffer.alloc(0), Buffer.from('no code'), fs.readFileSync(code).subarray(0, 100)]) {
    fs.writeFileSync(code, broken);
    expect(run('status')).toEqual(ENDED);
    expect(fs.readFileSync(code).length).toBe(whole);
  }
});

it('keeps it in a folder of this user where that of the package takes nothing', () => {
  fs.writeFileSync(path.join(folder, '.code'), '');
  const ofUser = path.join(folder, 'tmp', `psyberg-code-${process.getuid?.()}`);
  expect(run('status')).toEqual(ENDED);
  expect(fs.readdirSync(ofUser)).toEqual([`node-${process.version}`]);
  fs.rmSync(ofUser, { recursive: true });
  // One in which somebody else could put code of their own.
  fs.mkdirSync(ofUser);
  fs.chmodSync(ofUser, 0o777);
  expect(run('status')).toEqual(ENDED);
  expect(fs.readdirSync(ofUser)).toEqual([]);
});

it('takes a word of the command line for a folder only where it is a command', () => {
  expect(run('../../elsewhere').status).toBe(3);
  expect(codeOf('none')).toEqual(['entry-1.cjs.code']);
  run('--project', 'lake', 'history');
  expect(codeOf('history')).toEqual(['entry-1.cjs.code']);
  expect(run('statsu', 'wrong').status).toBe(2);
  expect(fs.readdirSync(path.join(folder, '.code', `node-${process.version}`)).sort()).toEqual([
    'history',
    'none',
  ]);
});

it('loads the library of DuckDB for no command that does without', () => {
  const watch = path.join(folder, 'watch.cjs');
  fs.writeFileSync(
    watch,
    `const open = process.dlopen;
process.dlopen = (module, file, ...more) => {
  console.log('loads', require('node:path').basename(file));
  return open.call(process, module, file, ...more);
};\n`,
  );
  const main = path.join(import.meta.dirname, '../../dist/cli/main.js');
  const loadedBy = (...argv: string[]): string[] => {
    const { stdout } = spawnSync(process.execPath, ['--require', watch, main, ...argv], { encoding: 'utf8' });
    return stdout.split('\n').filter((line) => line.startsWith('loads'));
  };
  expect(loadedBy('--version')).toEqual([]);
  const project = path.join(folder, 'project');
  expect(loadedBy('new', 'project', project)).toEqual([]);
  expect(loadedBy('status', '--project', project)).toEqual([]);
  // What is watched for is there.
  expect(loadedBy('sql', '--project', project, 'select 1')).toEqual(['loads duckdb.node']);
});

it.skipIf((process.umask() & 0o055) !== 0)('can be read by others than who built it', () => {
  const dist = path.join(import.meta.dirname, '../../dist');
  expect(fs.statSync(dist).mode & 0o055).toBe(0o055);
});
