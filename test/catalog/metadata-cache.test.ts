// Goal: metadata files that are asked for again and again stay at hand, and what is kept stays bounded. Method:
// texts of the sizes in question.
import { describe, expect, it } from 'vitest';
import { metadataCache } from '../../src/catalog/files/metadata-cache.ts';

const MILLION = 1024 * 1024;

describe('metadata files at hand', () => {
  const cacheOf = (...texts: readonly (readonly [name: string, characters: number])[]) => {
    const cache = metadataCache<string>();
    for (const [name, characters] of texts)
      cache.remember(name, { metadata: name, text: 'x'.repeat(characters), path: name });
    return texts.map(([name]) => name).filter((name) => cache.find(name) !== undefined);
  };

  it('are those that were used last', () => {
    expect(cacheOf(['a', 6 * MILLION], ['b', 6 * MILLION], ['c', 6 * MILLION])).toEqual(['b', 'c']);
  });

  it('of a table larger than all that is kept stay beside small ones, and not beside another such table', () => {
    expect(cacheOf(['large', 40 * MILLION], ['a', 1000], ['b', 7 * MILLION])).toEqual(['large', 'a', 'b']);
    expect(cacheOf(['large', 40 * MILLION], ['a', 9 * MILLION])).toEqual(['large', 'a']);
    expect(cacheOf(['large', 40 * MILLION], ['a', 1000], ['larger', 50 * MILLION])).toEqual(['a', 'larger']);
  });
});
