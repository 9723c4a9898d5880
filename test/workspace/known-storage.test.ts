// Goal: keys that came with tables are renewed while their tables are there, each by itself, and the newest
// count. Method: tables of a foreign catalog that hand out keys of ten minutes, and a clock of our own.
import { expect, it, onTestFinished } from 'vitest';
import type { SessionViews } from '../../src/catalog/index.ts';
import type { TableIdentifier } from '../../src/model/names.ts';
import type { ProjectSpec } from '../../src/model/process-spec.ts';
import { knownStorage } from '../../src/workspace/known-storage.ts';
import { tellingFolders } from '../../src/workspace/written-folders.ts';

const LIFE_MS = 600_000;

/** `keys`: what each table hands out, by its name; a table without any is gone. */
function storageOf(keys: Map<string, string>, scope?: string) {
  let nowMs = 1_000_000;
  const asked: string[] = [];
  const project = { catalog: { kind: 'rest', uri: 'http://catalog' }, processes: [] } as unknown;
  const storage = knownStorage(project as ProjectSpec, () => nowMs);
  const learn = (table: TableIdentifier): void => {
    const key = keys.get(table.name);
    if (key === undefined) return;
    const location = `s3://lake/${table.name}`;
    const config = {
      's3.access-key-id': key,
      's3.session-token-expires-at-ms': String(nowMs + LIFE_MS),
    };
    storage.learn({ table, location }, [{ scope: scope ?? location, config }]);
  };
  storage.whenExpiring({
    load: async (table) => {
      asked.push(table.name);
      if (keys.get(table.name) === 'unreachable') throw new Error('the catalog does not answer');
      learn(table);
    },
    renewed: async () => undefined,
  });
  onTestFinished(() => storage.stop());
  const tables = [...keys.keys()].map((name) => ({ namespace: ['raw'], name }));
  for (const table of tables) learn(table);
  return {
    storage,
    learn,
    tables,
    /** Later: the tables that were asked for. */
    async after(ms: number): Promise<readonly string[]> {
      nowMs += ms;
      asked.length = 0;
      await storage.renewIfDue();
      return [...asked];
    },
    async keyOf(of: string): Promise<string | undefined> {
      return (await storage.all()).find((each) => each.scope === of)?.config['s3.access-key-id'];
    },
  };
}

it('a table that is gone is asked for once, and no more', async () => {
  const keys = new Map([
    ['kept', 'a'],
    ['dropped', 'b'],
  ]);
  const { after } = storageOf(keys);
  keys.delete('dropped');
  expect(await after(LIFE_MS)).toEqual(['kept', 'dropped']);
  expect(await after(10_000)).toEqual([]);
  expect(await after(LIFE_MS)).toEqual(['kept']);
});

it('a table that cannot be asked for holds up no other, and is asked for again', async () => {
  const keys = new Map([
    ['first', 'a'],
    ['second', 'b'],
  ]);
  const { after, keyOf } = storageOf(keys);
  keys.set('first', 'unreachable');
  keys.set('second', 'newer');
  expect(await after(LIFE_MS)).toEqual(['first', 'second']);
  expect(await keyOf('s3://lake/second/')).toBe('newer');
  keys.set('first', 'back');
  expect(await after(10_000)).toEqual(['first']);
  expect(await keyOf('s3://lake/first/')).toBe('back');
});

it('a table with keys for several places is asked for once', async () => {
  const { storage, after, tables } = storageOf(new Map([['wide', 'a']]));
  const [table = { namespace: [], name: '' }] = tables;
  const config = { 's3.access-key-id': 'a', 's3.session-token-expires-at-ms': '1600000' };
  storage.learn({ table, location: 's3://lake/wide' }, [{ scope: 's3://lake/elsewhere', config }]);
  expect(await after(LIFE_MS)).toEqual(['wide']);
});

it('of keys for a place that tables share the newest count', async () => {
  const keys = new Map([
    ['first', 'a'],
    ['second', 'b'],
  ]);
  const { learn, tables, keyOf } = storageOf(keys, 's3://lake/');
  expect(await keyOf('s3://lake/')).toBe('b');
  keys.set('first', 'newest');
  learn(tables[0] as TableIdentifier);
  expect(await keyOf('s3://lake/')).toBe('newest');
});

it('keys of a table open the folder that a session has it written into as well, for as long', async () => {
  const { storage, tables, keyOf } = storageOf(new Map([['facts', 'a']]));
  const told: string[] = [];
  storage.whenExpiring({
    load: async () => undefined,
    renewed: async () => void told.push((await storage.all()).map(({ scope }) => scope).join(' ')),
  });
  const [table = { namespace: [], name: '' }] = tables;
  const views = tellingFolders(
    { open: () => undefined, close: () => undefined } as unknown as SessionViews,
    storage.learnFolders,
  );
  const show = { kind: 'branch', branch: 'b', folder: 'psyberg_load_1' } as const;
  const written = 's3://lake/facts/data/psyberg_load_1/';
  views.open({
    name: 'session',
    tables: [{ identifier: { namespace: ['target'], name: 'facts' }, table, show }],
  });
  await storage.renewIfDue();
  expect(told).toEqual([expect.stringContaining(written)]);
  expect(await keyOf(written)).toBe('a');
  // Once: each statement asks.
  expect(storage.renewIfDue()).toBeUndefined();
  views.close('session');
  expect(await keyOf(written)).toBeUndefined();
  expect(await keyOf('s3://lake/facts/')).toBe('a');
});
