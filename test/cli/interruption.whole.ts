// Goal: Ctrl-C and a scheduler's stop leave the old state. Method: a statement that takes minutes, a signal
// in the middle of it.
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
] as const)(
  'stops a run on %s with exit code %i, and leaves no branch, no table and no folder',
  async ([signal, code]) => {
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
    expect(
      await project.sql("select count(*) as tables from (show all tables) where schema = 'facts'"),
    ).toEqual([{ tables: 0n }]);
    project.write('processes/signup_load.sql', PROCESSES['processes/signup_load.sql']);
    expect((await cliJson('run', '--project', project.root)).code).toBe(0);
    expect(await project.sql('select count(*) as rows from facts.signup')).toEqual([{ rows: 10n }]);
  },
);

it('stops maintenance on SIGINT with exit code 130, in the middle of a statement, and leaves the table and its files as they were', async () => {
  const project = makeProject(PROCESSES);
  // Text that does not compress: putting the files together takes seconds.
  const land =
    'insert into raw.texts select i as id, md5(i::varchar) || md5((i * 7)::varchar) as text from range(1500000) as t(i)';
  await project.sql(
    'create schema if not exists raw',
    'create table raw.texts (id bigint, text varchar)',
    land,
    land,
  );
  const data = join(project.root, 'warehouse', 'raw', 'texts', 'data');
  const before = readdirSync(data, { recursive: true }).sort();
  const run = startCli([
    'maintain',
    'raw.texts',
    '--only',
    'compact',
    '--verbose',
    '--project',
    project.root,
  ]);
  // The new file is begun: DuckDB is at work on it.
  await until(() => readdirSync(data, { recursive: true }).length > before.length);
  const atMs = performance.now();
  run.child.kill('SIGINT');
  const { code, stderr, stdout } = await run.done;
  expect(code).toBe(130);
  expect(stderr).toContain('interrupted: cleaning up');
  expect(stdout).toContain('interrupted');
  // Not a measure of speed: the statement would have gone on for much longer.
  expect(performance.now() - atMs).toBeLessThan(20_000);
  expect(readdirSync(data, { recursive: true }).sort()).toEqual(before);
  expect(readdirSync(join(project.root, 'warehouse', '.psyberg', 'sessions'))).toEqual([]);
  const [row] = await project.sql('select count(*) as n, count(distinct id) as ids from raw.texts');
  expect(row).toEqual({ n: 3_000_000n, ids: 1_500_000n });
  const after = await cliJson('maintain', 'raw.texts', '--only', 'compact', '--project', project.root);
  expect(after).toMatchObject({
    code: 0,
    json: { tables: [{ compacted: { files_after: 1, rows: '3000000' } }] },
  });
}, 120_000);

it('stops tests in all threads that play them on SIGINT with exit code 130', async () => {
  const test = (number: number): string => `  - name: number ${number}
    process: signup_load
    arrivals:
      - rows: { raw.signups: [{ event_id: 1, account_id: 1, signup_ts: 2023-09-14T05:30:00Z }] }
`;
  const project = makeProject({
    'processes/signup_load.sql': SLOW,
    'tables/raw/signups.sql':
      'create table raw.signups (event_id bigint, account_id bigint, signup_ts timestamptz);\n',
    'tests/many.yaml': `tests:\n${Array.from({ length: 8 }, (_, number) => test(number)).join('')}`,
  });
  const run = startCli(['test', '--verbose', '--project', project.root]);
  await until(() => run.stderr().includes('tests: play'));
  // Long enough for the other thread to be at work; what it plays would take minutes.
  await new Promise((resolve) => setTimeout(resolve, 2000));
  expect(run.child.exitCode).toBeNull();
  run.child.kill('SIGINT');
  expect(await run.done).toMatchObject({ code: 130, stdout: '' });
}, 60_000);

it('serves the catalog until it is stopped, and then ends with exit code 0', async () => {
  const project = makeProject(PROCESSES);
  await project.sql(...TABLES);
  // Not as an argument, which everybody on the machine can read.
  const server = startCli(['catalog', 'serve', '--project', project.root], {
    env: { PSYBERG_CATALOG_TOKEN: 'let-me-in' },
  });
  await until(() => server.stdout().includes('\n'));
  const ready = JSON.parse(server.stdout()) as { uri: string; token: string; warehouse: string };
  expect(ready).toEqual({
    uri: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    token: 'let-me-in',
    warehouse: 'psyberg',
  });
  const answer = await fetch(`${ready.uri}/v1/namespaces`, {
    headers: { authorization: `Bearer ${ready.token}` },
  });
  expect(await answer.json()).toMatchObject({ namespaces: expect.arrayContaining([['raw']]) });
  expect((await fetch(`${ready.uri}/v1/namespaces`)).status).toBe(401);
  server.child.kill('SIGTERM');
  expect((await server.done).code).toBe(0);
});
