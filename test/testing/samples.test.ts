// Goal: the tests that the template and the sample worlds bring are right. Method: they are played.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { readProject } from '../../src/project/read-project.ts';
import { newProject } from '../../src/project/scaffold.ts';
import { runTests } from '../../src/testing/run-tests.ts';
import { testsOf } from '../../src/testing/watch.ts';

const ROOT = join(import.meta.dirname, '../..');

async function expectPassed(root: string): Promise<void> {
  const { tests } = await runTests(readProject({ root }));
  expect(tests.length).toBeGreaterThan(0);
  expect(tests.filter(({ status }) => status !== 'passed')).toEqual([]);
}

it.each(['member-lifecycle', 'flights'])('warehouse/%s', async (name) => {
  await expectPassed(join(ROOT, 'warehouse', name));
});
it('a project that was created from the template', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'psyberg-template-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  newProject({ directory });
  await expectPassed(directory);
});
it.each([
  ['processes/cancel_fact_load.sql', ['tests/accounts.yaml', 'tests/cancels.yaml']],
  ['audits/churn_type_known.sql', ['tests/accounts.yaml', 'tests/cancels.yaml']],
  ['processes/signup_fact_load.sql', ['tests/accounts.yaml']],
  ['tables/raw/raw_signups.sql', ['tests/accounts.yaml']],
  ['tests/cancels.yaml', ['tests/cancels.yaml']],
  ['psyberg.yaml', ['tests/accounts.yaml', 'tests/cancels.yaml']],
  ['README.md', []],
])('a change of %s touches %j', (file, expected) => {
  expect(testsOf(join(ROOT, 'warehouse/member-lifecycle'), [file])).toEqual(expected);
});
