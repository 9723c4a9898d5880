// Goal: `show` and `compile` say what is wrong with what they are given, before they open anything. Method: the
// command line, on a project whose tables nobody has made.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cli, cliJson, makeProject, PROCESSES, type Project, removeFolders } from './fixture.ts';

afterAll(removeFolders);

let project: Project;
beforeAll(() => {
  project = makeProject(PROCESSES);
});
const json = (...argv: string[]) => cliJson(...argv, '--project', project.root);

describe('psyberg show and compile', () => {
  it.each([
    [['show', 'signup_load', '--hours', 'today'], 'hours-invalid', /2023-09-14T05\.\.2023-09-14T07/],
    [['show', 'signup_load', '--var', 'days=1'], 'project-invalid', /places named above/],
    [['compile', '--var', 'days=1'], 'project-invalid', /places named above/],
    [['catalog', 'serve', '--hours', '2023-09-14'], 'usage', /--session PROCESS/],
  ])('%j: %s, exit 2', async (argv, code, hint) => {
    const { code: exit, json: found } = await json(...argv);
    expect([exit, found]).toMatchObject([2, { error: { code, hint: expect.stringMatching(hint) } }]);
  });

  it('does not overwrite a file of somebody else, and writes none of the others then', async () => {
    project.write('out/cancel_load.audit.sql', 'select 1;\n');
    const { code, stderr } = await cli(
      'compile',
      '--out',
      join(project.root, 'out'),
      '--project',
      project.root,
    );
    expect([code, stderr]).toEqual([2, expect.stringMatching(/cancel_load\.audit\.sql exists, and was not/)]);
    expect(readFileSync(join(project.root, 'out/cancel_load.audit.sql'), 'utf8')).toBe('select 1;\n');
    expect(existsSync(join(project.root, 'out/signup_load.load.sql'))).toBe(false);
  });
});
