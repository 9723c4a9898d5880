/**
 * Keeps the stores that this process reaches by the places that they hold, like the mounts of an operating
 * system. Whoever deletes a file of a table knows where it is, but not which keys open it.
 */
import { isInAnyStore } from './location.ts';
import type { ObjectStore } from './object-store.ts';

interface Mount {
  readonly prefix: string;
  readonly store: ObjectStore;
}
const mounts: Mount[] = [];

/**
 * Lets the store handle all places that begin with `prefix`; the newest with the longest prefix counts.
 * Returns a function that undoes this.
 */
export function mountStore(prefix: string, store: ObjectStore): () => void {
  const mount = { prefix, store };
  mounts.unshift(mount);
  return () => {
    const index = mounts.indexOf(mount);
    if (index >= 0) mounts.splice(index, 1);
  };
}

/**
 * Finds the store of a place. Undefined for a place on this machine, or in a store that nobody mounted. A
 * folder may be named without the slash with which a prefix ends.
 */
export function storeOf(location: string): ObjectStore | undefined {
  if (!isInAnyStore(location)) return undefined;
  const place = `${location}/`;
  let found: Mount | undefined;
  for (const mount of mounts)
    if (place.startsWith(mount.prefix) && mount.prefix.length > (found?.prefix.length ?? -1)) found = mount;
  return found?.store;
}
