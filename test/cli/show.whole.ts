// Goal: `show`, `compile` and `catalog serve --session` work together as a person uses them. Method: the command
// line; what it compiles is run by a DuckDB of this process over the catalog of another one.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ForeignShell, foreignShell } from '../support/foreign-shell.ts';
import {
  cancels,
  cli,
  cliJson,
  makeProject,
  PROCESSES,
  type Project,
  removeFolders,
  requests,
  signups,
  startCli,
  TABLES,
} from './fixture.ts';

let project: Project;
let shell: ForeignShell;
beforeAll(async () => {
  project = makeProject(PROCESSES);
  await project.sql(...TABLES, signups(5, 3), cancels(5, 4), requests(5, 1));
  shell = await foreignShell();
});
afterAll(() => {
  shell.close();
  removeFolders();
});
const run = (...argv: string[]) => cli(...argv, '--project', project.root);

/** Serves as long as `work` takes. */
async function served<T>(
  argv: readonly string[],
  work: (address: Record<string, string>) => Promise<T>,
): Promise<T> {
  const { child, done, stdout } = startCli(['catalog', 'serve', ...argv, '--project', project.root]);
  while (!stdout().includes('\n')) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    if (child.exitCode !== null) throw new Error((await done).stderr);
  }
  try {
    return await work(JSON.parse(stdout()) as Record<string, string>);
  } finally {
    child.kill('SIGTERM');
    expect((await done).code).toBe(0);
  }
}

describe('the command line', () => {
  it('shows rows as a table, with what they are on stderr', async () => {
    const { code, stdout, stderr } = await run('show', 'cancel_load', '--limit', '2');
    expect([code, stdout.trimEnd().split('\n')]).toEqual([
      0,
      [
        expect.stringMatching(/^┌─+┬/),
        '│ event_id │ account_id │ cancel_ts            │ voluntary │',
        expect.stringMatching(/^│ +BIGINT │/),
        expect.stringMatching(/^├─+┼/),
        expect.stringMatching(/^│ +500\d │ +\d │ 2023-09-14T05:00:0\dZ │ (true|false) +│$/),
        expect.stringMatching(/^│ +500\d │/),
        expect.stringMatching(/^└─+┴/),
        'the first 2 rows; there are more',
      ],
    ]);
    expect(stderr).toBe('the next session of cancel_load: 2023-09-14T05\n');
  });

  it('gives programs columns and rows', async () => {
    const { code, json } = await cliJson(
      'show',
      'signup_load',
      '--hours',
      '2023-09-14',
      '--project',
      project.root,
    );
    expect([code, json]).toMatchObject([
      0,
      {
        columns: [
          { name: 'event_id', type: 'BIGINT' },
          { name: 'account_id', type: 'BIGINT' },
          { name: 'signup_ts', type: 'TIMESTAMP WITH TIME ZONE' },
        ],
        rows: [{ event_id: '5000', account_id: '0', signup_ts: '2023-09-14T05:00:00Z' }, {}, {}],
        process_name: 'signup_load',
        status: 'work',
        has_more: false,
      },
    ]);
  });

  it('compiles to files that run beside the served session, over and over', async () => {
    const out = join(project.root, 'compiled');
    for (let time = 0; time < 2; time += 1) {
      const { code, stdout } = await run('compile', 'cancel_load', '--out', out);
      expect([code, stdout]).toEqual([
        0,
        `${join(out, 'cancel_load.load.sql')}\n${join(out, 'cancel_load.audit.sql')}\n`,
      ]);
    }
    await served(['--session', 'cancel_load', '--token', 'secret'], async (address) => {
      expect(address).toMatchObject({ token: 'secret', warehouse: 'session@cancel_load' });
      await shell.run(address['attach'] as string);
      for (let time = 0; time < 2; time += 1) {
        const load = await shell.run(readFileSync(join(out, 'cancel_load.load.sql'), 'utf8'));
        expect(load.at(-1)?.rows.length).toBe(4);
        const audit = await shell.run(readFileSync(join(out, 'cancel_load.audit.sql'), 'utf8'));
        expect(audit.at(-1)?.rows).toEqual([]);
      }
      await shell.run('detach psyberg_session');
    });
  });

  it('prints texts that begin with what they are', async () => {
    const { stdout } = await run('compile', 'signup_load');
    expect(stdout.split('\n').slice(0, 3)).toEqual([
      '-- psyberg compile signup_load: load',
      '-- The next session: the rows of new files;',
      '-- a load adds its rows to facts.signup (stateless).',
    ]);
  });
});
