// Goal: Ctrl-C and a scheduler's stop leave the old state. Method: a statement that takes minutes, a signal in the middle of it.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { cliJson, makeProject, PROCESSES, removeFolders, signups, startCli, TABLES } from './fixture.ts';

afterAll(removeFolders);

const SLOW = PROCESSES['processes/signup_load.sql'].replace(
  'from signups',
  'from signups where (select count(*) from range(900000) a, range(900000) b where a.range + b.range = 7) > -1',
);

async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 20));
}

it.for([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('stops a run on %s with exit code %i, and leaves no branch, no table and no folder', async ([signal, code]) => {
  const project = makeProject({ 'processes/signup_load.sql': SLOW });
  await project.sql(...TABLES, signups(0, 10));
  const run = startCli(['run', '--verbose', '--project', project.root]);
  await until(() => run.stderr().includes('load insert'));
  await new Promise((resolve) => setTimeout(resolve, 200));
  run.child.kill(signal);
  const result = await run.done;
  expect(result.code).toBe(code);
  expect(result.stderr).toContain('interrupted: cleaning up');
  expect(result.stdout).toContain('the run was interrupted');
  const sessions = join(project.root, 'warehouse', '.psyberg', 'sessions');
  expect(existsSync(sessions) ? readdirSync(sessions) : []).toEqual([]);
  expect(await project.sql("select count(*) as tables from (show all tables) where schema = 'facts'")).toEqual([{ tables: 0n }]);
  project.write('processes/signup_load.sql', PROCESSES['processes/signup_load.sql']);
  expect((await cliJson('run', '--project', project.root)).code).toBe(0);
  expect(await project.sql('select count(*) as rows from facts.signup')).toEqual([{ rows: 10n }]);
});

it('serves the catalog until it is stopped, and then ends with exit code 0', async () => {
  const project = makeProject(PROCESSES);
  await project.sql(...TABLES);
  const server = startCli(['catalog', 'serve', '--token', 'let-me-in', '--project', project.root]);
  await until(() => server.stdout().includes('\n'));
  const ready = JSON.parse(server.stdout()) as { uri: string; token: string; warehouse: string };
  expect(ready).toEqual({ uri: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/), token: 'let-me-in', warehouse: 'psyberg' });
  const answer = await fetch(`${ready.uri}/v1/namespaces`, { headers: { authorization: `Bearer ${ready.token}` } });
  expect(await answer.json()).toMatchObject({ namespaces: expect.arrayContaining([['raw']]) });
  expect((await fetch(`${ready.uri}/v1/namespaces`)).status).toBe(401);
  server.child.kill('SIGTERM');
  expect((await server.done).code).toBe(0);
});
