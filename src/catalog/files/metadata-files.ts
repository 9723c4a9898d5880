/**
 * Metadata files of a warehouse: written whole before anything points at them, read once.
 *
 * Measured 2026-11 in the server (2 cores, virtual disk, a table of 1,000 snapshots = 600 kB, median of
 * 100): load 0.7 ms, commit 8.5 ms of which 5 ms are making the file durable, load of a branch view 0.2
 * ms, first load of a file 9 ms.
 */
import { randomUUID } from 'node:crypto';
import { basename, dirname } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { tableMetadataParser } from '../../iceberg/known-snapshots.ts';
import { renderMetadataFile } from '../../iceberg/read-metadata.ts';
import type { TableMetadata } from '../../iceberg/table-metadata.ts';
import { parseViewMetadata, renderViewMetadata, type ViewMetadata } from '../../iceberg/view-metadata.ts';
import { PsybergError } from '../../model/errors.ts';
import { withoutSlash } from '../../model/without-slash.ts';
import { badRequest } from '../errors.ts';
import { checkMetadataLocation } from '../names.ts';
import type { Disk } from './disk.ts';
import { pathInside, type Roots } from './locations.ts';
import {
  type MetadataCache,
  type MetadataText,
  metadataCache,
  type StoredMetadata,
  wholeText,
} from './metadata-cache.ts';

/** What the metadata of tables and of views have in common. */
interface Located {
  readonly location: string;
  readonly properties?: Readonly<Record<string, string>>;
}
export interface MetadataFiles<T extends Located> {
  /** @throws PsybergError `metadata-file-missing`, `metadata-file-broken`. */
  read(location: string): Promise<StoredMetadata<T>>;
  /**
   * Reads a file that a client names: a broken one is then the client's mistake. @throws PsybergError
   * `metadata-file-missing`, `bad-request`.
   */
  readGiven(location: string): Promise<StoredMetadata<T>>;
  /** Writes the next metadata file of a table or view. @returns its location. */
  write(metadata: T, previousLocation: string | undefined): Promise<string>;
  /** Deletes files that nothing points at any more; a file that is already gone is fine. */
  remove(locations: readonly string[]): Promise<void>;
}

/** From the bytes of a file, of which nothing else is kept, and back. */
interface Codec<T> {
  readonly parse: (file: Buffer) => StoredMetadata<T>;
  readonly render: (metadata: T) => MetadataText;
}

export const tableMetadataFiles = (place: Place): MetadataFiles<TableMetadata> =>
  metadataFiles({ ...place, parse: tableMetadataParser(), render: renderMetadataFile });
export const viewMetadataFiles = (place: Place): MetadataFiles<ViewMetadata> =>
  metadataFiles({
    ...place,
    parse(file) {
      const text = file.toString();
      return { metadata: parseViewMetadata(text), text };
    },
    render: renderViewMetadata,
  });

/** Where the files are. */
interface Place {
  readonly roots: Roots;
  readonly disk: Disk;
}

/** Where the files of one kind are, how they are read and written, and those at hand. */
interface Files<T> extends Codec<T>, Place {
  readonly cache: MetadataCache<T>;
}

function metadataFiles<T extends Located>(of: Place & Codec<T>): MetadataFiles<T> {
  const files: Files<T> = { ...of, cache: metadataCache() };
  return {
    read: (location) => readMetadata(files, location),
    async readGiven(location) {
      try {
        return await readMetadata(files, location);
      } catch (error) {
        if (error instanceof PsybergError && error.code === 'metadata-file-broken')
          throw badRequest(`Cannot register ${location}: ${reasonOf(error.cause)}`);
        throw error;
      }
    },
    write: (metadata, previousLocation) => writeMetadata(files, metadata, previousLocation),
    async remove(locations) {
      const paths = locations.flatMap((location) => {
        files.cache.forget(location);
        try {
          return [pathInside(files.roots, location)];
        } catch {
          // It stays: it lies where this catalog may not write.
          return [];
        }
      });
      // What cannot be deleted stays, too: the commit that forgot it is made.
      await files.disk.remove(paths).catch(() => undefined);
    },
  };
}

async function readMetadata<T>(
  { roots, disk, cache, parse }: Files<T>,
  location: string,
): Promise<StoredMetadata<T>> {
  const cached = cache.find(location);
  if (cached) {
    // A table whose file is gone is damaged: answering from memory would hide it until the next start.
    try {
      disk.look(cached.path);
    } catch (error) {
      cache.forget(location);
      throw missingOr(error, location, cached.path);
    }
    cache.remember(location, cached);
    return cached;
  }
  const path = pathInside(roots, location);
  const parsed = await readFile(disk, { path, location }, parse);
  const stored = { ...parsed, path };
  cache.remember(location, stored);
  return stored;
}

async function writeMetadata<T extends Located>(
  { roots, disk, cache, render }: Files<T>,
  metadata: T,
  previousLocation: string | undefined,
): Promise<string> {
  const folder = metadataFolder(metadata);
  const compressed = metadata.properties?.['write.metadata.compression-codec']?.toLowerCase() === 'gzip';
  const version = String(nextVersion(previousLocation)).padStart(5, '0');
  const name = `${version}-${randomUUID()}${compressed ? '.gz' : ''}.metadata.json`;
  const path = pathInside(roots, folder);
  // The location keeps the table's own spelling (`file:…` or plain), so that its clients find it the way they
  // find the data.
  const location = `${folder}/${name}`;
  checkMetadataLocation(location);
  const text = render(metadata);
  await disk.writeNew(path, name, compressed ? await gzipAsync(wholeText(text)) : text);
  cache.remember(location, { metadata, text, path: `${path}/${name}` });
  return location;
}

/** What the parser of JSON says may hold a piece of the file, which need not be metadata at all. */
const reasonOf = (cause: unknown): string =>
  cause instanceof PsybergError ? cause.message : 'it is no JSON file';

/** Where the next metadata file of a table or view goes, without a slash at its end. */
export const metadataFolder = ({ location, properties }: Located): string =>
  withoutSlash(properties?.['write.metadata.path'] ?? `${withoutSlash(location)}/metadata`);

function parseFile<T>(file: Buffer, location: string, parse: (file: Buffer) => T): T {
  try {
    return parse(file);
  } catch (error) {
    throw broken(location, error);
  }
}

const broken = (location: string, cause: unknown): PsybergError =>
  new PsybergError('metadata-file-broken', `Metadata file cannot be read: ${location}: ${reasonOf(cause)}`, {
    hint: 'restore the file from a backup, or register the table again with an earlier metadata file',
    cause,
  });

/**
 * Versions count up as in Apache Iceberg's file names; they are for people, the uuid is what makes a name
 * unique.
 */
function nextVersion(previousLocation: string | undefined): number {
  if (previousLocation === undefined) return 0;
  const version = Number.parseInt(basename(previousLocation), 10);
  return Number.isNaN(version) ? 0 : version + 1;
}

const [gunzipAsync, gzipAsync] = [promisify(gunzip), promisify(gzip)];

/** What `parse` makes of a file, as it was before it was compressed. */
async function readFile<T>(
  disk: Disk,
  { path, location }: { readonly path: string; readonly location: string },
  parse: (file: Buffer) => T,
): Promise<T> {
  const read = <R>(use: (file: Buffer) => R): Promise<R> =>
    disk.read(path, use).catch((error: unknown) => {
      throw missingOr(error, location, path);
    });
  // Two spellings are in use for compressed metadata: x.gz.metadata.json and x.metadata.json.gz.
  if (!/\.gz(\.metadata\.json)?$/.test(path)) return read((file) => parseFile(file, location, parse));
  const packed = await read((file) => Buffer.from(file));
  const file = await gunzipAsync(packed).catch((error: unknown) => {
    throw broken(location, error);
  });
  return parseFile(file, location, parse);
}

function missingOr(error: unknown, location: string, path: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EISDIR') return broken(location, error);
  if (code !== 'ENOENT' && code !== 'ENOTDIR') return error;
  // The words that Apache Iceberg's clients look for come first.
  return new PsybergError(
    'metadata-file-missing',
    `Failed to open input stream for file: ${location}: it does not exist`,
    {
      hint: `restore ${dirname(path)} from a backup, or drop the table from the catalog`,
    },
  );
}
