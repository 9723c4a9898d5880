// Goal: only tests of processes that an engine outside works on lie where that sees them; the others of the same
// project lie in memory. Method: a project with both kinds, where the folder that all see is not there.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { readProject } from '../../src/project/read-project.ts';
import { openSandbox } from '../../src/testing/world/sandbox.ts';
import { cancel, makeTestProject, processText, testText } from './project.ts';

const sql = 'select event_id, cancel_ts from cancels';
const both = {
  'processes/here_load.sql': processText('here_load', { sql }),
  'processes/there_load.sql': processText('there_load', { sql, more: 'engine: spark\n' }),
};

it.skipIf(!existsSync('/dev/shm'))('a test of DuckDB beside a process of Spark lies in memory', async () => {
  const project = makeTestProject({
    ...both,
    'tests/here.yaml': `tests:\n${testText('here', 'here_load', [{ 'raw.cancels': [cancel(1, 5)] }])}`,
  });
  vi.stubEnv('TMPDIR', join(project.root, 'nowhere'));
  const report = await project.run().finally(() => vi.unstubAllEnvs());
  expect(report.tests).toMatchObject([{ name: 'here', status: 'passed', error: null }]);
});

it('one of Spark lies where Spark sees it', async () => {
  const { root } = makeTestProject(both);
  const project = readProject({ root });
  vi.stubEnv('TMPDIR', root);
  const sandbox = await openSandbox(project, {
    processes: project.processes.filter(({ processName }) => processName === 'there_load'),
  }).finally(() => vi.unstubAllEnvs());
  expect(sandbox.folder.startsWith(root)).toBe(true);
  await sandbox.close();
});
