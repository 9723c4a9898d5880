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
  `/*---\nprocess_name: ${name}\npattern: stateless\nsources: [{ table: raw.signups, event_time: signup_ts, alias: s }]\ntarget: { table: facts.${name}, event_time: signup_ts }\n---*/\nselect * from s\n`;
const A_TEST = `tests:
  - name: rows are copied
    process: a
    arrivals:
      - rows: { raw.signups: [{ event_id: 1, account_id: 1, signup_ts: 2023-09-14T05:30:00Z }] }
        expect: { rows: [{ event_id: 1 }] }
`;
let project: Project;
beforeAll(async () => {
  project = makeProject({
    'processes/a.sql': copy('a'),
    'processes/b.sql': copy('b'),
    'tests/a.yaml': A_TEST,
  });
  await project.sql(...TABLES);
});

/** Runs the command; `full`: the descriptor that leads to a full device; `unread`: the one whose reader goes at once. */
function run(
  argv: readonly string[],
  {
    full,
    unread,
    input,
  }: { readonly full?: 1 | 2; readonly unread?: 1 | 2; readonly input?: string | undefined },
): Promise<{ readonly code: number | null; readonly stderr: string }> {
  const device = full === undefined ? undefined : openSync(FULL, 'w');
  const at = (descriptor: 1 | 2) => (descriptor === full ? device : 'pipe');
  const child = spawn(process.execPath, [COMMAND_FILE, ...argv, '--project', project.root], {
    stdio: [input === undefined ? 'ignore' : 'pipe', at(1), at(2)],
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  });
  // More lines may come: the input is not ended.
  child.stdin?.on('error', () => {}).write(input);
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

const GOES_ON: readonly { readonly command: string; readonly input?: string }[] = [
  { command: 'test --watch' },
  { command: 'signals --follow' },
  { command: 'catalog serve' },
  { command: 'report --serve --port 0' },
  { command: 'sql', input: 'select 1;\nselect 2;\n' },
];
it.each(GOES_ON)('$command ends when its output is lost', async ({ command, input }) => {
  const argv = command.split(' ');
  const unread = await run(argv, { unread: 1, input });
  expect([unread.code, unread.stderr]).toEqual([
    input === undefined ? 0 : 1,
    expect.not.stringMatching(STACK_TRACE),
  ]);
  if (!existsSync(FULL)) return;
  const full = await run(argv, { full: 1, input });
  expect(full).toEqual({
    code: 1,
    stderr: expect.stringMatching(/error: stdout cannot be written: there is no/),
  });
  expect(full.stderr).not.toMatch(STACK_TRACE);
});
