/**
 * The stores that this process reaches, by the places that they hold, as an operating system has its
 * mounts: whoever deletes a file of a table knows where it is, and not with which keys.
 */
import { isInAnyStore } from './location.ts';
import type { ObjectStore } from './object-store.ts';

interface Mount {
  readonly prefix: string;
  readonly store: ObjectStore;
}
const mounts: Mount[] = [];

/**
 * From now on places that begin with `prefix` are the store's; the newest with the longest prefix counts.
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
 * Undefined for a place on this machine, and in a store that nobody mounted. A folder may be named without
 * the slash with which a prefix ends.
 */
export function storeOf(location: string): ObjectStore | undefined {
  if (!isInAnyStore(location)) return undefined;
  const place = `${location}/`;
  let found: Mount | undefined;
  for (const mount of mounts)
    if (place.startsWith(mount.prefix) && mount.prefix.length > (found?.prefix.length ?? -1)) found = mount;
  return found?.store;
}
