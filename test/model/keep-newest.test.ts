// Goal: a map that keeps what is new holds no more than it may, and always the newest. Method: small maps.
import { expect, it } from 'vitest';
import { keepNewest } from '../../src/model/keep-newest.ts';

it('lets the oldest go; what is put there again is new', () => {
  const map = new Map<string, number>();
  for (const key of ['a', 'b', 'a', 'c']) keepNewest(map, [key, 1], { max: 2 });
  expect([...map.keys()]).toEqual(['a', 'c']);
});

it('by weight lets as many go as it must, and keeps the newest however heavy', () => {
  const map = new Map<string, string>();
  const put = (text: string): void =>
    keepNewest(map, [text, text], { max: 5, weightOf: ({ length }) => length });
  for (const text of ['a', 'bb', 'cc']) put(text);
  expect([...map.keys()]).toEqual(['a', 'bb', 'cc']);
  put('ddd');
  expect([...map.keys()]).toEqual(['cc', 'ddd']);
  put('eeeeeeee');
  expect([...map.keys()]).toEqual(['eeeeeeee']);
  put('f');
  expect([...map.keys()]).toEqual(['f']);
});
