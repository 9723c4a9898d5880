/** Writes a file that is complete once it has its name, and that survives a power cut. */
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../../disk/make-folder.ts';
import { storageFault } from '../../model/storage-faults.ts';

/** The content of a file; in parts if it was put together from them. */
export type FileContent = string | Buffer | readonly Buffer[];
export const wholeContent = (content: FileContent): string | Buffer =>
  typeof content === 'string' || Buffer.isBuffer(content) ? content : Buffer.concat(content);

/** A reader, or a crash, must never find half a file under the final name. */
export async function writeWhole(folder: string, name: string, content: FileContent): Promise<void> {
  const temporary = join(folder, `.${name}.tmp`);
  let file = await open(temporary, 'wx').catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw storageFault(error, { place: temporary, isWritten: true }) ?? error;
    makeFolder(folder);
    return await open(temporary, 'wx');
  });
  try {
    try {
      await writeContent(file, content);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(temporary, join(folder, name));
  } catch (error) {
    // A full disk leaves the beginning of it.
    await rm(temporary, { force: true });
    throw storageFault(error, { place: temporary, isWritten: true }) ?? error;
  }
  file = await open(folder, 'r');
  try {
    // Without this a power cut may lose the file while the pointer in the database survives.
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Writes the parts as they are: joining them would make a copy of 2 MB of garbage for each commit once
 * metadata grow.
 */
async function writeContent(file: FileHandle, content: FileContent): Promise<void> {
  if (typeof content === 'string' || Buffer.isBuffer(content)) return file.writeFile(content);
  let rest = content;
  while (rest.length > 0) rest = partsAfter(rest, (await file.writev(rest)).bytesWritten);
}

function partsAfter(parts: readonly Buffer[], bytes: number): readonly Buffer[] {
  let left = bytes;
  const at = parts.findIndex((part) => {
    if (part.length > left) return true;
    left -= part.length;
    return false;
  });
  const [first, ...others] = at < 0 ? [] : parts.slice(at);
  return first === undefined ? [] : [first.subarray(left), ...others];
}
