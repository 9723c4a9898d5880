/**
 * Small files of a store that this machine wrote, in a folder beside the project for the processes that come
 * after: each with a checksum and the location that it is a copy of. Location -> content, or nothing.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../disk/make-folder.ts';
import { writeAtOnce } from '../disk/write-at-once.ts';
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
      try {
        const content = contentOf();
        if (content.length > KEPT_BYTES_MAX) return;
        makeFolder(folder);
        if (!isTidy) tidy(folder);
        isTidy = true;
        writeAtOnce(nameOf(location), copyOf(location, content));
      } catch {
        // Without a copy the store is asked again.
      }
    },
  };
}

function tidy(folder: string): void {
  const names = readdirSync(folder);
  if (names.length <= KEPT_FILES_MAX) return;
  const byAge = names
    .map((name) => ({ path: join(folder, name), ms: statSync(join(folder, name)).mtimeMs }))
    .sort((left, right) => left.ms - right.ms);
  for (const { path } of byAge.slice(0, names.length - KEPT_FILES_MAX / 2)) rmSync(path, { force: true });
}
