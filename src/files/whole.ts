/**
 * Reads and writes whole files, on this machine or in a store, for what DuckDB cannot read or write. Path ->
 * bytes.
 */
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { storeOf } from '../objects/mounts.ts';

/** Throws an error with the code ENOENT if it does not exist. */
export async function readWhole(path: string): Promise<Buffer> {
  const store = storeOf(path);
  if (store === undefined) return readFile(path);
  const content = await store.read(path);
  if (content === undefined) throw Object.assign(new Error(`${path} does not exist`), { code: 'ENOENT' });
  return content;
}

/**
 * Replaces a file of that name; only for files to which nothing refers yet. Whoever lists the folder finds
 * the whole file or none: a Spark that looked for the newest version had met a file of which only the name
 * existed.
 */
export async function writeAnew(path: string, content: Buffer): Promise<void> {
  const store = storeOf(path);
  if (store === undefined) return writeLocalAnew(path, content);
  if (await store.writeNew(path, content)) return;
  await store.remove([path]);
  await store.writeNew(path, content);
}

async function writeLocalAnew(path: string, content: Buffer): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.tmp`);
  try {
    await writeFile(temporary, content);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** The size in bytes. Throws like {@link readWhole}. */
export async function sizeOf(path: string): Promise<number> {
  const store = storeOf(path);
  if (store === undefined) return (await stat(path)).size;
  const known = await store.checksum(path);
  if (known === undefined) throw Object.assign(new Error(`${path} does not exist`), { code: 'ENOENT' });
  return known.bytes;
}
