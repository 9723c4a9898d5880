// Goal: what `psyberg connect spark` prints runs as it is. Method: a warehouse with rows, its catalog served as
// the snippet says, and PySpark, which is given the snippet and nothing else.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { CANCEL_LOAD, cliJson, makeProject, removeFolders, startCli } from '../../cli/fixture.ts';
import { freePort } from '../../support/free-port.ts';
import { prepareSpark, python } from './spark.ts';

let served: ReturnType<typeof startCli>;
let snippet: string;

beforeAll(async () => {
  await prepareSpark();
  const project = makeProject(CANCEL_LOAD);
  await project.sql(
    'create schema raw',
    'create table raw.cancels (id bigint, ts timestamptz)',
    "insert into raw.cancels values (4711, '2023-09-14 05:00:00Z'), (4712, '2023-09-14 05:10:00Z')",
  );
  expect((await cliJson('run', '--project', project.root)).code).toBe(0);
  const port = await freePort();
  const asked = ['connect', 'spark', '--port', String(port), '--token', 'a-token', '--project', project.root];
  const { json } = await cliJson(...asked);
  snippet = (json as { snippet: string }).snippet;
  served = startCli(['catalog', 'serve', '--port', String(port), '--project', project.root], {
    env: { PSYBERG_CATALOG_TOKEN: 'a-token' },
  });
  await vi.waitUntil(() => served.stdout().includes('"uri"'), { timeout: 30_000 });
});

afterAll(async () => {
  served?.child.kill('SIGTERM');
  await served?.done;
  removeFolders();
});

it('reads the rows, times in UTC', async () => {
  const { stdout } = await promisify(execFile)(python, ['-c', snippet], { maxBuffer: 16 * 1024 * 1024 });
  expect(stdout).toMatch(/\|4711\|2023-09-14 05:00:00\|/);
  expect(stdout).toMatch(/\|4712\|2023-09-14 05:10:00\|/);
});
