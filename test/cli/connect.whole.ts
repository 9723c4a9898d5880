// Goal: what `psyberg connect` prints runs as it is. Method: a warehouse with rows, its catalog served as the
// snippet says, and the client itself: DuckDB, PyIceberg, Polars. Spark: `test/interop/spark`. Trino is a server
// of 800 MB: of its file the text alone is tested, and it was tried by hand.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { CACHE } from '../interop/install-once.ts';
import { prepareVenv } from '../interop/python.ts';
import { foreignShell } from '../support/foreign-shell.ts';
import { freePort } from '../support/free-port.ts';
import { CANCEL_LOAD, cliJson, makeProject, type Project, removeFolders, startCli } from './fixture.ts';

const run = promisify(execFile);

interface Snippet {
  readonly serve: string;
  readonly snippet: string;
}

let project: Project;
let python: string;
let served: ReturnType<typeof startCli>;
let snippetOf: (client: string) => Promise<Snippet>;

beforeAll(async () => {
  python = await prepareVenv({
    folder: join(CACHE, 'clients-venv'),
    requirements: ['pyiceberg[pyarrow]==0.12.0', 'polars==2.1.0'],
  });
  project = makeProject(CANCEL_LOAD);
  await project.sql(
    'create schema raw',
    'create table raw.cancels (id bigint, ts timestamptz)',
    "insert into raw.cancels values (4711, '2023-09-14 05:00:00Z'), (4712, '2023-09-14 05:10:00Z')",
  );
  expect((await cliJson('run', '--project', project.root)).code).toBe(0);
  const port = await freePort();
  const asked = ['--port', String(port), '--token', 'a-token', '--project', project.root];
  snippetOf = async (client) => {
    const { code, json } = await cliJson('connect', client, ...asked);
    expect(code).toBe(0);
    return json as Snippet;
  };
  const { serve } = await snippetOf('duckdb');
  const [, command = ''] = /^PSYBERG_CATALOG_TOKEN=a-token (?:npx )?psyberg (.*)$/.exec(serve) ?? [];
  expect(command).toBe(`catalog serve --port ${port}`);
  served = startCli([...command.split(' '), '--project', project.root], {
    env: { PSYBERG_CATALOG_TOKEN: 'a-token' },
  });
  await vi.waitUntil(() => served.stdout().includes('"uri"'), { timeout: 30_000 });
}, 600_000);

afterAll(async () => {
  served?.child.kill('SIGTERM');
  await served?.done;
  removeFolders();
});

it('DuckDB reads the rows', async () => {
  const shell = await foreignShell();
  try {
    const { snippet } = await snippetOf('duckdb');
    const results = await shell.run(snippet);
    expect(
      results
        .at(-1)
        ?.rows.map((row) => String(row[0]))
        .sort(),
    ).toEqual(['4711', '4712']);
  } finally {
    shell.close();
  }
}, 60_000);

it.each(['pyiceberg', 'polars'])(
  '%s reads the rows',
  async (client) => {
    const { snippet } = await snippetOf(client);
    const { stdout } = await run(python, ['-c', snippet]);
    expect(stdout).toContain('4711');
    expect(stdout).toContain('4712');
  },
  120_000,
);
