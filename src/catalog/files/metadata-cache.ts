/** Caches metadata files that were read or written, as values: a metadata file never changes. */
import { wholeContent } from './write-whole.ts';

/** The text of a metadata file; its bytes in parts if it was written here. */
export type MetadataText = string | readonly Buffer[];
export const wholeText = (text: MetadataText): string => String(wholeContent(text));

/** Metadata as a value, and as the text of its file. */
export interface StoredMetadata<T> {
  readonly metadata: T;
  readonly text: MetadataText;
}
export interface CachedMetadata<T> extends StoredMetadata<T> {
  readonly path: string;
}
export interface MetadataCache<T> {
  find(location: string): CachedMetadata<T> | undefined;
  /** Also marks it as used last. */
  remember(location: string, stored: CachedMetadata<T>): void;
  forget(location: string): void;
}

/** The parsed values take several times as much memory, but versions of one table share their snapshots. */
const CHARACTERS_MAX = 16 * 1024 * 1024;
/**
 * A larger text counts as this much, or it would push out all others: a table of 100,000 snapshots (46 MB)
 * was parsed again for every plan, 0.5 s of CPU each (2026-11-29). Two such texts leave no room for any
 * other.
 */
const COUNTED_MAX = CHARACTERS_MAX / 2;

/** Keeps the texts that were used most recently. */
export function metadataCache<T>(): MetadataCache<T> {
  const cache = new Map<string, CachedMetadata<T>>();
  let characters = 0;
  const forget = (location: string): void => {
    characters -= countedOf(cache.get(location));
    cache.delete(location);
  };
  return {
    find: (location) => cache.get(location),
    remember(location, stored) {
      forget(location);
      cache.set(location, stored);
      characters += countedOf(stored);
      for (const oldest of cache.keys()) {
        if (characters <= CHARACTERS_MAX || oldest === location) break;
        forget(oldest);
      }
    },
    forget,
  };
}

const countedOf = (stored: StoredMetadata<unknown> | undefined): number =>
  stored === undefined ? 0 : Math.min(lengthOf(stored.text), COUNTED_MAX);

/** Versions of one table share most of their parts, but each is counted in full. */
const lengthOf = (text: MetadataText): number =>
  typeof text === 'string' ? text.length : text.reduce((total, part) => total + part.length, 0);
