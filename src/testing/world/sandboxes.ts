/** How many sandboxes play tests side by side. Tests + machine -> number. Pure, but for the environment. */
import process from 'node:process';

/**
 * Two for each core: a session is work for one, but now and then it waits for its own requests. Fifty tests
 * took 24 s with four sandboxes on 2 cores, and 36 s with two (2026-11-29).
 */
const PER_CORE = 2;
/** Of more each would wait for the thread that all JavaScript runs on. */
const MOST = 8;
/**
 * A statement holds a thread of Node's pool until the catalog, in this process, has answered it, and the
 * catalog reads its files with threads of the same pool: when statements hold all of them nothing goes on.
 */
const THREADS_EACH = 2;

/** At least 1. `threads`: of Node's pool. */
export const sandboxesFor = (tests: number, cores: number, threads: number): number =>
  Math.max(1, Math.min(tests, PER_CORE * cores, Math.floor(threads / THREADS_EACH), MOST));

/** Fewer would be played before another thread has read its code and its tests. */
const TESTS_PER_THREAD = 4;

/** How many threads of JavaScript play them, at least 1: with one each core, half of each test is that. */
export const threadsFor = (tests: number, cores: number): number =>
  Math.max(1, Math.min(cores, MOST / PER_CORE, Math.floor(tests / TESTS_PER_THREAD)));

/** What libuv has without being told. */
const THREADS_OF_LIBUV = 4;

/** As many as the environment said when they were made; the command `psyberg` says 32 (`cli/main.ts`). */
export function threadsOfNode(): number {
  const told = Number(process.env['UV_THREADPOOL_SIZE']);
  return Number.isInteger(told) && told > 0 ? told : THREADS_OF_LIBUV;
}
