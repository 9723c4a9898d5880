/**
 * Corrects the paths of a warehouse whose folder was moved or copied. Folder -> report. New files are
 * written beside the old ones, then all pointers move in one database transaction, then the old files are
 * deleted. Stopped at any point, the warehouse is either as before or relocated, and relocating again
 * finishes it.
 */
import { randomBytes } from 'node:crypto';
import { localPath, PATH_PROPERTIES } from '../../catalog/files/locations.ts';
import { wholeText } from '../../catalog/files/metadata-cache.ts';
import { findMove, isCopy, liesIn, type Move, movedLocation } from '../../catalog/files/moved-warehouse.ts';
import type { Warehouse } from '../../catalog/index.ts';
import { folderOf } from '../../catalog/names.ts';
import type { PlaceChanges, Places } from '../../catalog/store/store.ts';
import type { Engine } from '../../engine/index.ts';
import { discard, removeFile } from '../../files/remove.ts';
import { rememberPreviousFile } from '../../iceberg/updates.ts';
import { conflict, PsybergError, refusal } from '../../model/errors.ts';
import { tableName } from '../../model/names.ts';
import type { RelocatedTable, RelocateReport } from '../../model/relocate-record.ts';
import { statement } from '../../statements/index.ts';
import { filesMovedBy, incomplete, presentPath } from './places.ts';
import { movedProperties, type Relocation, relocateTable } from './relocate-table.ts';

export interface RelocateRequest {
  readonly dryRun?: boolean;
  /** Whether a copy gives up the tables that it would share with the original. */
  readonly forgetShared?: boolean;
}
export interface RelocatePorts {
  readonly warehouse: Warehouse;
  /** True if the pointers are in a database that a copy of the folder shares with the original. */
  readonly sharesDatabase: boolean;
  readonly engine: () => Promise<Engine>;
  readonly onStep: (message: string) => void;
  readonly interrupted: () => boolean;
}

type Pointer = Places['pointers'][number];

/**
 * Throws `relocate-incomplete`, `relocate-shared`, `relocate-delete-file`, `relocate-overtaken`,
 * `interrupted`.
 */
export async function relocateWarehouse(
  ports: RelocatePorts,
  request: RelocateRequest = {},
): Promise<RelocateReport> {
  const { roots, store } = ports.warehouse;
  const places = await store.places();
  const locations = places.pointers.map(({ metadataLocation }) => metadataLocation);
  const move = findMove(roots, locations);
  const dry_run = request.dryRun ?? false;
  const report = { from: null, to: null, copied: false, dry_run, warehouse: roots.warehouse };
  if (move === undefined) return { ...report, tables: [], namespaces: [], forgotten: [] };
  const copied = isCopy(move, locations);
  if (copied && ports.sharesDatabase) throw sharedDatabase(move);
  const shared = copied ? await sharedWithOriginal(ports, move, places.pointers) : [];
  const outside = copied ? places.namespaces.filter(({ location }) => isOutside(move, location)) : [];
  if (shared.length + outside.length > 0 && request.forgetShared !== true)
    throw sharedTables(move, [
      ...shared.map(({ identifier }) => tableName(identifier)),
      ...outside.map(({ namespace }) => `the namespace ${namespace}`),
    ]);
  const engine = await ports.engine();
  for (const macro of ['macros/plain_path', 'macros/moved_path', 'macros/moved_bounds'] as const)
    await engine.execute(statement(macro));
  const relocation: Relocation = {
    engine,
    move,
    dryRun: dry_run,
    files: filesMovedBy(move, randomBytes(4).toString('hex')),
    onStep: ports.onStep,
    written: [],
    replaced: [],
    stopIfInterrupted: () => stopRelocation(ports),
  };
  const kept = places.pointers.filter((pointer) => !shared.includes(pointer));
  try {
    const moved = await relocateAll(ports, relocation, kept);
    const namespaces = movedNamespaces(places.namespaces, move, outside);
    if (!dry_run) {
      await movePointers(ports.warehouse, move, { moved, namespaces, shared });
      for (const path of relocation.replaced) if (liesIn(move.to, path)) removeFile(path);
    }
    return {
      ...report,
      ...move,
      copied,
      tables: moved.map(({ record }) => record),
      namespaces: namespaces.map(({ namespace }) => namespace),
      forgotten: shared.map(({ identifier }) => tableName(identifier)),
    };
  } catch (error) {
    discard(relocation.written, error);
    throw error;
  }
}

/** The namespaces whose location changes. `outside`: those of a copy that lie outside of it. */
const movedNamespaces = (namespaces: Places['namespaces'], move: Move, outside: Places['namespaces']) =>
  namespaces
    .map((each) => ({
      namespace: each.namespace,
      expected: each.location,
      // A copy creates such tables in its own folder.
      next: outside.includes(each)
        ? [move.to, ...folderOf({ namespace: each.namespace.split('.'), name: '' }).slice(0, -1)].join('/')
        : movedLocation(each.location, move),
    }))
    .filter(({ expected, next }) => next !== expected);

interface MovedPointer {
  readonly pointer: Pointer;
  readonly next: string;
  readonly record: RelocatedTable;
}

async function relocateAll(
  ports: RelocatePorts,
  relocation: Relocation,
  pointers: readonly Pointer[],
): Promise<MovedPointer[]> {
  const { move } = relocation;
  const moved: MovedPointer[] = [];
  for (const pointer of pointers) {
    // Usually a table in another allowed folder has nothing in this one.
    if (!liesIn(move.from, pointer.metadataLocation) && !(await mentions(ports, pointer, move.from)))
      continue;
    stopRelocation(ports);
    moved.push(await (pointer.kind === 'VIEW' ? relocateView : relocateOne)(ports, relocation, pointer));
  }
  return moved;
}

const mentions = async ({ warehouse }: RelocatePorts, pointer: Pointer, from: string): Promise<boolean> => {
  const files = pointer.kind === 'VIEW' ? warehouse.viewFiles : warehouse.files;
  const stored = await files.read(pointer.metadataLocation).catch(() => undefined);
  return stored !== undefined && wholeText(stored.text).includes(JSON.stringify(`${from}/`).slice(1, -1));
};

async function relocateOne(
  { warehouse: { files } }: RelocatePorts,
  relocation: Relocation,
  pointer: Pointer,
): Promise<MovedPointer> {
  const { move } = relocation;
  const table = tableName(pointer.identifier);
  const present = movedLocation(pointer.metadataLocation, move);
  const stored = await readOrRefuse(files.read(present), { table, location: present, move });
  const { metadata, record } = await relocateTable(relocation, table, stored.metadata);
  if (relocation.dryRun) return { pointer, next: present, record };
  // The earlier file is recorded in the log, and is deleted when it is the oldest there.
  const { metadata: remembering } = rememberPreviousFile(metadata, {
    'metadata-file': present,
    'timestamp-ms': metadata['last-updated-ms'],
  });
  const next = await files.write(remembering, present);
  relocation.written.push(presentPath(next, move));
  return { pointer, next, record };
}

async function relocateView(
  { warehouse: { viewFiles } }: RelocatePorts,
  relocation: Relocation,
  pointer: Pointer,
): Promise<MovedPointer> {
  const { move } = relocation;
  const table = tableName(pointer.identifier);
  const present = movedLocation(pointer.metadataLocation, move);
  const { metadata } = await readOrRefuse(viewFiles.read(present), { table, location: present, move });
  const files = { snapshots: 0, manifest_lists: 0, manifests: 0, delete_files: 0, missing: [] };
  const record: RelocatedTable = { table, kind: 'view', ...files };
  if (relocation.dryRun) return { pointer, next: present, record };
  const next = await viewFiles.write(
    {
      ...metadata,
      location: movedLocation(metadata.location, move),
      properties: movedProperties(metadata.properties, move),
    },
    present,
  );
  relocation.written.push(presentPath(next, move));
  // A view does not have a log of its files.
  relocation.replaced.push(presentPath(present, move));
  return { pointer, next, record };
}

async function readOrRefuse<T>(
  reading: Promise<T>,
  { table, location, move }: { readonly table: string; readonly location: string; readonly move: Move },
): Promise<T> {
  return reading.catch((error: unknown) => {
    if (error instanceof PsybergError && error.code === 'metadata-file-missing')
      throw incomplete(table, presentPath(location, move), move);
    throw error;
  });
}

async function movePointers(
  { store }: Warehouse,
  move: Move,
  places: {
    readonly moved: readonly MovedPointer[];
    readonly namespaces: PlaceChanges['namespaces'];
    readonly shared: readonly Pointer[];
  },
): Promise<void> {
  const done = await store.relocate({
    pointers: places.moved.map(({ pointer, next }) => ({
      identifier: pointer.identifier,
      kind: pointer.kind,
      expected: pointer.metadataLocation,
      next,
      previous: movedLocation(pointer.metadataLocation, move),
    })),
    namespaces: places.namespaces,
    forgotten: places.shared.map(({ identifier, metadataLocation }) => ({
      identifier,
      expected: metadataLocation,
    })),
  });
  if (!done)
    throw conflict(
      'relocate-overtaken',
      'somebody else changed the catalog meanwhile; nothing was changed here',
      {
        hint: 'run again: psyberg relocate',
      },
    );
}

/**
 * Finds tables that lie, or write, outside of the old folder. The original has them, too, and two catalogs
 * that commit to one table, or clean up one folder, destroy each other's rows.
 */
async function sharedWithOriginal(
  { warehouse }: RelocatePorts,
  move: Move,
  pointers: readonly Pointer[],
): Promise<Pointer[]> {
  const shared: Pointer[] = [];
  for (const pointer of pointers) {
    const files = pointer.kind === 'VIEW' ? warehouse.viewFiles : warehouse.files;
    const read = files.read(movedLocation(pointer.metadataLocation, move));
    const { metadata } = await (read as Promise<{ metadata: Placed }>).catch(() => ({ metadata: undefined }));
    const folders = PATH_PROPERTIES.map((name) => metadata?.properties?.[name]);
    const named = [pointer.metadataLocation, metadata?.location, ...folders];
    if (named.some((location) => location !== undefined && isOutside(move, location))) shared.push(pointer);
  }
  return shared;
}
const isOutside = (move: Move, location: string): boolean =>
  localPath(location) === undefined || ![move.from, move.to].some((folder) => liesIn(folder, location));
interface Placed {
  readonly location: string;
  readonly properties?: Readonly<Record<string, string>>;
}

const sharedTables = (move: Move, names: readonly string[]): Error =>
  refusal(
    'relocate-shared',
    `${names.join(', ')} ${names.length === 1 ? 'lies' : 'lie'} (or write) outside of ${move.from}, which is still there: the copy would commit to the tables of the original`,
    {
      hint: 'let the copy go on without them: psyberg relocate --forget-shared (their files stay as they are)',
      context: { tables: names, ...move },
    },
  );

const sharedDatabase = (move: Move): Error =>
  refusal(
    'relocate-shared',
    `${move.from} is still there, and the pointers lie in one database for both folders: its tables would move away from under the original`,
    {
      hint: 'give the copy a database of its own in psyberg.yaml (catalog.database), a copy of the original one',
      context: { ...move },
    },
  );

/** Throws `interrupted`. */
export function stopRelocation({ interrupted }: Pick<RelocatePorts, 'interrupted'>): void {
  if (interrupted())
    throw new PsybergError('interrupted', 'relocating was interrupted; nothing was changed', {
      hint: 'run the same command again',
      retryable: true,
    });
}
