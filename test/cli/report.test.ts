// Goal: the report is written where it is asked for, and what cannot be asked for is told. Method: the command
// line on a project that has never run.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { CANCEL_LOAD, cli, cliJson, makeProject, removeFolders } from './fixture.ts';

afterAll(removeFolders);

it('is one file, or JSON; --since and --out that cannot be are told', async () => {
  const { root } = makeProject(CANCEL_LOAD);
  const at = ['--project', root];
  const file = join(root, 'out.html');
  const written = await cli('report', '--out', file, ...at);
  expect([written.code, written.stdout]).toEqual([
    0,
    expect.stringMatching(/^.*out\.html: 1 process, 0 sources, 0 sessions\ncancel_load: never run\n$/),
  ]);
  expect(readFileSync(file, 'utf8')).toMatch(/^<!doctype html>[\s\S]*data-panel="processes" data-items="1"/);
  const both = join(root, 'both.html');
  expect((await cliJson('report', '--out', both, ...at)).json).toMatchObject({ report_version: 1 });
  expect(readFileSync(both, 'utf8')).toMatch(/^<!doctype html>/);
  const { code, json } = await cliJson('report', '--since', '30d', ...at);
  expect([code, json]).toMatchObject([0, { report_version: 1, sessions: [], problems: [] }]);
  expect((json as { since: string }).since).toMatch(/^\d{4}-\d\d-\d\dT/);
  for (const [argv, message] of [
    [['--since', 'lately'], "--since is a span of time or a date, found 'lately'"],
    [['--out', join(root, 'no', 'x.html')], 'cannot be written: its folder does not exist'],
  ] as const) {
    const refused = await cli('report', ...argv, ...at);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(message);
  }
}, 60_000);
