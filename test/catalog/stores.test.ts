// Goal: every store keeps the same promises. Method: one suite over SQLite and PostgreSQL, with two openings
// of one database where it matters.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { CatalogStore, PointerSwap } from '../../src/catalog/store/store.ts';
import { type PreparedStore, type SharedDatabase, STORES } from '../suites/catalog-stores.ts';

const id = (name: string, ...namespace: string[]) => ({
  namespace: namespace.length === 0 ? ['n'] : namespace,
  name,
});
const insert = (name: string, next = `/w/${name}/0.json`): PointerSwap => ({
  identifier: id(name),
  kind: 'TABLE',
  expected: undefined,
  next,
});
const move = (name: string, expected: string, next: string): PointerSwap => ({
  identifier: id(name),
  kind: 'TABLE',
  expected,
  next,
});

describe.each(STORES)('$title', ({ missing, prepare }) => {
  describe.skipIf(missing !== undefined)('as a store', () => {
    let prepared: PreparedStore;
    let opened: CatalogStore[] = [];
    beforeAll(async () => {
      prepared = await prepare();
    });
    afterEach(async () => {
      await Promise.all(opened.map((store) => store.close()));
      opened = [];
    });
    afterAll(() => prepared.close());
    const openStore = async (database: SharedDatabase, catalogName = 'psyberg'): Promise<CatalogStore> => {
      const store = await (await database.open()).openStore(catalogName);
      opened.push(store);
      return store;
    };
    const newStore = async (): Promise<CatalogStore> => openStore(await prepared.create());
    const location = async (store: CatalogStore, name: string) =>
      (await store.findPointer(id(name)))?.metadataLocation;

    it('creates a namespace once, with its properties, and none of its parents', async () => {
      const store = await newStore();
      expect(await store.createNamespace(['a', 'b'], { owner: 'me', exists: 'mine' })).toBe(true);
      expect(await store.createNamespace(['a', 'b'], {})).toBe(false);
      expect(await store.namespaceProperties(['a', 'b'])).toEqual({ owner: 'me' });
      expect(await store.namespaceProperties(['a'])).toEqual({});
      expect(
        await Promise.all(
          [['a'], ['a', 'b'], ['a', 'b', 'c'], ['b']].map((name) => store.namespaceExists(name)),
        ),
      ).toEqual([true, true, false, false]);
    });
    it('lists the children of a namespace, also those that only a table implies, in one order', async () => {
      const store = await newStore();
      await store.createNamespace(['b', 'x'], {});
      await store.createNamespace(['B'], {});
      await store.swapPointers([
        { identifier: id('t', 'a', 'y', 'z'), kind: 'TABLE', expected: undefined, next: '/1' },
      ]);
      expect(await store.listNamespaces([])).toEqual([['B'], ['a'], ['b']]);
      expect(await store.listNamespaces(['a'])).toEqual([['a', 'y']]);
      expect(await store.listNamespaces(['a', 'y'])).toEqual([['a', 'y', 'z']]);
    });
    it('takes no character of a name for a wildcard, and counts characters beyond the first plane as one', async () => {
      const store = await newStore();
      await store.createNamespace(['a_b', 'in'], {});
      await store.createNamespace(['axb', 'out'], {});
      await store.createNamespace(['%', 'percent'], {});
      await store.createNamespace(['😀😀', 'smile'], {});
      expect(await store.listNamespaces(['a_b'])).toEqual([['a_b', 'in']]);
      expect(await store.listNamespaces(['%'])).toEqual([['%', 'percent']]);
      expect(await store.listNamespaces(['😀😀'])).toEqual([['😀😀', 'smile']]);
      expect(await store.namespaceExists(['😀😀'])).toBe(true);
      expect(await store.namespaceExists(['😀'])).toBe(false);
    });
    it('changes properties and keeps the namespace when its last one goes', async () => {
      const store = await newStore();
      await store.createNamespace(['n'], { a: '1', b: '2' });
      expect(
        await store.changeNamespaceProperties(['n'], {
          updates: { b: '3', c: "it's" },
          removals: ['a', 'never', 'exists'],
        }),
      ).toEqual(['a']);
      expect(await store.namespaceProperties(['n'])).toEqual({ b: '3', c: "it's" });
      await store.changeNamespaceProperties(['n'], { updates: {}, removals: ['b', 'c'] });
      expect([await store.namespaceExists(['n']), await store.namespaceProperties(['n'])]).toEqual([
        true,
        {},
      ]);
    });
    it('changes no namespace that is not there, and none comes back that is dropped while it is changed', async () => {
      const database = await prepared.create();
      const [one, other] = [await openStore(database), await openStore(database)];
      expect(
        await one.changeNamespaceProperties(['n'], { updates: { a: '1' }, removals: ['b'] }),
      ).toBeUndefined();
      for (let round = 0; round < 20; round += 1) {
        await one.createNamespace(['n'], { a: '1' });
        const changed = other.changeNamespaceProperties(['n'], {
          updates: { b: String(round) },
          removals: ['a'],
        });
        await Promise.all([
          changed,
          one.dropNamespace(['n']),
          other.changeNamespaceProperties(['n'], { updates: { c: '1' }, removals: [] }),
        ]);
        expect([round, await one.namespaceExists(['n'])]).toEqual([round, false]);
      }
    });
    it('drops a namespace only when nothing is left in it', async () => {
      const store = await newStore();
      await store.createNamespace(['n'], {});
      await store.createNamespace(['n', 'child'], {});
      expect(await store.dropNamespace(['n'])).toBe('not-empty');
      await store.dropNamespace(['n', 'child']);
      await store.swapPointers([insert('t')]);
      expect(await store.dropNamespace(['n'])).toBe('not-empty');
      await store.dropPointer(id('t'), 'TABLE');
      expect([await store.dropNamespace(['n']), await store.dropNamespace(['n'])]).toEqual([
        'dropped',
        'missing',
      ]);
    });
    it('moves a pointer only from where it is expected', async () => {
      const store = await newStore();
      expect(await store.swapPointers([insert('t', '/1')])).toBeUndefined();
      expect(await store.swapPointers([insert('t', '/2')])).toEqual(insert('t', '/2'));
      expect(await store.swapPointers([move('t', '/1', '/2')])).toBeUndefined();
      expect(await store.swapPointers([move('t', '/1', '/3')])).toEqual(move('t', '/1', '/3'));
      expect(await location(store, 't')).toBe('/2');
      expect(await store.swapPointers([move('never', '/1', '/2')])).toMatchObject({ next: '/2' });
    });
    it('moves several pointers or none', async () => {
      const store = await newStore();
      await store.swapPointers([insert('a', '/a1'), insert('b', '/b1')]);
      expect(
        await store.swapPointers([insert('c', '/c1'), move('a', '/a1', '/a2'), move('b', '/stale', '/b2')]),
      ).toEqual(move('b', '/stale', '/b2'));
      expect(await Promise.all(['a', 'b', 'c'].map((name) => location(store, name)))).toEqual([
        '/a1',
        '/b1',
        undefined,
      ]);
      expect(await store.swapPointers([])).toBeUndefined();
    });
    it('keeps tables and views apart, in one room of names', async () => {
      const store = await newStore();
      await store.swapPointers([insert('t'), { ...insert('v', '/v1'), kind: 'VIEW' }]);
      expect([await store.listPointers(['n'], 'TABLE'), await store.listPointers(['n'], 'VIEW')]).toEqual([
        ['t'],
        ['v'],
      ]);
      expect(await store.findPointer(id('v'))).toEqual({ kind: 'VIEW', metadataLocation: '/v1' });
      expect(await store.swapPointers([insert('v')])).toMatchObject({ identifier: id('v') });
      expect(await store.swapPointers([move('v', '/v1', '/v2')])).toMatchObject({ next: '/v2' });
      expect(await store.dropPointer(id('v'), 'TABLE')).toBeUndefined();
      expect(await store.renamePointer({ from: id('v'), to: id('w'), kind: 'TABLE' })).toBe('missing');
      expect(await store.renamePointer({ from: id('v'), to: id('t'), kind: 'VIEW' })).toBe('taken');
      expect(await store.dropPointer(id('v'), 'VIEW')).toBe('/v1');
    });
    it('renames into another namespace and drops once', async () => {
      const store = await newStore();
      await store.swapPointers([insert('t', '/1')]);
      expect(await store.renamePointer({ from: id('t'), to: id('u', 'm'), kind: 'TABLE' })).toBe('renamed');
      expect(await store.findPointer(id('t'))).toBeUndefined();
      expect(await store.dropPointer(id('u', 'm'), 'TABLE')).toBe('/1');
      expect(await store.dropPointer(id('u', 'm'), 'TABLE')).toBeUndefined();
    });
    it('lists in the order of code points, whatever the locale of the database', async () => {
      const store = await newStore();
      await store.swapPointers(['b', 'a', 'B', '_', 'é', 'z'].map((name) => insert(name)));
      expect(await store.listPointers(['n'], 'TABLE')).toEqual(['B', '_', 'a', 'b', 'z', 'é']);
    });
    it('knows where the metadata of every catalog in the database lies', async () => {
      const database = await prepared.create();
      const [one, other] = [await openStore(database), await openStore(database, 'other')];
      await one.swapPointers([insert('t', '/w/t/metadata/0')]);
      await other.swapPointers([insert('t', '/w/t/metadata/1')]);
      expect((await one.metadataLocations()).sort()).toEqual(['/w/t/metadata/0', '/w/t/metadata/1']);
      expect(await location(other, 't')).toBe('/w/t/metadata/1');
    });
    it('finds metadata by a piece of its location, with every character as it is', async () => {
      const database = await prepared.create();
      const [one, other] = [await openStore(database), await openStore(database, 'other')];
      await one.swapPointers([
        insert('a', '/w/a/0-x_y%.json'),
        insert('b', '/w/b/0-xay%.json'),
        insert('c', "/w/c\\/it's.json"),
      ]);
      await other.swapPointers([insert('a', 'file:/w/a/0-x_y%.json')]);
      expect((await one.locationsWith(['0-x_y%.json'])).sort()).toEqual([
        '/w/a/0-x_y%.json',
        'file:/w/a/0-x_y%.json',
      ]);
      expect(await one.locationsWith(["\\/it's", 'nothing'])).toEqual(["/w/c\\/it's.json"]);
      expect(await one.locationsWith([])).toEqual([]);
    });
    it('lets one of many win each race, across openings: creating, moving, naming', async () => {
      const database = await prepared.create();
      const stores = await Promise.all([1, 2, 3, 4].map(() => openStore(database)));
      const each = <T>(work: (store: CatalogStore, n: number) => Promise<T>) =>
        Promise.all(stores.flatMap((store, n) => [work(store, n), work(store, n + 10)]));
      const count = <T>(results: T[], wanted: T): number =>
        results.filter((result) => result === wanted).length;
      expect(
        count(await each((store, n) => store.createNamespace(['n'], { [`p${n}`]: 'x', same: 'y' })), true),
      ).toBe(1);
      expect(Object.keys(await (stores[0] as CatalogStore).namespaceProperties(['n']))).toHaveLength(2);
      expect(count(await each((store, n) => store.swapPointers([insert('t', `/${n}`)])), undefined)).toBe(1);
      const now = (await location(stores[0] as CatalogStore, 't')) as string;
      expect(
        count(await each((store, n) => store.swapPointers([move('t', now, `/next-${n}`)])), undefined),
      ).toBe(1);
      await (stores[0] as CatalogStore).swapPointers(
        Array.from({ length: 14 }, (_, n) => insert(`from_${n}`)),
      );
      const renamed = await each((store, n) =>
        store.renamePointer({ from: id(`from_${n}`), to: id('to'), kind: 'TABLE' }),
      );
      expect([count(renamed, 'renamed'), count(renamed, 'taken')]).toEqual([1, 7]);
    });
    it('lets one of many commits of the same tables win, in whatever order they name them', async () => {
      const database = await prepared.create();
      const stores = await Promise.all([1, 2, 3, 4].map(() => openStore(database)));
      const names = ['a', 'b', 'c', 'd'];
      await (stores[0] as CatalogStore).swapPointers(names.map((name) => insert(name, `/${name}-0`)));
      for (let round = 0; round < 10; round += 1) {
        const outcomes = await Promise.all(
          stores.map((store, n) =>
            store.swapPointers(
              (n % 2 === 0 ? names : [...names].reverse()).map((name) =>
                move(name, `/${name}-${round}`, `/${name}-${round + 1}`),
              ),
            ),
          ),
        );
        expect(outcomes.filter((lost) => lost === undefined)).toHaveLength(1);
      }
      expect(await location(stores[0] as CatalogStore, 'd')).toBe('/d-10');
    });
  });
});
