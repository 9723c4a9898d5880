// Goal: of each delete file the same data files are found as by asking each of them, and at once. Method: random
// deletes of every kind and files of two specs, one of them without partitions; many of both.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type DataFile, filesUnderEach, isUnder } from '../../src/tables/deletes/files-under.ts';
import type { DeleteFile } from '../../src/tables/deletes/row-delete-files.ts';
import type { TableByMetadata } from '../../src/tables/read/table-with-manifests.ts';

const SOURCE = {
  metadata: {
    'partition-specs': [
      { 'spec-id': 0, fields: [{ 'field-id': 1000, 'source-id': 1, name: 'p', transform: 'identity' }] },
      { 'spec-id': 1, fields: [] },
    ],
  },
} as unknown as TableByMetadata;

const place = fc.record({
  specId: fc.integer({ min: 0, max: 1 }),
  sequenceNumber: fc.bigInt({ min: 1n, max: 5n }),
  p: fc.constantFrom('a', 'b'),
});
const file = place.map(
  ({ p, ...at }) => ({ ...at, partition: JSON.stringify({ p }) }) as unknown as DataFile,
);
const files = fc
  .array(file, { maxLength: 8 })
  .map((all) => all.map((each, at): DataFile => ({ ...each, path: `f${at}` })));
const deletes = fc
  .record({
    at: place,
    kind: fc.constantFrom('position', 'equality', 'vector'),
    dataFiles: fc.option(fc.uniqueArray(fc.constantFrom('f0', 'f1', 'f9')), { nil: undefined }),
  })
  .map(
    ({ at: { p, ...at }, kind, dataFiles }) =>
      ({
        ...at,
        kind,
        partition: { p },
        dataFiles: kind === 'equality' ? undefined : dataFiles,
      }) as unknown as DeleteFile,
  );

it('finds the files to which a delete file applies', () => {
  fc.assert(
    fc.property(files, deletes, (all, each) => {
      const found = filesUnderEach(all, SOURCE)(each).map(({ path }) => path);
      expect(found.toSorted()).toEqual(all.filter(isUnder([each], SOURCE)).map(({ path }) => path));
    }),
    { numRuns: 500 },
  );
});

it('looks at no file of another partition: 3,000 deletes over 3,000 partitions take less than a second', () => {
  const partitions = Array.from({ length: 3_000 }, (_, at) => ({ p: `p${at}` }));
  const of = { specId: 0, sequenceNumber: 2n };
  const filesOf = filesUnderEach(
    partitions.map((each, at) => ({ ...of, path: `${at}`, partition: JSON.stringify(each) }) as DataFile),
    SOURCE,
  );
  const begun = performance.now();
  for (const partition of partitions) {
    const each = { ...of, sequenceNumber: 3n, kind: 'equality', partition } as unknown as DeleteFile;
    expect(filesOf(each)).toHaveLength(1);
  }
  expect(performance.now() - begun).toBeLessThan(1000);
});
