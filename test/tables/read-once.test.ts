// Goal: what never changes is read once: a manifest list by its engine, the columns of manifests of one schema; and
// nothing is taken for another. Method: small Avro files, some of which are gone when they are asked for again.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { readLocalFile, readLocalHead, writeLocalFile } from '../../src/files/local.ts';
import type { Snapshot } from '../../src/iceberg/table-metadata.ts';
import { manifestColumns } from '../../src/tables/read/manifest-columns.ts';
import { liveManifestsOf, manifestsOf } from '../../src/tables/read/manifest-list.ts';
import { engineInFolder } from '../support/engine-in-folder.ts';

const { engine, folder } = await engineInFolder('psyberg-read-once-');

async function write(name: string, query: string): Promise<string> {
  const path = join(folder, name);
  await engine.execute({ sql: `copy (${query}) to '${path}' (format avro)`, parameters: {} });
  return path;
}

const listOf = (...paths: readonly string[]): string =>
  paths
    .map(
      (path) => `select '${path}' as manifest_path, 9::bigint as manifest_length, 0 as partition_spec_id,
    7::bigint as added_snapshot_id, 1 as added_data_files_count, 0 as existing_data_files_count, 0 as deleted_data_files_count`,
    )
    .join(' union all ');
const snapshot = (list: string): Snapshot => ({ 'manifest-list': list }) as Snapshot;
const pathsIn = (rows: readonly { readonly manifest_path: string }[]): string[] =>
  rows.map((row) => row.manifest_path);

it('reads a list once, and each list by itself', async () => {
  const one = await write('one.avro', listOf('m1', 'm2'));
  const other = await write('other.avro', listOf('m3'));
  expect(pathsIn(await manifestsOf(engine, snapshot(one)))).toEqual(['m1', 'm2']);
  rmSync(one);
  expect(pathsIn(await manifestsOf(engine, snapshot(other)))).toEqual(['m3']);
  expect(pathsIn(await liveManifestsOf(engine, snapshot(one)))).toEqual(['m1', 'm2']);
});
it('asks again for a list that could not be read', async () => {
  const late = join(folder, 'late.avro');
  await expect(manifestsOf(engine, snapshot(late))).rejects.toThrow();
  await write('late.avro', listOf('m4'));
  expect(pathsIn(await manifestsOf(engine, snapshot(late)))).toEqual(['m4']);
});
it('keeps the lists that were asked for last', async () => {
  const lists: string[] = [];
  for (let index = 0; index < 18; index += 1)
    lists.push(await write(`list-${index}.avro`, listOf(`m${index}`)));
  for (const list of lists) await manifestsOf(engine, snapshot(list));
  for (const list of lists) rmSync(list);
  expect(pathsIn(await manifestsOf(engine, snapshot(lists.at(-1) as string)))).toEqual(['m17']);
  await expect(manifestsOf(engine, snapshot(lists[0] as string))).rejects.toThrow();
});

it('keeps so many manifests of all lists together', async () => {
  const rows = (name: string) =>
    `select '${name}-' || i as manifest_path, 9::bigint as manifest_length, 0 as partition_spec_id,
    7::bigint as added_snapshot_id, 1 as added_data_files_count, 0 as existing_data_files_count, 0 as deleted_data_files_count from range(2000) as t(i)`;
  const lists: string[] = [];
  for (const name of ['long-1', 'long-2', 'long-3']) lists.push(await write(`${name}.avro`, rows(name)));
  for (const list of lists) expect(await manifestsOf(engine, snapshot(list))).toHaveLength(2000);
  for (const list of lists) rmSync(list);
  await expect(manifestsOf(engine, snapshot(lists[0] as string))).rejects.toThrow();
  for (const list of lists.slice(1)) expect(await manifestsOf(engine, snapshot(list))).toHaveLength(2000);
});

const ENTRY = "select 1 as status, struct_pack(file_path := 'a') as data_file";
const LONGER = "select 1 as status, struct_pack(file_path := 'a', rows := 1::bigint) as data_file";

it('asks for the columns of one schema once', async () => {
  const [first, second, longer] = [
    await write('first.avro', ENTRY),
    await write('second.avro', ENTRY),
    await write('longer.avro', LONGER),
  ];
  const asked = vi.spyOn(engine, 'table');
  const names = async (path: string) => (await manifestColumns(engine, path)).map(({ name }) => name);
  expect(await names(first)).toEqual(['status', 'file_path']);
  expect(await names(second)).toEqual(['status', 'file_path']);
  expect(await names(longer)).toEqual(['status', 'file_path', 'rows']);
  expect(await names(`file://${first}`)).toEqual(['status', 'file_path']);
  expect(asked).toHaveBeenCalledTimes(2);
  asked.mockRestore();
});
it('leaves to DuckDB what this process cannot read', async () => {
  await expect(manifestColumns(engine, join(folder, 'missing.avro'))).rejects.toThrow(/missing\.avro/);
  expect(readLocalHead('s3://bucket/m.avro', 8)).toBeUndefined();
  expect(readLocalFile('s3://bucket/m.avro')).toBeUndefined();
  expect(writeLocalFile('s3://bucket/m.avro', Buffer.from('d'))).toBe(false);
});
it('reads and writes a file of this machine', () => {
  const path = join(folder, 'plain');
  writeFileSync(path, 'abc');
  expect(readLocalHead(path, 2)?.toString()).toBe('ab');
  expect(readLocalFile(`file:${path}`)?.toString()).toBe('abc');
  expect(writeLocalFile(`file:${path}`, Buffer.from('abcd'))).toBe(true);
  expect(readFileSync(path, 'utf8')).toBe('abcd');
});
