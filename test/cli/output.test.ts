// Goal: output that cannot be written, or that nobody reads any more, stops no session and is no success of one that
// failed. Method: the real command, its stdout or stderr a full device, or a pipe whose reader has gone.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { COMMAND_FILE } from '../support/command-file.ts';
import { makeProject, type Project, removeFolders, STACK_TRACE, TABLES } from './fixture.ts';

afterAll(removeFolders);

const FULL = '/dev/full';
const copy = (name: string): string =>
  `/*---\nprocess_name: ${name}\npattern: stateless\nsources: [{ table: raw.signups, event_time: signup_ts, alias: s }]\ntarget: { table: facts.${name} }\n---*/\nselect * from s\n`;
let project: Project;
beforeAll(async () => {
  project = makeProject({ 'processes/a.sql': copy('a'), 'processes/b.sql': copy('b') });
  await project.sql(...TABLES);
});

/** Runs the command; `full`: the descriptor that leads to a full device; `unread`: the one whose reader goes at once. */
function run(
  argv: readonly string[],
  { full, unread }: { readonly full?: 1 | 2; readonly unread?: 1 | 2 },
): Promise<{ readonly code: number | null; readonly stderr: string }> {
  const device = full === undefined ? undefined : openSync(FULL, 'w');
  const at = (descriptor: 1 | 2) => (descriptor === full ? device : 'pipe');
  const child = spawn(process.execPath, [COMMAND_FILE, ...argv, '--project', project.root], {
    stdio: ['ignore', at(1), at(2)],
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  });
  if (unread === 1) child.stdout?.destroy();
  if (unread === 2) child.stderr?.destroy();
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  if (unread !== 1) child.stdout?.resume();
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      if (device !== undefined) closeSync(device);
      resolve({ code, stderr });
    });
  });
}

const land = (id: number) =>
  project.sql(`insert into raw.signups values (${id}, 1, timestamptz '2023-09-14 05:00:00+00')`);
const loaded = () =>
  project.sql('select (select count(*) from facts.a) as a, (select count(*) from facts.b) as b');

it.skipIf(!existsSync(FULL))('a session goes on when its progress cannot be written', async () => {
  await land(1);
  expect(await run(['run', '--verbose'], { full: 2 })).toMatchObject({ code: 0 });
  await land(2);
  expect(await run(['run', '--verbose'], { unread: 2 })).toMatchObject({ code: 0 });
  expect(await loaded()).toEqual([{ a: 2n, b: 2n }]);
});

it('all processes run, and the exit code is theirs, when nobody reads what is printed', async () => {
  await land(3);
  expect(await run(['run', '--jobs', '1'], { unread: 1 })).toMatchObject({ code: 0 });
  expect(await loaded()).toEqual([{ a: 3n, b: 3n }]);
  await project.sql('insert into facts.b select * from facts.b limit 1');
  expect(await run(['verify', 'b'], { unread: 1 })).toMatchObject({ code: 3 });
});

it.skipIf(!existsSync(FULL))('a stdout that is full is told as that, and is no success', async () => {
  await land(4);
  const { code, stderr } = await run(['run', '--json'], { full: 1 });
  expect(stderr).toMatch(/^error: stdout cannot be written: there is no space left\nhint: .*psyberg history/);
  expect([code, stderr]).toEqual([1, expect.not.stringMatching(/nothing was published/)]);
  expect(stderr).not.toMatch(STACK_TRACE);
  expect((await loaded())[0]?.['a']).toBe(4n);
  const wrong = await run(['show', 'c', '--json'], { full: 1 });
  expect([wrong.code, wrong.stderr]).toEqual([
    2,
    expect.stringMatching(/no process 'c'[\s\S]*stdout cannot/),
  ]);
  const query = await run(['sql', 'select 1'], { full: 1 });
  expect([query.code, query.stderr]).toEqual([1, expect.stringMatching(/^error: stdout cannot be written/)]);
});
