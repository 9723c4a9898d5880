/**
 * Keeps copies, on this machine, of metadata files in an object store: for each folder the one that was read
 * or written last. A metadata file never changes under its name, and the pointers tell which one is current,
 * so with its copy a command that finds nothing new need not ask the store. Disk -> disk.
 */
import { createHash, randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolder } from '../../disk/make-folder.ts';
import { checkedCopies } from '../../model/checked-copy.ts';
import type { Disk } from './disk.ts';
import { wholeContent } from './write-whole.ts';

const sha256 = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');
const { copyOf, contentOf } = checkedCopies(sha256);

/**
 * `folder`: absolute, for the copies; created if missing. If it cannot be read or written, the disk works as
 * without it.
 */
export function keepingCopies(disk: Disk, folder: string): Disk {
  // One copy for each metadata folder, so never more copies than tables.
  const fileOf = (path: string): string => join(folder, sha256(dirname(path)));
  const keep = async (path: string, content: string | Uint8Array): Promise<void> => {
    const temporary = join(folder, `.${randomUUID()}.tmp`);
    try {
      makeFolder(folder);
      await writeFile(temporary, copyOf(path, Buffer.from(content)), { flag: 'wx' });
      await rename(temporary, fileOf(path));
    } catch {
      // Without a copy the store is just asked again.
      await rm(temporary, { force: true }).catch(() => undefined);
    }
  };
  const kept = async (path: string): Promise<Buffer | undefined> => {
    const copy = await readFile(fileOf(path)).catch(() => undefined);
    return copy === undefined ? undefined : contentOf(path, copy);
  };
  return {
    ...disk,
    async read(path, use) {
      const copy = await kept(path);
      if (copy !== undefined) return use(copy);
      const content = await disk.read(path, (file) => Buffer.from(file));
      await keep(path, content);
      return use(content);
    },
    async writeNew(into, name, content) {
      const whole = wholeContent(content);
      await disk.writeNew(into, name, whole);
      await keep(`${into}/${name}`, whole);
    },
    async removeFolder(path) {
      await rm(fileOf(`${path}/metadata/any`), { force: true }).catch(() => undefined);
      await disk.removeFolder(path);
    },
  };
}
