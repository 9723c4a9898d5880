// Goal: a session's branch, folder and view are known by one name, and nobody takes another process's for its own.
// Method: names of processes that are beginnings of each other.
import { expect, it } from 'vitest';
import { branchName, sessionOfName } from '../../src/model/session-branch.ts';

it('a name says its process and session', () => {
  const session = {
    processName: 'a_load',
    psybergSessionId: '20230914061501',
    beganMs: Date.UTC(2023, 8, 14, 6, 15, 1),
  };
  expect(sessionOfName(branchName('a_load', '20230914061501'))).toEqual(session);
  expect(sessionOfName('.psyberg_a_load_20230914061501.4711')).toEqual(session);
});

it('the name of a longer process is not that of a shorter one', () => {
  expect(sessionOfName('psyberg_a_b_20230914061501')?.processName).toBe('a_b');
  expect(sessionOfName('psyberg_a_20230914061501_20230914061502')?.processName).toBe('a_20230914061501');
});

it.each([
  'main',
  'psyberg_a',
  'psyberg_a_2023',
  'psyberg_a_20230914061501-m0',
  'maintain-1234',
  'psyberg__20230914061501',
])('%s is no session', (name) => {
  expect(sessionOfName(name)).toBeUndefined();
});
