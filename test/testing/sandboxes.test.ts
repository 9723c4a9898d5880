// Goal: tests never wait for each other for ever: statements leave threads to the catalog that answers them. Method:
// counts for machines and pools of threads.
import { expect, it, vi } from 'vitest';
import { sandboxesFor, threadsFor, threadsOfNode } from '../../src/testing/world/sandboxes.ts';

it.each([
  ['the command on 2 cores', 50, 2, 32, 4],
  ['the command on 16 cores', 50, 16, 32, 8],
  ['the library, with the pool that Node has by itself', 50, 16, 4, 2],
  ['a pool of one thread', 50, 2, 1, 1],
  ['fewer tests than room', 3, 8, 32, 3],
  ['no test', 0, 2, 32, 1],
])('%s', (_what, tests, cores, threads, expected) => {
  expect(sandboxesFor(tests, cores, threads)).toBe(expected);
});

it.each([
  ['2 cores', 50, 2, 2],
  ['16 cores', 50, 16, 4],
  ['one core', 50, 1, 1],
  ['few tests', 7, 16, 1],
  ['no test', 0, 2, 1],
])('threads of JavaScript for %s', (_what, tests, cores, expected) => {
  expect(threadsFor(tests, cores)).toBe(expected);
});

it.each([
  ['32', 32],
  ['', 4],
  ['many', 4],
  ['-1', 4],
])('a pool of %j', (told, expected) => {
  vi.stubEnv('UV_THREADPOOL_SIZE', told);
  expect(threadsOfNode()).toBe(expected);
  vi.unstubAllEnvs();
});
