// Goal: a warehouse whose folder was moved or copied is put right as a whole, and what was copied never touches
// the original. Method: tables of every version and shape, with deletes and in odd spellings; the folder is
// copied, the original taken away (or watched), and rows, watermarks and files are compared.
import { cpSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RelocateReport } from '../../src/model/relocate-record.ts';
import { findProjectRoot, readProject } from '../../src/project/read-project.ts';
import { relocateProject } from '../../src/workspace/relocate-project.ts';
import { folderContents } from '../support/folder-contents.ts';
import { createNamespace, movableWorld, rowsFrom, TABLES } from '../support/movable-world.ts';
import { type OpenedProject, open } from '../support/open-project.ts';
import type { World } from '../support/world.ts';

const folders: string[] = [];
let world: World;
/** Rows of every table by its name, as the original says. */
const expected: Record<string, string[]> = {};

beforeAll(async () => {
  world = await movableWorld();
  for (const table of TABLES) expected[table] = await rowsOf(world.psyberg, table);
}, 120_000);
afterAll(async () => {
  await world.close();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

async function rowsOf(psyberg: OpenedProject, table: string): Promise<string[]> {
  // Version 3 tables number their rows, and rows keep their numbers.
  const rowIds = table === 'raw.deleted_3' ? ', _row_id, _last_updated_sequence_number' : '';
  const { rows } = await psyberg.sql(`select *${rowIds} from ${table}`);
  return rows.map((row) => row.map(String).join(' ')).sort();
}

/** The project copied to a new folder. */
function copyOfWorld(name = 'größe'): string {
  const folder = join(mkdtempSync(join(tmpdir(), 'psyberg-moved-')), name);
  folders.push(join(folder, '..'));
  cpSync(world.root, folder, { recursive: true, preserveTimestamps: true });
  return folder;
}

const relocate = (
  root: string,
  request: Partial<Parameters<typeof relocateProject>[1]> = {},
): Promise<RelocateReport> =>
  relocateProject(readProject({ root: findProjectRoot(root) }), { interrupted: () => false, ...request });

/** Opens a project for the time of `work`. */
async function within<T>(root: string, work: (psyberg: OpenedProject) => Promise<T>): Promise<T> {
  const psyberg = await open({ project: root });
  try {
    return await work(psyberg);
  } finally {
    await psyberg.close();
  }
}

describe('a copied warehouse', () => {
  it('is told from a missing one, by both folders; relocated, it has every row and goes on by itself', async () => {
    await world.psyberg.close();
    const copy = copyOfWorld('copy [1] of it');
    const to = join(copy, 'warehouse');
    await expect(open({ project: copy })).rejects.toMatchObject({
      code: 'warehouse-moved',
      kind: 'usage',
      message: expect.stringContaining(`was copied from ${world.warehouse} to ${to}`),
      hint: expect.stringContaining('psyberg relocate'),
    });
    const before = { original: folderContents(world.root), copy: folderContents(copy) };
    const dry = await relocate(copy, { dryRun: true });
    expect(folderContents(copy)).toEqual(before.copy);
    expect(dry).toMatchObject({ from: world.warehouse, to, copied: true, dry_run: true });
    const done = await relocate(copy);
    expect(done).toEqual({ ...dry, dry_run: false });
    expect(done.namespaces).toEqual(['placed']);
    expect(done.tables.filter(({ missing }) => missing.length > 0)).toEqual([]);
    expect(done.tables.find(({ table }) => table === 'raw.deleted_2')?.delete_files).toBeGreaterThan(0);
    expect(done.tables.find(({ table }) => table === 'raw.deleted_3')?.delete_files).toBeGreaterThan(0);
    // A file of the original that is asked for would now be missing.
    const away = `${world.root}-away`;
    renameSync(world.root, away);
    try {
      await within(copy, async (psyberg) => {
        for (const table of TABLES) expect(await rowsOf(psyberg, table), table).toEqual(expected[table]);
        expect((await psyberg.run())[0]).toMatchObject({ status: 'nothing-new' });
        await psyberg.sql(`insert into raw.events ${rowsFrom(100)}`);
        expect((await psyberg.run())[0]).toMatchObject({ status: 'published', rows_written: '20' });
        await psyberg.sql('delete from raw.deleted_2 where id = 3');
        await psyberg.sql('create table placed.new as from raw.events');
        await psyberg.sql(`insert into raw.spelled ${rowsFrom(100)}`);
        const { tables } = await psyberg.maintain([], { olderThanMs: 0, orphanGraceMs: 1, force: true });
        expect(tables.flatMap(({ error }) => error ?? [])).toEqual([]);
        expect(await rowsOf(psyberg, 'facts.appended')).toHaveLength(40);
        expect(await rowsOf(psyberg, 'raw.deleted_2')).toHaveLength(
          (expected['raw.deleted_2']?.length ?? 0) - 1,
        );
        for (const { table } of tables) {
          const [name, ...namespace] = table.split('.').reverse() as [string, ...string[]];
          const loaded = await psyberg.internals.client.loadTable({ namespace, name });
          const text = JSON.stringify(loaded?.metadata, (_key, value) =>
            typeof value === 'bigint' ? String(value) : value,
          );
          expect(text, table).not.toContain(`${world.root}/`);
        }
      });
      expect(await relocate(copy)).toMatchObject({ from: null, tables: [] });
    } finally {
      renameSync(away, world.root);
    }
    expect(folderContents(world.root)).toEqual(before.original);
    await world.reopen();
  }, 120_000);

  it('with a table outside of the original is refused, until it lets go of that table', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'psyberg-outside-'));
    folders.push(outside);
    world.write(
      'psyberg.yaml',
      `name: world\ncatalog: { warehouse: warehouse, allowed_locations: [${outside}] }\n`,
    );
    await world.reopen();
    await createNamespace(world, 'shared', join(outside, 'shared'));
    await world.create('shared.table', 'id bigint, ts timestamptz');
    await world.land('shared.table', rowsFrom(0));
    const copy = copyOfWorld();
    await expect(relocate(copy)).rejects.toMatchObject({ code: 'relocate-shared', kind: 'refused' });
    expect(await relocate(copy, { forgetShared: true })).toMatchObject({
      forgotten: ['shared.table'],
      namespaces: ['placed', 'shared'],
    });
    await within(copy, async (psyberg) => {
      await psyberg.sql('create table shared.other as select 1 as a');
      expect(readdirSync(join(copy, 'warehouse', 'shared'))).toEqual(['other']);
      expect(await psyberg.internals.client.tableExists({ namespace: ['shared'], name: 'table' })).toBe(
        false,
      );
    });
    expect(await rowsOf(world.psyberg, 'shared.table')).toHaveLength(20);
    await world.sql('drop table shared.table');
    await world.sql('drop schema shared');
  }, 60_000);
});

describe('a warehouse that was moved', () => {
  it('lacks files: refused, with the first of them, and nothing is changed', async () => {
    const copy = copyOfWorld();
    const data = join(copy, 'warehouse', 'raw', 'old', 'data');
    const [file = ''] = readdirSync(data);
    rmSync(join(data, file));
    const before = folderContents(copy);
    await expect(relocate(copy)).rejects.toMatchObject({
      code: 'relocate-incomplete',
      message: expect.stringContaining(file),
      context: { table: 'raw.old' },
    });
    expect(folderContents(copy)).toEqual(before);
  });

  it('is whole after being stopped anywhere, and relocates again, also when it moves on', async () => {
    const copy = copyOfWorld();
    const before = folderContents(copy);
    for (const stopAt of [1, 15]) {
      let asked = 0;
      const stopped = relocate(copy, { interrupted: () => ++asked === stopAt });
      await expect(stopped).rejects.toMatchObject({ code: 'interrupted' });
      expect(folderContents(copy)).toEqual(before);
    }
    await relocate(copy);
    const next = join(copy, '..', 'next');
    renameSync(copy, next);
    expect(await relocate(next)).toMatchObject({ from: join(copy, 'warehouse'), copied: false });
    await within(next, async (psyberg) => {
      for (const table of TABLES) expect(await rowsOf(psyberg, table), table).toEqual(expected[table]);
    });
    const names = readdirSync(join(next, 'warehouse'), { recursive: true }).map(String);
    expect(names.filter((name) => /-moved-.*-moved-/.test(name))).toEqual([]);
  }, 60_000);

  it('is not one that is reached through a link', async () => {
    const link = `${world.root}-link`;
    symlinkSync(world.root, link);
    folders.push(link);
    expect(await relocate(link)).toMatchObject({ from: null });
    await within(link, async (psyberg) => {
      expect(await rowsOf(psyberg, 'raw.old')).toEqual(expected['raw.old']);
      await psyberg.sql(`insert into raw.events ${rowsFrom(200)}`);
      const { tables } = await psyberg.maintain(['raw.events'], { orphanGraceMs: 1, force: true });
      expect(tables[0]).toMatchObject({ error: null, orphans: { bytes: '0' } });
    });
    expect(await rowsOf(world.psyberg, 'raw.events')).toHaveLength(40);
  });
});
