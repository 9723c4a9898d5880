// Goal: a warehouse moves from a laptop to an object store and back, whole, and the original stays as it was.
// Method: tables of every version and shape, with deletes and in odd spellings; rows and watermarks are compared,
// and every file of the original before and after.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RelocateReport } from '../../src/model/relocate-record.ts';
import { findProjectRoot, readProject } from '../../src/project/read-project.ts';
import { type CopyPlace, type CopyRequest, copyProject } from '../../src/workspace/copy-project.ts';
import { folderContents } from '../support/folder-contents.ts';
import { type ObjectStore, startObjectStore } from '../support/moto.ts';
import { movableWorld, rowsFrom, TABLES } from '../support/movable-world.ts';
import { type OpenedProject, open } from '../support/open-project.ts';
import type { World } from '../support/world.ts';

/** Where moto is not there yet. */
const INSTALL_MS = 300_000;

const folders: string[] = [];
let store: ObjectStore;
let world: World;
/** Rows of every table by its name, as the original says. */
const expected: Record<string, string[]> = {};

beforeAll(async () => {
  store = await startObjectStore();
  await store.makeBucket('lake');
  world = await movableWorld();
  for (const table of TABLES) expected[table] = await rowsOf(world.psyberg, table);
  await world.psyberg.close();
}, INSTALL_MS);
afterAll(async () => {
  await world.reopen();
  await world.close();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  await store.close();
});

async function rowsOf(psyberg: OpenedProject, table: string): Promise<string[]> {
  const rowIds = table === 'raw.deleted_3' ? ', _row_id, _last_updated_sequence_number' : '';
  const { rows } = await psyberg.sql(`select *${rowIds} from ${table}`);
  return rows.map((row) => row.map(String).join(' ')).sort();
}

/** The processes of the world with another catalog, in a folder of their own. */
function projectOver(catalog: Readonly<Record<string, unknown>>): string {
  const root = mkdtempSync(join(tmpdir(), 'psyberg-copied-'));
  folders.push(root);
  mkdirSync(join(root, 'processes'));
  for (const name of readdirSync(join(world.root, 'processes')))
    writeFileSync(join(root, 'processes', name), readFileSync(join(world.root, 'processes', name)));
  writeFileSync(join(root, 'psyberg.yaml'), `name: world\ncatalog: ${JSON.stringify(catalog)}\n`);
  return root;
}

const copy = (root: string, place: CopyPlace, request: Partial<CopyRequest> = {}): Promise<RelocateReport> =>
  copyProject(readProject({ root: findProjectRoot(root) }), place, { interrupted: () => false, ...request });

async function expectWhole(root: string, notNamed: string): Promise<void> {
  const psyberg = await open({ project: root });
  try {
    for (const table of TABLES) expect(await rowsOf(psyberg, table), table).toEqual(expected[table]);
    expect((await psyberg.run())[0]).toMatchObject({ status: 'nothing-new' });
    await psyberg.sql(`insert into raw.events ${rowsFrom(100)}`);
    expect((await psyberg.run())[0]).toMatchObject({ status: 'published', rows_written: '20' });
    await psyberg.sql('delete from raw.deleted_2 where id = 3');
    await psyberg.sql('create table placed.new as from raw.events');
    const { tables } = await psyberg.maintain([], { olderThanMs: 0, orphanGraceMs: 1, force: true });
    expect(tables.flatMap(({ error }) => error ?? [])).toEqual([]);
    expect(await rowsOf(psyberg, 'facts.appended')).toHaveLength(40);
    for (const { table } of tables) {
      const [name, ...namespace] = table.split('.').reverse() as [string, ...string[]];
      const loaded = await psyberg.internals.client.loadTable({ namespace, name });
      const text = JSON.stringify(loaded?.metadata, (_key, value) =>
        typeof value === 'bigint' ? String(value) : value,
      );
      expect(text, table).not.toContain(notNamed);
    }
  } finally {
    await psyberg.close();
  }
}

describe('a warehouse that is copied to a store, and back', { timeout: 600_000 }, () => {
  it('is whole there after it was stopped, goes on by itself, and its original is as it was', async () => {
    const storage = store.settings;
    const local = projectOver({ warehouse: world.warehouse, storage });
    const before = folderContents(world.warehouse);
    const to = 's3://lake/copy (1)';
    const dry = await copy(local, { to }, { dryRun: true });
    expect(dry).toMatchObject({ from: world.warehouse, to, copied: true, dry_run: true });
    expect(await store.list('lake')).toEqual([]);
    expect(existsSync(join(local, '.psyberg'))).toBe(false);

    let steps = 0;
    const stopped = copy(
      local,
      { to },
      {
        interrupted: () => steps > 8,
        onStep() {
          steps += 1;
        },
      },
    );
    await expect(stopped).rejects.toMatchObject({ code: 'interrupted' });
    const done = await copy(local, { to });
    expect(done.tables).toEqual(dry.tables);
    expect(done.namespaces).toEqual(['placed']);
    expect(done.files?.already_there).toBeGreaterThan(0);
    expect((done.files?.already_there ?? 0) + (done.files?.copied ?? 0)).toBe(dry.files?.copied);
    expect(done.files?.bytes).toBe(dry.files?.bytes);
    expect(folderContents(world.warehouse)).toEqual(before);
    await expect(copy(local, { to })).rejects.toMatchObject({ code: 'relocate-target-taken' });

    const stored = projectOver({ warehouse: to, state: join(local, '.psyberg'), storage });
    const home = mkdtempSync(join(tmpdir(), 'psyberg-home-'));
    folders.push(home);
    const back = await copy(stored, { to: join(home, 'lake') });
    expect(back.tables.filter(({ missing }) => missing.length > 0)).toEqual([]);

    await expectWhole(stored, world.root);
    await expectWhole(projectOver({ warehouse: join(home, 'lake') }), 's3://');
    expect(folderContents(world.warehouse)).toEqual(before);
  });

  it('is refused where it would lie in itself, or in no place at all', async () => {
    const local = projectOver({ warehouse: world.warehouse, storage: store.settings });
    await expect(copy(local, { to: join(world.warehouse, 'inner') })).rejects.toMatchObject({
      code: 'usage',
    });
    await expect(copy(local, { to: 'ftp://host/lake' })).rejects.toMatchObject({ code: 'usage' });
    await expect(copy(local, { to: 's3://lake/copy [1]' })).rejects.toMatchObject({ code: 'usage' });
    await expect(copy(local, { to: 's3://nowhere/lake' })).rejects.toMatchObject({ code: 'bucket-missing' });
  });
});
