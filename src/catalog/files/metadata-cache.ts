/** Metadata files that were read or written, as values: a metadata file never changes. */

/** Metadata as a value and as the text of its file. */
export interface StoredMetadata<T> {
  readonly metadata: T;
  readonly text: string;
}
export interface CachedMetadata<T> extends StoredMetadata<T> {
  readonly path: string;
}
export interface MetadataCache<T> {
  find(location: string): CachedMetadata<T> | undefined;
  /** Also moves what it has to the end of those that go. */
  remember(location: string, stored: CachedMetadata<T>): void;
  forget(location: string): void;
}

/** The parsed values weigh several times as much, but versions of one table share their snapshots. */
const CHARACTERS_MAX = 16 * 1024 * 1024;

/** Keeps the texts that were used last. */
export function metadataCache<T>(): MetadataCache<T> {
  const cache = new Map<string, CachedMetadata<T>>();
  let characters = 0;
  const forget = (location: string): void => {
    characters -= cache.get(location)?.text.length ?? 0;
    cache.delete(location);
  };
  return {
    find: (location) => cache.get(location),
    remember(location, stored) {
      forget(location);
      cache.set(location, stored);
      characters += stored.text.length;
      for (const oldest of cache.keys()) {
        if (characters <= CHARACTERS_MAX || oldest === location) break;
        forget(oldest);
      }
    },
    forget,
  };
}
