/** Installs something that several test files, in processes of their own, need: once, and never half. */
import { mkdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const PROJECT = resolve(import.meta.dirname, '../..');
/** Survives the tests; git-ignored. */
export const CACHE = join(PROJECT, '.cache');

/** Longer than any installation; a lock this old was left by a killed run. */
const LOCK_AGE_MS_MAX = 10 * 60_000;

export interface Installation {
  /**
   * Must look for something that `install` writes last: an interrupted installation is not a finished one.
   */
  readonly isInstalled: () => boolean;
  /** Names the lock. */
  readonly name: string;
  readonly install: () => Promise<void>;
}

/** Runs `install` unless it was done; whoever comes meanwhile waits. */
export async function installOnce({ isInstalled, name, install }: Installation): Promise<void> {
  const lock = join(CACHE, `${name}-lock`);
  while (!isInstalled()) {
    if (!takeLock(lock)) {
      await sleep(200);
      continue;
    }
    try {
      if (!isInstalled()) await install();
    } finally {
      rmSync(lock, { recursive: true, force: true });
    }
  }
}

function takeLock(lock: string): boolean {
  mkdirSync(dirname(lock), { recursive: true });
  try {
    mkdirSync(lock);
    return true;
  } catch {
    const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > LOCK_AGE_MS_MAX) rmSync(lock, { recursive: true, force: true });
    return false;
  }
}
