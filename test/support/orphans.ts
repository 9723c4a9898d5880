/** Files of a warehouse that no table refers to: what a crash must not leave behind. World -> paths. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { ObjectStore } from './moto.ts';
import { storeOfAllWorlds, type World } from './world.ts';

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
  const store = storeOfAllWorlds();
  if (store !== undefined) return storedOrphans(world, store);
  const found = await unnamedFiles(world, async (folder) => filesBelow(folder));
  const sessions = filesBelow(join(world.warehouse, '.psyberg', 'sessions'));
  return [...found, ...sessions].map((file) => relative(world.warehouse, file)).sort();
}

/** The same of a warehouse in an object store, of which every object counts that is in no table's folder. */
export async function storedOrphans(world: World, store: Pick<ObjectStore, 'list'>): Promise<string[]> {
  const [, scheme, bucket = '', prefix] = /^(\w+):\/\/([^/]+)\/(.*)$/.exec(world.warehouse) ?? [];
  const all = (await store.list(bucket, `${prefix}/`)).map((key) => `${scheme}://${bucket}/${key}`);
  const inTables = new Set<string>();
  const found = await unnamedFiles(world, async (folder) => {
    const files = all.filter((file) => file.startsWith(`${folder}/`));
    for (const file of files) inTables.add(file);
    return files;
  });
  return [...found, ...all.filter((file) => !inTables.has(file))].sort();
}

/** Objects in folders of tables of a foreign catalog that nothing in the tables names. */
export async function foreignOrphans(
  world: World,
  store: Pick<ObjectStore, 'list'>,
  bucket: string,
  root = `s3://${bucket}`,
): Promise<string[]> {
  const all = (await store.list(bucket)).map((key) => `${root}/${key}`);
  const found = await unnamedFiles(world, async (folder) =>
    all.filter((file) => file.startsWith(`${folder}/`)),
  );
  return found.sort();
}

/** Files of the tables' folders that nothing in the tables names. */
async function unnamedFiles(
  world: World,
  filesOf: (folder: string) => Promise<readonly string[]>,
): Promise<string[]> {
  const { client } = world.psyberg.internals;
  const found: string[] = [];
  for (const namespace of await client.listNamespaces())
    for (const id of await client.listTables(namespace)) {
      const loaded = await client.loadTable(id);
      if (loaded === undefined) continue;
      const { metadata } = loaded;
      const lists = (metadata.snapshots ?? []).map((snapshot) => snapshot['manifest-list']);
      const quoted = (paths: readonly string[]): string =>
        `[${paths.map((path) => `'${path.replaceAll("'", "''")}'`).join(', ')}]`;
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
        ...(await filesOf(`${metadata.location}/data`)),
        ...(await filesOf(`${metadata.location}/metadata`)),
      ];
      found.push(...files.filter((file) => !known.has(file)));
    }
  return found;
}
