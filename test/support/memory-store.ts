/** An object store in memory, which behaves as the real ones do: nothing is overwritten. */
import type { ObjectStore } from '../../src/objects/object-store.ts';

export interface MemoryStore extends Pick<ObjectStore, 'read' | 'exists' | 'writeNew' | 'list' | 'remove'> {
  readonly objects: Map<string, { readonly content: Buffer; readonly modifiedAtMs: number }>;
}

export function memoryStore(): MemoryStore {
  const objects: MemoryStore['objects'] = new Map();
  return {
    objects,
    read: async (location) => objects.get(location)?.content,
    exists: async (location) => objects.has(location),
    async writeNew(location, content) {
      if (objects.has(location)) return false;
      objects.set(location, { content: Buffer.from(content), modifiedAtMs: Date.now() });
      return true;
    },
    list: async (prefix) =>
      [...objects].flatMap(([location, { content, modifiedAtMs }]) =>
        location.startsWith(prefix) ? [{ location, bytes: content.length, modifiedAtMs }] : [],
      ),
    async remove(locations) {
      for (const location of locations) objects.delete(location);
    },
  };
}
