// Goal: `plan diff` and the formats of `plan` from the command line. Method: the real command over files of plans;
// no project is opened.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsonText } from '../../src/report/json-text.ts';
import { planOf } from '../support/session-data.ts';
import { cli, cliJson, removeFolders, temporaryFolder } from './fixture.ts';

afterAll(removeFolders);

describe('plan diff', () => {
  let [from, to, broken] = ['', '', ''];
  beforeAll(() => {
    const folder = temporaryFolder();
    [from, to, broken] = ['from.json', 'to.json', 'broken.json'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    const plan = (hours: readonly number[]) =>
      jsonText({
        plans: [planOf({ pattern: 'stateful', completeTo: 5, sources: { c: { added: hours, vtts: 6 } } })],
      });
    writeFileSync(from, plan([3]));
    writeFileSync(to, plan([3, 7]));
    writeFileSync(broken, '{"plans": [{}]}');
  });

  it('tells what differs, to people, to programs and to a pull request', async () => {
    const text = await cli('plan', 'diff', from, to);
    expect([text.code, text.stderr]).toEqual([0, '']);
    expect(text.stdout).toMatch(/^some_load\n.* {2}owed \+ +1 hour: 2023-09-14 07h$/ms);
    const { code, json } = await cliJson('plan', 'diff', from, to);
    expect([code, json]).toMatchObject([
      0,
      {
        from,
        to,
        processes: [
          {
            process_name: 'some_load',
            change: 'changed',
            owed_hours: { added: ['2023-09-14T07:00:00Z'], removed: [] },
            sql: null,
          },
        ],
      },
    ]);
    const markdown = await cli('plan', 'diff', from, to, '--format', 'markdown');
    expect(markdown.stdout).toContain('- owed +: 1 hour: 2023-09-14 07h');
  });

  it('refuses what is no file of plans, and a format that it does not know', async () => {
    for (const [argv, message] of [
      [['diff', from, broken], /broken\.json is no plan file/],
      [['diff', from], /missing required argument 'to'/],
      [['diff', from, to, '--format', 'html'], /--format is text or markdown, found 'html'/],
      [['--format', 'html'], /--format is text or markdown, found 'html'/],
    ] as const) {
      const { code, stderr } = await cli('plan', ...argv);
      expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
    }
    expect((await cli('plan', '--format', 'json')).stderr).toMatch(/hint: .*: psyberg plan --json$/m);
  });
});
