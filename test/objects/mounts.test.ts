// Goal: what is known of a table's store is found for all that lies in its folder, the folder itself, and nothing else.
// Method: places in stores that are mounted by prefixes, as catalogs write them.
import { expect, it, onTestFinished } from 'vitest';
import { mountStore, storeOf } from '../../src/objects/mounts.ts';
import type { ObjectStore } from '../../src/objects/object-store.ts';

it('a folder is in the store of its prefix, with and without the slash at its end', () => {
  const [bucket, table] = [{}, {}] as [ObjectStore, ObjectStore];
  onTestFinished(mountStore('s3://lake', bucket));
  onTestFinished(mountStore('s3://lake/facts/t/', table));
  expect(storeOf('s3://lake/facts/t')).toBe(table);
  expect(storeOf('s3://lake/facts/t/')).toBe(table);
  expect(storeOf('s3://lake/facts/t/data/1.parquet')).toBe(table);
  expect(storeOf('s3://lake/facts/t2/data/1.parquet')).toBe(bucket);
  expect(storeOf('s3://lake')).toBe(bucket);
  expect(storeOf('s3://other/facts/t')).toBeUndefined();
  expect(storeOf('/lake/facts/t')).toBeUndefined();
});
