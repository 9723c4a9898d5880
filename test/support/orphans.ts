/** Files of a warehouse that no table refers to: what a crash must not leave behind. World -> paths. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { World } from './world.ts';

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesBelow(path) : [path];
  });
}

/**
 * Of every table: data files, manifests, manifest lists and metadata files that nothing in it names; and
 * folders of sessions. Relative to the warehouse.
 */
export async function orphans(world: World): Promise<string[]> {
  const { client } = world.psyberg.internals;
  const found: string[] = [];
  for (const namespace of await client.listNamespaces())
    for (const id of await client.listTables(namespace)) {
      const loaded = await client.loadTable(id);
      if (loaded === undefined) continue;
      const { metadata } = loaded;
      const lists = (metadata.snapshots ?? []).map((snapshot) => snapshot['manifest-list']);
      const quoted = (paths: readonly string[]): string => `[${paths.map((path) => `'${path}'`).join(', ')}]`;
      const manifests =
        lists.length === 0
          ? []
          : (await world.sql(`select distinct manifest_path as path from read_avro(${quoted(lists)})`)).map(
              (row) => String(row['path']),
            );
      const data =
        manifests.length === 0
          ? []
          : (
              await world.sql(
                `select distinct data_file.file_path as path from read_avro(${quoted(manifests)})`,
              )
            ).map((row) => String(row['path']));
      const known = new Set([
        loaded.metadataLocation,
        ...(metadata['metadata-log'] ?? []).map((entry) => entry['metadata-file']),
        ...lists,
        ...manifests,
        ...data,
      ]);
      const files = [
        ...filesBelow(join(metadata.location, 'data')),
        ...filesBelow(join(metadata.location, 'metadata')),
      ];
      found.push(...files.filter((file) => !known.has(file)).map((file) => relative(world.warehouse, file)));
    }
  const sessions = join(world.warehouse, '.psyberg', 'sessions');
  return [...found, ...filesBelow(sessions).map((file) => relative(world.warehouse, file))].sort();
}
