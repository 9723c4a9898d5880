/**
 * Decides how many sandboxes play tests side by side. Tests + machine -> number. Pure, except for the
 * environment.
 */
import process from 'node:process';

/**
 * Two for each core: a session keeps one busy, but sometimes waits for its own requests. Fifty tests took
 * 24 s with four sandboxes on 2 cores, and 36 s with two (2026-11-29).
 */
const PER_CORE = 2;
/** With more, each would wait for the thread that runs all JavaScript. */
const MOST = 8;
/**
 * A statement holds a thread of Node's pool until the catalog, in this process, has answered it, and the
 * catalog reads its files with threads of the same pool: if statements held all of them, nothing would go
 * on.
 */
const THREADS_EACH = 2;

/** At least 1. `threads`: size of Node's pool. */
export const sandboxesFor = (tests: number, cores: number, threads: number): number =>
  Math.max(1, Math.min(tests, PER_CORE * cores, Math.floor(threads / THREADS_EACH), MOST));

/** Fewer tests would be finished before another thread has read its code and its tests. */
const TESTS_PER_THREAD = 4;

/**
 * Number of JavaScript threads that play tests, at least 1: half of each test is JavaScript, so up to one
 * for each core.
 */
export const threadsFor = (tests: number, cores: number): number =>
  Math.max(1, Math.min(cores, MOST / PER_CORE, Math.floor(tests / TESTS_PER_THREAD)));

/** Libuv's default number of threads. */
const THREADS_OF_LIBUV = 4;

/** As many as the environment said when they were created; the command `psyberg` sets 32 (`cli/main.ts`). */
export function threadsOfNode(): number {
  const told = Number(process.env['UV_THREADPOOL_SIZE']);
  return Number.isInteger(told) && told > 0 ? told : THREADS_OF_LIBUV;
}
