/**
 * Small files of a store that this machine wrote, in a folder beside the project for the processes that come
 * after: each with a checksum and the location that it is a copy of. Location -> content, or nothing.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkedCopies } from '../model/checked-copy.ts';

/** Most manifests and lists are below; larger ones are read from the store. */
const KEPT_BYTES_MAX = 1 << 18;
/** A session writes about ten; beyond, the older half goes. */
const KEPT_FILES_MAX = 4000;

export interface KeptFiles {
  readonly read: (location: string) => Buffer | undefined;
  readonly keep: (location: string, content: () => Buffer) => void;
}
export const NOTHING_KEPT: KeptFiles = { read: () => undefined, keep: () => undefined };

const sha256 = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');
const { copyOf, contentOf } = checkedCopies(sha256);

/** `folder`: absolute; made when the first one is kept. */
export function keptFiles(folder: string): KeptFiles {
  const nameOf = (location: string): string => join(folder, sha256(location).slice(0, 40));
  let isTidy = false;
  return {
    read(location) {
      try {
        return contentOf(location, readFileSync(nameOf(location)));
      } catch {
        return undefined;
      }
    },
    keep(location, contentOf) {
      const temporary = join(folder, `.${randomUUID()}.tmp`);
      try {
        const content = contentOf();
        if (content.length > KEPT_BYTES_MAX) return;
        mkdirSync(folder, { recursive: true });
        if (!isTidy) tidy(folder);
        isTidy = true;
        writeFileSync(temporary, copyOf(location, content));
        renameSync(temporary, nameOf(location));
      } catch {
        // Without a copy the store is asked again.
        removeIfThere(temporary);
      }
    },
  };
}

/** Also a folder. Where it cannot be removed it stays. */
export function removeIfThere(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // Where there is no such folder there is no such file.
  }
}

function tidy(folder: string): void {
  const names = readdirSync(folder);
  if (names.length <= KEPT_FILES_MAX) return;
  const byAge = names
    .map((name) => ({ path: join(folder, name), ms: statSync(join(folder, name)).mtimeMs }))
    .sort((left, right) => left.ms - right.ms);
  for (const { path } of byAge.slice(0, names.length - KEPT_FILES_MAX / 2)) rmSync(path, { force: true });
}
