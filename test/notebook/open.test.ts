// Goal: in a notebook every error begins with what to do, wherever it was met. Method: a kernel that draws
// nothing, and mistakes.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { open } from '../../src/notebook/open.ts';
import { makeProject, temporaryFolder } from '../cli/fixture.ts';

beforeEach(() => vi.stubGlobal('Deno', { jupyter: { broadcast: async () => undefined } }));
afterEach(() => vi.unstubAllGlobals());

const stackOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: Error) => String(error.stack),
  );

it('what opening throws says what to do', async () => {
  expect(await stackOf(open({ project: temporaryFolder() }))).toMatch(/^PsybergError: .*\nhint: .*\n +at /);
});

it('a call says it, and so does a step of a session', async () => {
  const psyberg = await open({ project: makeProject({}).root });
  expect(await stackOf(psyberg.plan(['nobody']))).toMatch(/^PsybergError: .*\nhint: .*\n +at /);
  const step = psyberg.session.load({ processName: 'nobody', psybergSessionId: '20240101000000' });
  expect(await stackOf(step)).toMatch(/^PsybergError: .*\nhint: .*\n +at /);
  await psyberg.close();
});
