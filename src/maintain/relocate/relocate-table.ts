/**
 * Rewrites the files of one table for the new place of its warehouse. Metadata as they were -> metadata as
 * they have to be. Files that name others by path are copied in SQL: manifest lists, manifests, and files of
 * positional deletes. Data files stay, or are copied as they are. Nothing is changed or deleted here.
 */
import { type Move, movedLocation } from '../../catalog/files/moved-warehouse.ts';
import type { Engine } from '../../engine/index.ts';
import { readAvroHeader } from '../../iceberg/avro-header.ts';
import { changeReferencedFiles } from '../../iceberg/puffin-footer.ts';
import type { TableMetadata } from '../../iceberg/table-metadata.ts';
import type { AvroRecord } from '../../model/avro-schema.ts';
import { plainPath } from '../../model/plain-path.ts';
import type { RelocatedTable } from '../../model/relocate-record.ts';
import {
  contentFragment,
  dataFileColumns,
  globLiteral,
  hasEmptyPartition,
  movedDataFileFragment,
  type StatementRow,
  sameAvroFragment,
  statement,
  writableManifest,
} from '../../statements/index.ts';
import { declareEmptyPartitionIn } from '../../tables/write/manifest.ts';
import { type RelocationFiles, unlisted, unwritable } from './places.ts';

export interface Relocation {
  readonly engine: Engine;
  readonly move: Move;
  readonly dryRun: boolean;
  readonly onStep: (message: string) => void;
  readonly files: RelocationFiles;
  /** Paths that were written. */
  readonly written: string[];
  /** Paths of files that were replaced by others. */
  readonly replaced: string[];
  /** Throws once somebody has asked to stop. */
  readonly stopIfInterrupted: () => void;
}

/** A file that was rewritten: its name, and how others have to name the new one. */
interface Rewritten {
  readonly location: string;
  readonly next: string;
  readonly bytes: number;
}
type RewrittenFiles = Map<string, Rewritten>;

interface TableFiles {
  readonly lists: RewrittenFiles;
  readonly manifests: RewrittenFiles;
  readonly deletes: RewrittenFiles;
  readonly missing: string[];
}

/**
 * Writes the table's files, and returns its metadata for the new folder. Throws `relocate-incomplete`,
 * `relocate-delete-file`, `sql-failed`.
 */
export async function relocateTable(
  relocation: Relocation,
  table: string,
  metadata: TableMetadata,
): Promise<{ readonly metadata: TableMetadata; readonly record: RelocatedTable }> {
  const files: TableFiles = { lists: new Map(), manifests: new Map(), deletes: new Map(), missing: [] };
  const snapshots = metadata.snapshots ?? [];
  await carryStatistics(relocation, { table, files }, metadata);
  for (const [index, { 'manifest-list': list }] of snapshots.entries()) {
    // Format version 1 may list manifests in the metadata itself; nothing here reads those.
    if (list === undefined) throw unlisted(table, metadata.location);
    relocation.onStep(`${table}: snapshot ${index + 1} of ${snapshots.length}`);
    await relocateList(relocation, { table, files, list });
  }
  return {
    metadata: movedMetadata(metadata, relocation.move, files.lists),
    record: {
      table,
      kind: 'table',
      snapshots: snapshots.length,
      manifest_lists: files.lists.size,
      manifests: files.manifests.size,
      delete_files: files.deletes.size,
      missing: files.missing,
    },
  };
}

interface Job {
  readonly table: string;
  readonly files: TableFiles;
}

async function carryStatistics(
  relocation: Relocation,
  { table, files }: Job,
  metadata: TableMetadata,
): Promise<void> {
  for (const each of [...(metadata.statistics ?? []), ...(metadata['partition-statistics'] ?? [])]) {
    const path = (each as { readonly 'statistics-path'?: string })['statistics-path'];
    if (path === undefined) continue;
    if (await relocation.files.isThere(path, table)) await relocation.files.carry(path);
    else files.missing.push(path);
  }
}

async function relocateList(
  relocation: Relocation,
  { table, files, list }: Job & { readonly list: string },
): Promise<void> {
  const { engine, move } = relocation;
  if (files.lists.has(list)) return;
  if (!(await relocation.files.isThere(list, table))) return void files.missing.push(list);
  const path = relocation.files.present(list);
  const rows = await engine.query(statement('maintain/manifests_of_list'), {
    manifest_list: globLiteral(path),
  });
  for (const manifest of rows) await relocateManifest(relocation, { table, files, manifest: manifest.path });
  const { schema, words } = await avroOf(relocation, path);
  const known = rows.flatMap((row) => files.manifests.get(row.path) ?? []);
  const next = await write(relocation, list, (destination) =>
    engine.execute(statement('maintain/write_moved_list', { avro_format: sameAvroFragment(schema, words) }), {
      manifest_list: globLiteral(path),
      manifests: known.map(({ location }) => location),
      new_manifests: known.map((manifest) => manifest.next),
      new_lengths: known.map(({ bytes }) => bytes),
      former: move.from,
      present: move.to,
      destination,
    }),
  );
  files.lists.set(list, next);
}

async function relocateManifest(
  relocation: Relocation,
  { table, files, manifest }: Job & { readonly manifest: string },
): Promise<void> {
  const { engine, move } = relocation;
  relocation.stopIfInterrupted();
  if (files.manifests.has(manifest) || files.missing.includes(manifest)) return;
  if (!(await relocation.files.isThere(manifest, table))) return void files.missing.push(manifest);
  const path = relocation.files.present(manifest);
  const { schema, words } = await avroOf(relocation, path);
  const columns = dataFileColumns(schema);
  const rows = await engine.query(
    statement('maintain/files_of_manifest', { content: contentFragment(columns) }),
    { manifest: globLiteral(path) },
  );
  await relocateFiles(relocation, { table, files, rows });
  const known = rows.flatMap((row) => files.deletes.get(row.path) ?? []);
  const next = await write(relocation, manifest, async (destination) => {
    await engine.execute(
      statement('maintain/write_moved_manifest', {
        data_file: movedDataFileFragment(columns),
        avro_format: sameAvroFragment(writableManifest(schema), words),
      }),
      {
        manifest: globLiteral(path),
        deletes: known.map(({ location }) => location),
        new_deletes: known.map((file) => file.next),
        new_sizes: known.map(({ bytes }) => bytes),
        former: move.from,
        present: move.to,
        destination,
      },
    );
    if (hasEmptyPartition(columns)) await declareEmptyPartitionIn(engine, destination);
    await relocation.files.checkManifest(path, destination);
  });
  files.manifests.set(manifest, next);
}

/** Relocates the files that a manifest names: rewrites those of positional deletes, copies the others. */
async function relocateFiles(
  relocation: Relocation,
  { table, files, rows }: Job & { readonly rows: readonly StatementRow<'maintain/files_of_manifest'>[] },
): Promise<void> {
  const carried: Promise<void>[] = [];
  for (const file of rows) {
    const isHere = await relocation.files.isThere(file.path, table);
    if (!isHere && file.is_live && !files.missing.includes(file.path)) files.missing.push(file.path);
    if (isHere && file.is_live && file.content !== 1) carried.push(relocation.files.carry(file.path));
    if (isHere && file.content === 1 && !files.deletes.has(file.path))
      files.deletes.set(file.path, await relocateDeletes(relocation, table, file));
  }
  await Promise.all(carried);
}

/** Rewrites a file of positional deletes, or a Puffin file of deletion vectors. */
async function relocateDeletes(
  relocation: Relocation,
  table: string,
  file: { readonly path: string; readonly format: string },
): Promise<Rewritten> {
  const { engine, move } = relocation;
  const path = relocation.files.present(file.path);
  if (file.format === 'puffin')
    return write(relocation, file.path, async (destination) => {
      try {
        const content = await relocation.files.read(path);
        const changed = changeReferencedFiles(content, (each) => movedLocation(each, move));
        await relocation.files.write(destination, changed);
      } catch (error) {
        throw unwritable(table, path, (error as Error).message);
      }
    });
  if (file.format !== 'parquet') throw unwritable(table, path, `files of ${file.format} cannot be written`);
  return write(relocation, file.path, (destination) =>
    engine.execute(statement('maintain/write_moved_deletes'), {
      file: globLiteral(path),
      former: move.from,
      present: move.to,
      destination,
    }),
  );
}

/** Writes a file beside the one that it replaces, or only says what it would be called. */
async function write(
  relocation: Relocation,
  location: string,
  work: (destination: string) => Promise<unknown>,
): Promise<Rewritten> {
  const next = relocation.files.renamed(location);
  if (relocation.dryRun) return { location, next, bytes: 0 };
  const destination = plainPath(next);
  relocation.written.push(destination);
  relocation.files.makeFolderOf(destination);
  await work(destination);
  relocation.replaced.push(relocation.files.present(location));
  return { location, next, bytes: await relocation.files.size(destination) };
}

async function avroOf(
  { files }: Relocation,
  path: string,
): Promise<{ readonly schema: AvroRecord; readonly words: readonly [string, string][] }> {
  const entries = readAvroHeader(await files.read(path)).entries.map(([key, value]): [string, string] => [
    key,
    value.toString(),
  ]);
  return {
    schema: JSON.parse(entries.find(([key]) => key === 'avro.schema')?.[1] ?? '{}') as AvroRecord,
    words: entries.filter(([key]) => !key.startsWith('avro.')),
  };
}

/** Replaces every path in the metadata by that in the new folder; rewritten lists get their new names. */
function movedMetadata(metadata: TableMetadata, move: Move, lists: RewrittenFiles): TableMetadata {
  const moved = (location: string): string => movedLocation(location, move);
  const statistics = (each: unknown): unknown => {
    const file = each as { readonly 'statistics-path'?: string };
    const path = file['statistics-path'];
    return path === undefined ? each : { ...file, 'statistics-path': moved(path) };
  };
  return {
    ...metadata,
    location: moved(metadata.location),
    properties: movedProperties(metadata.properties, move),
    snapshots: (metadata.snapshots ?? []).map((snapshot) => ({
      ...snapshot,
      ...(snapshot.summary === undefined ? {} : { summary: movedProperties(snapshot.summary, move) }),
      'manifest-list': lists.get(snapshot['manifest-list'])?.next ?? moved(snapshot['manifest-list']),
    })),
    'metadata-log': (metadata['metadata-log'] ?? []).map((entry) => ({
      ...entry,
      'metadata-file': moved(entry['metadata-file']),
    })),
    statistics: (metadata.statistics ?? []).map(statistics),
    'partition-statistics': (metadata['partition-statistics'] ?? []).map(statistics),
  };
}

/**
 * Replaces texts that are a path of the warehouse, or a JSON array of such paths. State tables record in the
 * summaries of their snapshots which files are removed with them; a copy that kept those paths would delete
 * the files of the original.
 */
export const movedProperties = (
  properties: Readonly<Record<string, string>> = {},
  move: Move,
): Record<string, string> =>
  Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, movedText(value, move)]));

function movedText(text: string, move: Move): string {
  if (!text.startsWith('["')) return movedLocation(text, move);
  try {
    const items = JSON.parse(text) as readonly unknown[];
    if (!items.every((item) => typeof item === 'string')) return text;
    const moved = items.map((item) => movedLocation(item, move));
    return moved.some((item, index) => item !== items[index]) ? JSON.stringify(moved) : text;
  } catch {
    return text;
  }
}
