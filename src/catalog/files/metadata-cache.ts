/** Metadata files that were read or written, as values: a metadata file never changes. */
import { wholeContent } from './write-whole.ts';

/** The text of a metadata file: its bytes in parts, where it was written here. */
export type MetadataText = string | readonly Buffer[];
export const wholeText = (text: MetadataText): string => String(wholeContent(text));

/** Metadata as a value and as the text of its file. */
export interface StoredMetadata<T> {
  readonly metadata: T;
  readonly text: MetadataText;
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
/**
 * A larger text counts for no more, or any other one would push it out: a table of 100,000 snapshots (46 MB)
 * was parsed again for every plan, 0.5 s of CPU each (2026-11-29). Two of them are never kept beside others.
 */
const COUNTED_MAX = CHARACTERS_MAX / 2;

/** Keeps the texts that were used last. */
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

/** Versions of one table share most of their parts, and each counts for all of them. */
const lengthOf = (text: MetadataText): number =>
  typeof text === 'string' ? text.length : text.reduce((total, part) => total + part.length, 0);
