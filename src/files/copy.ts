/**
 * Copies a file between folders and stores, and checks size and MD5 of the copy. Path -> path. A copy that
 * already exists is not made again.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { makeFolder } from '../disk/make-folder.ts';
import { PsybergError, refusal } from '../model/errors.ts';
import { storeOf } from '../objects/mounts.ts';
import type { ObjectStore } from '../objects/object-store.ts';

interface Content {
  readonly bytes: number;
  /** In hexadecimal digits. */
  readonly md5: string;
}
export interface CopiedFile {
  readonly bytes: number;
  /** False if the copy already existed. */
  readonly isNew: boolean;
}

/** Throws `relocate-target-taken` if another file has that name, and `relocate-not-verified`. */
export async function copyVerified(from: string, to: string): Promise<CopiedFile> {
  const source = await contentOf(from);
  if (source === undefined)
    throw new PsybergError('relocate-not-verified', `${from} went away while it was copied`, {
      hint: 'run the same command again: what was copied is not copied again',
    });
  const there = await contentOf(to);
  if (there !== undefined) {
    if (isSame(source, there)) return { bytes: source.bytes, isNew: false };
    throw refusal('relocate-target-taken', `${to} is there, and is another file than ${from}`, {
      hint: 'choose an empty place: psyberg relocate --to PLACE',
      context: { from, to },
    });
  }
  await copy(from, to, source);
  const copied = await contentOf(to);
  if (copied === undefined || !isSame(source, copied))
    throw new PsybergError('relocate-not-verified', `the copy ${to} is not what ${from} holds`, {
      hint: 'remove it, and run the same command again',
      context: { from, to, expected: source, found: copied ?? null },
    });
  return { bytes: source.bytes, isNew: true };
}

const isSame = (one: Content, other: Content): boolean => one.bytes === other.bytes && one.md5 === other.md5;

async function copy(from: string, to: string, { md5 }: Content): Promise<void> {
  const [source, target] = [storeOf(from), storeOf(to)];
  if (source === undefined && target !== undefined) return target.upload(from, to, Buffer.from(md5, 'hex'));
  // A file gets its name only when it is complete.
  const temporary =
    target === undefined ? `${to}.${randomUUID()}.tmp` : join(tmpdir(), `psyberg-${randomUUID()}`);
  if (target === undefined) makeFolder(dirname(to));
  try {
    if (source === undefined) await copyFile(from, temporary);
    else await source.download(from, temporary);
    if (target === undefined) await rename(temporary, to);
    else await target.upload(temporary, to, Buffer.from(md5, 'hex'));
  } finally {
    await rm(temporary, { force: true });
  }
}

async function contentOf(path: string): Promise<Content | undefined> {
  const store = storeOf(path);
  if (store !== undefined) return contentInStore(store, path);
  const file = await stat(path).catch(() => undefined);
  return file === undefined ? undefined : { bytes: file.size, md5: await md5Of(path) };
}

/** A store knows the checksum of what was uploaded in one piece; otherwise the object has to be read. */
async function contentInStore(store: ObjectStore, location: string): Promise<Content | undefined> {
  const known = await store.checksum(location);
  if (known === undefined) return undefined;
  if (known.md5 !== undefined) return { bytes: known.bytes, md5: known.md5 };
  const temporary = join(tmpdir(), `psyberg-${randomUUID()}`);
  try {
    await store.download(location, temporary);
    return { bytes: known.bytes, md5: await md5Of(temporary) };
  } finally {
    await rm(temporary, { force: true });
  }
}

async function md5Of(path: string): Promise<string> {
  const hash = createHash('md5');
  for await (const part of createReadStream(path)) hash.update(part as Buffer);
  return hash.digest('hex');
}
