/**
 * A clock that is wrong, and a machine's name that is another, for a program alone: a library, compiled once,
 * that is loaded before the system's. Node and DuckDB both ask it.
 */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CACHE } from '../interop/install-once.ts';

const SOURCE = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
static volatile long *by;
__attribute__((constructor)) static void look(void) {
  const char *path = getenv("CLOCK_MOVED_BY");
  int file = path == NULL ? -1 : open(path, O_RDONLY);
  if (file < 0) return;
  void *there = mmap(NULL, sizeof(long), PROT_READ, MAP_SHARED, file, 0);
  if (there != MAP_FAILED) by = there;
}
int clock_gettime(clockid_t clock, struct timespec *now) {
  static int (*real)(clockid_t, struct timespec *);
  if (real == NULL) real = dlsym(RTLD_NEXT, "clock_gettime");
  int failed = real(clock, now);
  if (failed == 0 && by != NULL && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += *by;
  return failed;
}
int gettimeofday(struct timeval *now, void *zone) {
  struct timespec fine;
  (void)zone;
  if (clock_gettime(CLOCK_REALTIME, &fine) != 0) return -1;
  now->tv_sec = fine.tv_sec;
  now->tv_usec = fine.tv_nsec / 1000;
  return 0;
}
int gethostname(char *name, size_t length) {
  static int (*real)(char *, size_t);
  const char *named = getenv("HOST_NAMED");
  if (real == NULL) real = dlsym(RTLD_NEXT, "gethostname");
  if (named == NULL) return real(name, length);
  strncpy(name, named, length);
  return 0;
}
time_t time(time_t *out) {
  struct timespec fine;
  if (clock_gettime(CLOCK_REALTIME, &fine) != 0) return -1;
  if (out != NULL) *out = fine.tv_sec;
  return fine.tv_sec;
}
`;

export interface MovedClock {
  /** Of the programs that have it; with `HOST_NAMED` they run on a machine of that name. */
  readonly environment: Readonly<Record<string, string>>;
  /** Also for those that run already. */
  moveBy(seconds: number): void;
  close(): void;
}

/** Undefined where this machine has no compiler, or takes no library before the system's. */
export function movedClock(seconds = 0): MovedClock | undefined {
  const library = compiled();
  if (library === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'psyberg-clock-'));
  const file = join(folder, 'moved-by');
  const moveBy = (by: number): void => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(by));
    // In place: programs look into the file that was there when they began.
    if (existsSync(file)) {
      const handle = openSync(file, 'r+');
      writeSync(handle, bytes, 0, 8, 0);
      closeSync(handle);
    } else writeFileSync(file, bytes);
  };
  moveBy(seconds);
  return {
    environment: { LD_PRELOAD: library, CLOCK_MOVED_BY: file },
    moveBy,
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function compiled(): string | undefined {
  if (process.platform !== 'linux') return undefined;
  const library = join(CACHE, 'moved-clock', `moved-clock-3-${process.arch}.so`);
  if (existsSync(library)) return library;
  mkdirSync(join(CACHE, 'moved-clock'), { recursive: true });
  const source = `${library}.${process.pid}.c`;
  writeFileSync(source, SOURCE);
  try {
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', `${source}.so`, source, '-ldl'], {
      stdio: 'ignore',
    });
  } catch {
    return undefined;
  }
  renameSync(`${source}.so`, library);
  return library;
}
