/**
 * Metadata files on local disk: written whole before anything points at them, read once.
 *
 * Measured 2026-11 in the server (2 cores, virtual disk, a table of 1,000 snapshots = 600 kB, median of 100): load 0.7 ms, commit 8.5 ms
 * of which 5 ms are making the file durable, load of a branch view 0.2 ms, first load of a file 9 ms.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { PsybergError } from '../../model/errors.ts';
import { parseTableMetadata, renderTableMetadata } from '../../iceberg/read-metadata.ts';
import type { TableMetadata } from '../../iceberg/table-metadata.ts';
import { pathInside } from './locations.ts';

/** Metadata as a value and as the text of its file. */
export interface StoredMetadata {
  readonly metadata: TableMetadata;
  readonly text: string;
}

export interface MetadataFiles {
  read(location: string): Promise<StoredMetadata>;
  /** Writes the next metadata file of a table. @returns its location. */
  write(metadata: TableMetadata, previousLocation: string | undefined): Promise<string>;
  /** Deletes files that nothing points at any more; a file that is already gone is fine. */
  remove(locations: readonly string[]): Promise<void>;
}

/**
 * Text kept in memory: a metadata file never changes, so one that was read need not be read again.
 * The parsed values weigh several times as much, but versions of one table share their snapshots.
 */
const CACHE_CHARACTERS_MAX = 16 * 1024 * 1024;

/** Metadata files below one warehouse folder. */
export function localMetadataFiles(warehouse: string): MetadataFiles {
  const cache = new Map<string, StoredMetadata>();
  let cachedCharacters = 0;
  const remember = (location: string, stored: StoredMetadata): void => {
    forget(location);
    cache.set(location, stored);
    cachedCharacters += stored.text.length;
    for (const oldest of cache.keys()) {
      if (cachedCharacters <= CACHE_CHARACTERS_MAX || oldest === location) break;
      forget(oldest);
    }
  };
  const forget = (location: string): void => {
    cachedCharacters -= cache.get(location)?.text.length ?? 0;
    cache.delete(location);
  };
  return {
    async read(location) {
      const cached = cache.get(location);
      if (cached) {
        remember(location, cached);
        return cached;
      }
      const text = await readText(pathInside(warehouse, location), location);
      const stored = { metadata: parseFile(text, location), text };
      remember(location, stored);
      return stored;
    },
    async write(metadata, previousLocation) {
      const folder = join(pathInside(warehouse, metadata.location), 'metadata');
      const name = `${String(nextVersion(previousLocation)).padStart(5, '0')}-${randomUUID()}.metadata.json`;
      const text = renderTableMetadata(metadata);
      await writeWhole(folder, name, text);
      // The location keeps the table's own spelling (`file:…` or plain), so that its clients find it the way they find the data.
      const location = `${metadata.location.replace(/\/+$/, '')}/metadata/${name}`;
      remember(location, { metadata, text });
      return location;
    },
    async remove(locations) {
      for (const location of locations) {
        forget(location);
        await rm(pathInside(warehouse, location), { force: true }).catch(() => undefined);
      }
    },
  };
}

function parseFile(text: string, location: string): TableMetadata {
  try {
    return parseTableMetadata(text);
  } catch (error) {
    throw new PsybergError('metadata-file-broken', `Metadata file cannot be read: ${location}`, {
      hint: 'restore the file from a backup, or register the table again with an earlier metadata file',
      cause: error,
    });
  }
}

/** Versions count up as in Apache Iceberg's file names; they are for people, the uuid is what makes a name unique. */
function nextVersion(previousLocation: string | undefined): number {
  if (previousLocation === undefined) return 0;
  const version = Number.parseInt(basename(previousLocation), 10);
  return Number.isNaN(version) ? 0 : version + 1;
}

/** A reader, or a crash, must never find half a file under the final name. */
async function writeWhole(folder: string, name: string, text: string): Promise<void> {
  const temporary = join(folder, `.${name}.tmp`);
  let file = await open(temporary, 'wx').catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    await mkdir(folder, { recursive: true });
    return await open(temporary, 'wx');
  });
  try {
    await file.writeFile(text);
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(temporary, join(folder, name));
  file = await open(folder, 'r');
  try {
    // Without it a power cut may lose the name while the pointer in the database survives.
    await file.sync();
  } finally {
    await file.close();
  }
}

const gunzipAsync = promisify(gunzip);

async function readText(path: string, location: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new PsybergError('metadata-file-missing', `Metadata file does not exist: ${location}`, {
      hint: `restore ${dirname(path)} from a backup, or drop the table from the catalog`,
    });
  }
  // Two spellings are in use for compressed metadata: x.gz.metadata.json and x.metadata.json.gz.
  const compressed = /\.gz(\.metadata\.json)?$/.test(path);
  return (compressed ? await gunzipAsync(bytes) : bytes).toString('utf8');
}
