// Goal: many processes share one warehouse and lose nothing, whatever the store, even when one is killed in
// the middle. Method: real processes, each with its own server.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type PreparedStore, STORES } from '../suites/catalog-stores.ts';
import {
  brokenHistory,
  createShared,
  loadShared,
  metadataFilesOf,
  runWriter,
  writtenIds,
} from '../suites/contention.ts';
import { append, type CatalogFixture, openCatalog, SCHEMA } from './fixture.ts';

describe.each(STORES)('processes on one warehouse, pointers in $title', ({ missing, prepare }) => {
  describe.skipIf(missing !== undefined)('together', () => {
    let prepared: PreparedStore;
    let fixture: CatalogFixture;
    let database: string | undefined;
    beforeAll(async () => {
      prepared = await prepare();
    });
    const open = async (): Promise<void> => {
      database = (await prepared.create()).url;
      fixture = await openCatalog(database === undefined ? {} : { database });
    };
    afterEach(() => fixture.close());
    afterAll(() => prepared.close());
    const orderOf = (writer: number, count: number) => ({
      warehouse: fixture.warehouse,
      database,
      writer,
      count,
    });

    it('land every commit on one table, in one unbroken line of parents', { timeout: 240_000 }, async () => {
      await open();
      const [writers, commits] = [4, 15];
      await createShared(fixture);
      await Promise.all(
        Array.from({ length: writers }, (_, writer) => runWriter(orderOf(writer + 1, commits))),
      );
      const metadata = await loadShared(fixture);
      expect(metadata.snapshots?.map((snapshot) => snapshot['snapshot-id']).sort()).toEqual(
        writtenIds(writers, commits).sort(),
      );
      expect(brokenHistory(metadata)).toBeUndefined();
      // A lost race leaves no metadata file: one per commit, and the first.
      expect(metadataFilesOf(fixture)).toHaveLength(writers * commits + 1);
    });
    it('killed between writing metadata and swapping leave one orphan file and the table as it was', async () => {
      await open();
      await createShared(fixture);
      await fixture.client.commitTable({ namespace: ['facts'], name: 'shared' }, append(1n, null));
      const before = metadataFilesOf(fixture);
      expect(await runWriter({ ...orderOf(2, 5), killBefore: 1 })).toBe('killed');
      const left = metadataFilesOf(fixture).filter((file) => !before.includes(file));
      expect(left).toEqual([expect.stringMatching(/^00002-[0-9a-f-]{36}\.metadata\.json$/)]);
      expect((await loadShared(fixture))['current-snapshot-id']).toBe(1n);
      // Others go on, and never meet the orphan.
      await fixture.client.commitTable({ namespace: ['facts'], name: 'shared' }, append(2n, 1n));
      const metadata = await loadShared(fixture);
      expect(brokenHistory(metadata)).toBeUndefined();
      expect(
        metadata['metadata-log']
          ?.map((entry) => entry['metadata-file'])
          .some((file) => file.endsWith(left[0] as string)),
      ).toBe(false);
    });
    it('killed right after swapping have committed', async () => {
      await open();
      await createShared(fixture);
      expect(await runWriter({ ...orderOf(3, 5), killAfter: 2 })).toBe('killed');
      const metadata = await loadShared(fixture);
      expect(metadata.snapshots?.map((snapshot) => snapshot['snapshot-id'])).toEqual([
        3_000_001n,
        3_000_002n,
      ]);
      expect(brokenHistory(metadata)).toBeUndefined();
    });
    it('repeat commits that nothing contradicts: property changes of many clients all arrive', async () => {
      await open();
      await createShared(fixture);
      const names = Array.from({ length: 16 }, (_, n) => `key_${n}`);
      const table = { namespace: ['facts'], name: 'shared' };
      await Promise.all(
        names.map((name) =>
          fixture.client.commitTable(table, {
            requirements: [],
            updates: [{ action: 'set-properties', updates: { [name]: 'set' } }],
          }),
        ),
      );
      expect(Object.keys((await loadShared(fixture)).properties ?? {})).toEqual(
        expect.arrayContaining(names),
      );
    });
    it('create a table of one name once, and leave no file of the others', async () => {
      await open();
      await fixture.client.createNamespace(['facts']);
      const attempts = await Promise.allSettled(
        Array.from({ length: 8 }, () =>
          fixture.client.createTable({ namespace: ['facts'], name: 'shared' }, { schema: SCHEMA }),
        ),
      );
      expect(attempts.filter((attempt) => attempt.status === 'fulfilled')).toHaveLength(1);
      expect(metadataFilesOf(fixture)).toHaveLength(1);
    });
  });
});
