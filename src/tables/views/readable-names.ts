/**
 * Copies manifests whose partition fields have names that DuckDB's Avro reader refuses. Metadata -> metadata
 * over copies of those manifests, only for reading: Java and Python write `größe` as a name in Avro, but
 * `gr_xF6_xDFe` is a name for every reader. Only the names in the head of the file differ; readers find
 * fields by their ids.
 */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../../disk/make-folder.ts';
import { writeAtOnce } from '../../disk/write-at-once.ts';
import type { Engine } from '../../engine/index.ts';
import { encodeAvroNames } from '../../iceberg/avro-header.ts';
import type { Snapshot, TableMetadata } from '../../iceberg/table-metadata.ts';
import { listStatement, statement } from '../../statements/index.ts';
import { bytesOf } from '../avro-files.ts';
import { rowLineageOf } from '../write/new-files.ts';

/** True if a table's manifests may have such names; those that psyberg writes have none. */
const isNamedOtherwise = (metadata: TableMetadata): boolean =>
  metadata['partition-specs'].some((spec) => spec.fields.some((field) => /[^\p{ASCII}]/u.test(field.name)));

/** Metadata -> metadata to read. `engine` is called only if there is something to do. */
export type ReadableNames = (
  metadata: TableMetadata,
  engine: (work: (engine: Engine) => Promise<TableMetadata>) => Promise<TableMetadata>,
) => Promise<TableMetadata>;

/**
 * Makes the reader of such tables. `folder`: where copies are kept, by the paths of their originals, which
 * never change.
 */
export function readableNames(folder: string): ReadableNames {
  /** From a manifest to its copy, or to itself if it needs none. */
  const manifests = new Map<string, string>();
  const lists = new Map<string, string>();
  const read = async (engine: Engine, metadata: TableMetadata): Promise<TableMetadata> => {
    const snapshots: Snapshot[] = [];
    for (const snapshot of metadata.snapshots ?? []) {
      const list = snapshot['manifest-list'];
      if (!lists.has(list))
        lists.set(list, await readableList(engine, { metadata, list, folder, manifests }));
      snapshots.push({ ...snapshot, 'manifest-list': lists.get(list) as string });
    }
    return { ...metadata, snapshots };
  };
  return async (metadata, engine) =>
    isNamedOtherwise(metadata) ? engine((connection) => read(connection, metadata)) : metadata;
}

interface ListToRead {
  readonly metadata: TableMetadata;
  readonly list: string;
  readonly folder: string;
  readonly manifests: Map<string, string>;
}

async function readableList(
  engine: Engine,
  { metadata, list, folder, manifests }: ListToRead,
): Promise<string> {
  const rows = await engine.query(statement('tables/manifest_paths'), { manifest_lists: [list] });
  const paths = rows.map((row) => row.manifest_path);
  for (const path of paths)
    if (!manifests.has(path)) manifests.set(path, await readableManifest(engine, path, folder));
  const mended = paths.filter((path) => manifests.get(path) !== path);
  if (mended.length === 0) return list;
  const copy = copyOf(list, folder);
  if (existsSync(copy)) return copy;
  const begun = `${copy}.${randomUUID()}`;
  await engine.execute(
    listStatement('tables/write_mended_list', rowLineageOf(metadata) === 'none' ? 'none' : 'kept'),
    {
      manifest_list: list,
      mended,
      copies: mended.map((path) => manifests.get(path) as string),
      destination: begun,
    },
  );
  renameSync(begun, copy);
  return copy;
}

async function readableManifest(engine: Engine, path: string, folder: string): Promise<string> {
  const copy = copyOf(path, folder);
  if (existsSync(copy)) return copy;
  const encoded = encodeAvroNames(await bytesOf(engine, path));
  if (encoded === undefined) return path;
  makeFolder(folder);
  writeAtOnce(copy, encoded);
  return copy;
}

const copyOf = (path: string, folder: string): string =>
  join(folder, `${createHash('sha256').update(path).digest('hex')}.avro`);
