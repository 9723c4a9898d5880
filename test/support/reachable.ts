/**
 * What lies in a table's folder beside what its metadata reach, each read in the plainest way: one manifest
 * list, one manifest at a time. World + table -> two lists of paths relative to the warehouse.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { storeOfAllWorlds, tableId, type World } from './world.ts';

const plain = (path: string): string => path.replace(/^file:(\/\/)?/, '');

export async function reachedFiles(world: World, table: string): Promise<string[]> {
  const loaded = await world.psyberg.internals.client.loadTable(tableId(table));
  if (loaded === undefined) throw new Error(`no table ${table}`);
  const { metadata, metadataLocation } = loaded;
  const reached = new Set<string>([
    metadataLocation,
    ...(metadata['metadata-log'] ?? []).map((entry) => entry['metadata-file']),
  ]);
  for (const file of [...(metadata.statistics ?? []), ...(metadata['partition-statistics'] ?? [])])
    reached.add((file as { 'statistics-path': string })['statistics-path']);
  const manifests = new Set<string>();
  for (const snapshot of metadata.snapshots ?? []) {
    reached.add(snapshot['manifest-list']);
    for (const row of await world.sql(`select manifest_path from read_avro('${snapshot['manifest-list']}')`))
      manifests.add(row['manifest_path'] as string);
  }
  for (const manifest of manifests) {
    reached.add(manifest);
    for (const row of await world.sql(
      `select data_file.file_path as path from read_avro('${manifest}') where status < 2`,
    ))
      reached.add(row['path'] as string);
  }
  return [...reached].map((path) => relative(world.warehouse, plain(path))).sort();
}

export async function filesOf(world: World, table: string): Promise<string[]> {
  const store = storeOfAllWorlds();
  if (store !== undefined) {
    const [, bucket = '', prefix = ''] = /^\w+:\/\/([^/]+)\/(.*)$/.exec(world.warehouse) ?? [];
    const keys = await store.list(bucket, `${prefix}/${table.replaceAll('.', '/')}/`);
    return keys.map((key) => relative(prefix, key)).sort();
  }
  const folder = join(world.warehouse, ...table.split('.'));
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(world.warehouse, join(entry.parentPath, entry.name)))
    .sort();
}
