/**
 * Deletes files of tables, wherever they lie. A file that is already gone is no error. One in a store that
 * this process cannot reach stays a harmless orphan: an error here would hide the one that came before.
 */
import { unlinkSync } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { localPath } from '../catalog/files/locations.ts';
import { mayBeMade } from '../model/errors.ts';
import { storageFault } from '../model/storage-faults.ts';
import { storeOf } from '../objects/mounts.ts';
import type { ObjectStore } from '../objects/object-store.ts';

/** Deletes a file of this machine now, one in a store beside other work: {@link filesRemoved} waits. */
export function removeFile(location: string): void {
  try {
    removeNow(location);
  } catch {
    // It stays as an orphan.
  }
}

/**
 * Deletes files beside other work: {@link filesRemoved} waits. Only for names that nobody writes again. A
 * session on state tables that are full drops a dozen files, 3.7 ms while nothing else could go on
 * (2026-11-30, Xeon).
 */
export function removeBeside(locations: readonly string[]): void {
  for (const location of locations) {
    const path = localPath(location);
    if (path === undefined) removeFile(location);
    else {
      const going = unlink(path)
        .catch(() => undefined)
        .finally(() => leaving.delete(going));
      leaving.add(going);
    }
  }
}

/**
 * Deletes files that must go. Tries all of them, then throws the first fault if one on this machine stays: a
 * folder may have turned read-only.
 */
export function removeAll(locations: readonly string[]): void {
  const faults: unknown[] = [];
  for (const location of locations)
    try {
      removeNow(location);
    } catch (error) {
      faults.push(storageFault(error, { place: location }) ?? error);
    }
  if (faults.length > 0) throw faults[0];
}

/** A file that is already gone is no error. */
function removeNow(location: string): void {
  const path = localPath(location);
  if (path !== undefined) {
    try {
      unlinkSync(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    return;
  }
  const store = storeOf(location);
  if (store !== undefined) later(store, location);
}

/**
 * Deletes what was written for a commit that failed; but not if the commit may have been made: then the
 * files belong to the table, or are orphans for a later run.
 */
export function discard(paths: readonly string[], error: unknown): void {
  if (!mayBeMade(error)) for (const path of paths) removeFile(path);
}

/** Deletes files of stores now, and throws if one stays. Those that are already gone are no error. */
export async function removeStored(locations: readonly string[]): Promise<void> {
  const stores = new Map<ObjectStore, string[]>();
  for (const location of locations) {
    const store = storeOf(location);
    if (store !== undefined) stores.set(store, [...(stores.get(store) ?? []), location]);
  }
  for (const [store, those] of stores) await store.remove(those);
}

/** Locations that are to be deleted, by their store. */
const waiting = new Map<ObjectStore, Set<string>>();
let removing: Promise<void> | undefined;
/** Files of this machine that are being deleted. */
const leaving = new Set<Promise<void>>();

/** Deletes objects with one request if they are dropped at about the same time. */
function later(store: ObjectStore, location: string): void {
  const locations = waiting.get(store) ?? new Set();
  waiting.set(store, locations.add(location));
  removing ??= new Promise<void>((turn) => setImmediate(turn)).then(removeWaiting);
}

async function removeWaiting(): Promise<void> {
  for (const [store, locations] of waiting) {
    waiting.delete(store);
    await store.remove([...locations]).catch(() => undefined);
  }
  removing = undefined;
}

/** Waits until every file that was to be deleted is gone, or could not be deleted. */
export async function filesRemoved(): Promise<void> {
  while (removing !== undefined || leaving.size > 0) await Promise.all([removing, ...leaving]);
}
