// Goal: of a warehouse in a store a client reaches its tables' places and nothing beside them. Method: places as
// clients may spell them.
import { describe, expect, it } from 'vitest';
import { folderInside, pathInside, type Roots } from '../../src/catalog/files/locations.ts';
import { movedLocation } from '../../src/catalog/files/moved-warehouse.ts';

const roots: Roots = { warehouse: 's3://lake/w', allowed: ['s3://other'] };

describe('a place in a store', () => {
  it.each(['s3://lake/w/facts/f', 's3://lake/w/a b/größe/x=1', 's3://other/t', 's3://lake/w/catalog'])(
    '%s is inside',
    (location) => {
      expect(pathInside(roots, location)).toBe(location);
      expect(folderInside(roots, `${location}/`)).toBe(location);
    },
  );
  it.each([
    's3://lake/w',
    's3://lake',
    's3://lake/w2/t',
    's3://lake/w/../x',
    's3://lake/w/%2e%2e/x',
    's3://lake/w//t',
    's3://lake/w/t?s3_endpoint=evil.example',
    's3://lake/w/t#x',
    's3://lake/w/t\0',
    's3://lake/w/.psyberg/sessions/x',
    's3a://lake/w/t',
    'gs://lake/w/t',
    '/lake/w/t',
    'file:/lake/w/t',
    'w/t',
  ])('%s is not', (location) => {
    expect(() => pathInside(roots, location)).toThrow(expect.objectContaining({ code: 'forbidden' }));
  });
  it('whose key no store takes is a bad request', () => {
    expect(() => pathInside(roots, `s3://lake/w/${'x'.repeat(1025)}`)).toThrow(
      expect.objectContaining({ code: 'bad-request' }),
    );
  });
  it('takes the place of a local one, however that is spelled, and the other way round', () => {
    const there = { from: '/data/lake', to: 's3://lake/w' };
    for (const location of ['/data/lake/t/a', 'file:/data/lake/t/a', 'file:///data/lake/t/a'])
      expect(movedLocation(location, there)).toBe('s3://lake/w/t/a');
    expect(movedLocation('/data/lake2/t', there)).toBe('/data/lake2/t');
    expect(movedLocation('s3://lake/w/t', { from: there.to, to: there.from })).toBe('/data/lake/t');
  });
});
