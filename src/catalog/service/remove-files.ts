/**
 * Deletes files of a warehouse: metadata files that a table no longer lists, and purged tables. Never deletes
 * what another name points at.
 */
import { basename, dirname, normalize } from 'node:path';
import { mayDeleteFiles } from '../../iceberg/retention.ts';
import type { TableMetadata } from '../../iceberg/table-metadata.ts';
import { localPath, PATH_PROPERTIES, pathInside, realPlace } from '../files/locations.ts';
import { metadataFolder } from '../files/metadata-files.ts';
import type { Warehouse } from './warehouse.ts';

interface StoredTable {
  readonly metadata: TableMetadata;
  readonly metadataLocation: string;
}

/**
 * Deletes those of a table's earlier metadata files that are its own and that no name points at: two names
 * may have been registered on one file.
 */
export async function removeEarlierFiles(
  { store, files }: Pick<Warehouse, 'store' | 'files'>,
  metadata: TableMetadata,
  locations: readonly string[],
): Promise<void> {
  const own = locations.filter(isMetadataOf(metadata));
  if (own.length === 0) return;
  const named = new Set((await store.locationsWith(own.map((location) => basename(location)))).map(placeOf));
  await files.remove(own.filter((location) => !named.has(placeOf(location))));
}

/**
 * Deletes a dropped table's folder, unless another table has files in it. With `gc.enabled=false` only the
 * table's own metadata files are deleted: its data may be shared with tables that this catalog does not know
 * (like Apache Iceberg's `CatalogUtil.dropTableData`).
 */
export async function purgeTable(
  warehouse: Warehouse,
  { metadata, metadataLocation }: StoredTable,
): Promise<void> {
  const { roots, disk, store, files, viewFiles } = warehouse;
  const log = (metadata['metadata-log'] ?? []).map((entry) => entry['metadata-file']);
  const removeMetadata = (): Promise<void> =>
    removeEarlierFiles(warehouse, metadata, [...log, metadataLocation]);
  if (!mayDeleteFiles(metadata)) return await removeMetadata();
  const path = pathInside(roots, metadata.location);
  const isInTable = isWithin(path);
  const others: string[] = [];
  const isView = (location: string): Promise<boolean> =>
    viewFiles.read(location).then(
      () => true,
      () => false,
    );
  for (const other of await store.metadataLocations()) {
    if (isInTable(other)) return;
    // A table may have its metadata elsewhere and its rows in here. So may one that cannot be read.
    const neighbour = await files.read(other).catch(() => undefined);
    const places = neighbour === undefined ? [] : placesOf(neighbour.metadata);
    if (neighbour === undefined ? !(await isView(other)) : places.some(isInTable)) return;
    others.push(other, ...places);
  }
  await disk.removeFolder(path);
  await removeMetadata();
  for (const place of placesOf(metadata)) await removeEmptyFolder(warehouse, place, others);
}

/**
 * Deletes a folder that a property named only if it is empty and no other table names it: its files may
 * belong to anybody.
 */
async function removeEmptyFolder(
  { roots, disk }: Pick<Warehouse, 'roots' | 'disk'>,
  location: string,
  others: readonly string[],
): Promise<void> {
  try {
    const path = pathInside(roots, location);
    if (!others.some(isWithin(path))) await disk.removeEmptyFolder(path);
  } catch {
    // It is not empty, gone already, or may not be removed.
  }
}

/** Compares paths, not texts: `file:/a//b` and `/a/b` are one folder. */
function isWithin(folder: string): (location: string) => boolean {
  const real = realPlace(folder);
  return (location) => {
    const other = realPlace(location);
    return other !== undefined && `${other}/`.startsWith(`${real}/`);
  };
}

/** Where a table's files may lie: its location, and the folders named by its properties. */
const placesOf = ({ location, properties = {} }: TableMetadata): string[] => [
  location,
  ...PATH_PROPERTIES.flatMap((name) => properties[name] ?? []),
];

/** The same for every spelling of a location. */
const placeOf = (location: string): string => normalize(localPath(location) ?? location);

/**
 * Tells a table's own metadata files. The log of a registered file may name others, which must not be
 * deleted.
 */
function isMetadataOf(table: TableMetadata): (location: string) => boolean {
  const folders = [`${table.location}/metadata`, metadataFolder(table)].map(placeOf);
  return (location) => {
    const path = placeOf(location);
    return folders.includes(dirname(path)) && /\.metadata\.json(\.gz)?$/.test(path);
  };
}
