/**
 * Copies a warehouse to another place: from a folder to a store, back, or to another one. Warehouse ->
 * report. Data files are copied as they are; files that name others by path are rewritten. The pointers of
 * the copy are made last, all in one transaction: stopped before that, there is no copy, and copying again
 * continues. The original is only read.
 */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { localPath, PATH_PROPERTIES } from '../../catalog/files/locations.ts';
import {
  findMove,
  isSameFolder,
  liesIn,
  type Move,
  movedLocation,
} from '../../catalog/files/moved-warehouse.ts';
import type { Warehouse } from '../../catalog/index.ts';
import type { Places, PointerSwap } from '../../catalog/store/store.ts';
import { makeFolder } from '../../disk/make-folder.ts';
import type { Engine } from '../../engine/index.ts';
import { type CopiedFile, copyVerified } from '../../files/copy.ts';
import { filesBeginning } from '../../files/list.ts';
import { readWhole, sizeOf, writeAnew } from '../../files/whole.ts';
import { conflict, PsybergError, refusal, usageError } from '../../model/errors.ts';
import { fewAtOnce } from '../../model/few-at-once.ts';
import { tableName } from '../../model/names.ts';
import { isPatternInStore, plainPath } from '../../model/plain-path.ts';
import type { CopiedFiles, RelocatedTable, RelocateReport } from '../../model/relocate-record.ts';
import { globLiteral, statement } from '../../statements/index.ts';
import type { RelocationFiles } from './places.ts';
import { movedProperties, type Relocation, relocateTable } from './relocate-table.ts';
import { type RelocatePorts, type RelocateRequest, stopRelocation } from './relocate-warehouse.ts';

export interface CopyPorts extends Omit<RelocatePorts, 'sharesDatabase'> {
  /** Place of the copy: an absolute path, or a place in a store, without a slash at its end. */
  readonly to: string;
  /** Opens the warehouse of the copy, and creates it if it does not exist. */
  readonly openTarget: () => Promise<Warehouse>;
  /** False if that warehouse does not exist yet. */
  readonly targetExists: boolean;
}

type Pointer = Places['pointers'][number];

/** Number of files that are copied side by side. Not measured. */
const AT_ONCE = 8;

/**
 * Throws `relocate-target-taken`, `relocate-shared`, `relocate-incomplete`, `relocate-delete-file`,
 * `relocate-not-verified`, `relocate-overtaken`, `warehouse-moved`, `interrupted`.
 */
export async function copyWarehouse(
  ports: CopyPorts,
  { dryRun = false, forgetShared = false }: RelocateRequest = {},
): Promise<RelocateReport> {
  const { warehouse } = ports;
  const places = await warehouse.store.places();
  const move = moveOf(ports, places);
  // A dry run creates nothing.
  const target = dryRun && !ports.targetExists ? undefined : await ports.openTarget();
  if (((await target?.store.places())?.pointers.length ?? 0) > 0) throw targetTaken(move);
  const shared = await outsideOf(warehouse, move, places.pointers);
  if (shared.length > 0 && !forgetShared) throw sharedTables(move, shared);
  // Fails at once if a store cannot be reached at all.
  if (localPath(move.to) === undefined) await filesBeginning(move.to, '');
  const engine = await ports.engine();
  for (const macro of ['macros/plain_path', 'macros/moved_path', 'macros/moved_bounds'] as const)
    await engine.execute(statement(macro));
  const copied: CopiedFiles = { copied: 0, already_there: 0, bytes: '0' };
  const relocation: Relocation = {
    engine,
    move,
    dryRun,
    files: await filesCopiedBy({ engine, move, dryRun, copied }),
    onStep: ports.onStep,
    written: [],
    replaced: [],
    stopIfInterrupted: () => stopRelocation(ports),
  };
  const kept = places.pointers.filter((pointer) => !shared.includes(pointer));
  const copies: Copies = { ports, target: dryRun ? undefined : target };
  const tables: CopiedTable[] = [];
  for (const pointer of kept) tables.push(await copyPointer(copies, relocation, pointer));
  const namespaces = await copyNamespaces(copies, move);
  await publish(copies, places, tables);
  return {
    ...move,
    copied: true,
    dry_run: dryRun,
    warehouse: move.to,
    tables: tables.map(({ record }) => record),
    namespaces,
    forgotten: shared.map(({ identifier }) => tableName(identifier)),
    files: copied,
  };
}

/** The move from the path by which the warehouse's tables name it. */
function moveOf({ warehouse, to }: CopyPorts, { pointers }: Places): Move {
  const { roots } = warehouse;
  const spelled = findMove(
    roots,
    pointers.map(({ metadataLocation }) => metadataLocation),
  );
  if (spelled !== undefined && !isSameFolder(spelled))
    throw usageError(
      'warehouse-moved',
      `the warehouse was moved from ${spelled.from} to ${spelled.to}: its tables name their files by the old path`,
      { hint: 'put the paths right first: psyberg relocate', context: { ...spelled } },
    );
  const move = { from: spelled?.from ?? roots.warehouse, to };
  if (isPatternInStore(to))
    throw usageError('usage', `${to} has brackets in its name, which DuckDB takes for a pattern in a store`, {
      hint: 'choose another place: psyberg relocate --to PLACE',
    });
  if (`${move.from}/`.startsWith(`${move.to}/`) || `${move.to}/`.startsWith(`${move.from}/`))
    throw usageError('usage', `a copy of ${move.from} cannot lie in ${move.to}: one is within the other`, {
      hint: 'choose another place: psyberg relocate --to PLACE',
    });
  return move;
}

/** Adds to the counts in `copied`. */
async function filesCopiedBy({
  engine,
  move,
  dryRun,
  copied,
}: Pick<Relocation, 'engine' | 'move' | 'dryRun'> & {
  readonly copied: CopiedFiles;
}): Promise<RelocationFiles> {
  const listed = new Map<string, number>();
  if (localPath(move.from) === undefined)
    for (const { path, bytes } of await filesBeginning(move.from, '')) listed.set(path, bytes);
  const gate = fewAtOnce(AT_ONCE);
  const carried = new Map<string, Promise<void>>();
  const carry = async (path: string): Promise<void> => {
    const file: CopiedFile = dryRun
      ? { bytes: listed.get(path) ?? (await sizeOf(path)), isNew: true }
      : await copyVerified(path, plainPath(movedLocation(path, move)));
    if (file.isNew) copied.copied += 1;
    else copied.already_there += 1;
    copied.bytes = String(BigInt(copied.bytes) + BigInt(file.bytes));
  };
  return {
    present: plainPath,
    renamed: (location) => movedLocation(location, move),
    async isThere(location, table) {
      const path = plainPath(location);
      if (!liesIn(move.from, path)) throw outsideFile(table, path, move);
      return localPath(path) === undefined ? listed.has(path) : existsSync(path);
    },
    read: readWhole,
    makeFolderOf(path) {
      if (localPath(path) !== undefined) makeFolder(dirname(path));
    },
    write: writeAnew,
    size: sizeOf,
    checkManifest: (from, to) => checkManifest(engine, from, to),
    carry(location) {
      const path = plainPath(location);
      const carrying = carried.get(path) ?? gate(() => carry(path));
      carried.set(path, carrying);
      return carrying;
    },
  };
}

/** Throws `relocate-not-verified`. */
async function checkManifest(engine: Engine, from: string, to: string): Promise<void> {
  const counts = async (manifest: string): Promise<string> => {
    const [row] = await engine.query(statement('maintain/manifest_counts'), {
      manifest: globLiteral(manifest),
    });
    return `${row?.entries} entries with ${row?.rows} rows`;
  };
  const [before, after] = [await counts(from), await counts(to)];
  if (before !== after)
    throw new PsybergError('relocate-not-verified', `${to} lists ${after}, and ${from} ${before}`, {
      hint: 'run the same command again',
      context: { from, to },
    });
}

/** `target`: undefined if nothing is to be written. */
interface Copies {
  readonly ports: CopyPorts;
  readonly target: Warehouse | undefined;
}

interface CopiedTable {
  readonly pointer: Pointer;
  readonly next: string;
  readonly record: RelocatedTable;
}

/** Writes everything of a table or view except its pointer. */
async function copyPointer(
  { ports, target }: Copies,
  relocation: Relocation,
  pointer: Pointer,
): Promise<CopiedTable> {
  stopRelocation(ports);
  const { move } = relocation;
  const { warehouse } = ports;
  const table = tableName(pointer.identifier);
  const { metadataLocation } = pointer;
  if (pointer.kind === 'VIEW') {
    const { metadata } = await warehouse.viewFiles.read(metadataLocation);
    const properties = movedProperties(metadata.properties, move);
    const moved = { ...metadata, location: movedLocation(metadata.location, move), properties };
    const files = { snapshots: 0, manifest_lists: 0, manifests: 0, delete_files: 0, missing: [] };
    return {
      pointer,
      next: (await target?.viewFiles.write(moved, metadataLocation)) ?? '',
      record: { table, kind: 'view', ...files },
    };
  }
  const { metadata } = await warehouse.files.read(metadataLocation);
  const relocated = await relocateTable(relocation, table, metadata);
  // Its earlier metadata files are not copied: the table's history is in its snapshots.
  const moved = { ...relocated.metadata, 'metadata-log': [] };
  const next = await target?.files.write(moved, metadataLocation);
  return { pointer, next: next ?? '', record: relocated.record };
}

/** Copies every namespace with its properties. @returns those whose location changes. */
async function copyNamespaces({ ports: { warehouse }, target }: Copies, move: Move): Promise<string[]> {
  const moved: string[] = [];
  const below = async (parent: readonly string[]): Promise<void> => {
    for (const namespace of await warehouse.store.listNamespaces(parent)) {
      const properties = await warehouse.store.namespaceProperties(namespace);
      const next = movedProperties(properties, move);
      if (next['location'] !== properties['location']) moved.push(namespace.join('.'));
      if (target !== undefined) await putNamespace(target, namespace, next);
      await below(namespace);
    }
  };
  await below([]);
  return moved;
}

/** Creates a namespace, or corrects its properties if an earlier attempt has left it with other ones. */
async function putNamespace(
  { store }: Warehouse,
  namespace: readonly string[],
  properties: Readonly<Record<string, string>>,
): Promise<void> {
  if (await store.createNamespace(namespace, properties)) return;
  const before = await store.namespaceProperties(namespace);
  const removals = Object.keys(before).filter((key) => properties[key] === undefined);
  await store.changeNamespaceProperties(namespace, { updates: properties, removals });
}

/** Creates the pointers of the copy, if the original has not changed since it was copied. */
async function publish(
  { ports: { warehouse }, target }: Copies,
  before: Places,
  tables: readonly CopiedTable[],
): Promise<void> {
  if (target === undefined) return;
  const now = await warehouse.store.places();
  if (JSON.stringify(now) !== JSON.stringify(before))
    throw conflict('relocate-overtaken', 'tables of the warehouse were changed while it was copied', {
      hint: 'run the same command again while nobody writes: what was copied is not copied again',
    });
  const swaps = tables.map(
    ({ pointer, next }): PointerSwap => ({
      identifier: pointer.identifier,
      kind: pointer.kind,
      expected: undefined,
      next,
    }),
  );
  const lost = await target.store.swapPointers(swaps);
  if (lost !== undefined)
    throw conflict('relocate-overtaken', 'somebody else made tables where the copy was to be', {
      hint: 'choose another place: psyberg relocate --to PLACE',
    });
}

/** Finds tables that lie, or write, outside of the warehouse: the copy would share them with the original. */
async function outsideOf(
  { files, viewFiles }: Warehouse,
  { from }: Move,
  pointers: readonly Pointer[],
): Promise<Pointer[]> {
  const outside: Pointer[] = [];
  for (const pointer of pointers) {
    const read = pointer.kind === 'VIEW' ? viewFiles.read : files.read;
    const { metadata } = (await read(pointer.metadataLocation)) as {
      readonly metadata: { readonly location: string; readonly properties?: Record<string, string> };
    };
    const named = [
      pointer.metadataLocation,
      metadata.location,
      ...PATH_PROPERTIES.flatMap((name) => metadata.properties?.[name] ?? []),
    ];
    if (!named.every((location) => liesIn(from, location))) outside.push(pointer);
  }
  return outside;
}

const sharedTables = ({ from, to }: Move, tables: readonly Pointer[]): Error => {
  const names = tables.map(({ identifier }) => tableName(identifier));
  return refusal(
    'relocate-shared',
    `${names.join(', ')} ${names.length === 1 ? 'lies' : 'lie'} (or write) outside of ${from}: the copy would commit to the tables of the original`,
    {
      hint: 'copy without them: add --forget-shared (their files stay as they are)',
      context: { tables: names, from, to },
    },
  );
};

const outsideFile = (table: string, file: string, { from, to }: Move): Error =>
  refusal('relocate-shared', `${table} has the file ${file} outside of ${from}, which is not copied`, {
    hint: 'let the writer of the table rewrite its files (a compaction), and expire the snapshots that name it',
    context: { table, file, from, to },
  });

const targetTaken = ({ to }: Move): Error =>
  refusal('relocate-target-taken', `the catalog of ${to} has tables already`, {
    hint: 'choose an empty place, or another --state or --database for its pointers; if it is the copy that you made before, write it into psyberg.yaml',
    context: { to },
  });
