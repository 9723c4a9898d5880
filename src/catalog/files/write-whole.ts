/** A file that is whole when it has its name, and still there after a power cut. */
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { storageFault } from '../../model/storage-faults.ts';
import { makeFolder } from './folders.ts';

/** A reader, or a crash, must never find half a file under the final name. */
export async function writeWhole(folder: string, name: string, content: string | Buffer): Promise<void> {
  const temporary = join(folder, `.${name}.tmp`);
  let file = await open(temporary, 'wx').catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw storageFault(error, { place: temporary }) ?? error;
    makeFolder(folder);
    return await open(temporary, 'wx');
  });
  try {
    try {
      await file.writeFile(content);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(temporary, join(folder, name));
  } catch (error) {
    // A full disk leaves the first part of it.
    await rm(temporary, { force: true });
    throw storageFault(error, { place: temporary }) ?? error;
  }
  file = await open(folder, 'r');
  try {
    // Without it a power cut may lose the name while the pointer in the database survives.
    await file.sync();
  } finally {
    await file.close();
  }
}
