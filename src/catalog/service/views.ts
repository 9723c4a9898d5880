/**
 * Manages Iceberg's views in a warehouse: store + metadata files + the pure rules. As with tables, the
 * metadata file is written first and the pointer moved last. The rows with `iceberg_type` VIEW are those that
 * Iceberg's JDBC catalog reads.
 */
import { randomUUID } from 'node:crypto';
import type { TableIdentifier } from '../../iceberg/table-metadata.ts';
import { applyViewUpdates, checkViewRequirements, newViewMetadata } from '../../iceberg/view-updates.ts';
import { withoutSlash } from '../../model/without-slash.ts';
import { nameTaken, noSuchView } from '../errors.ts';
import { checkSpelling, folderInside, pathInside } from '../files/locations.ts';
import { checkIdentifier } from '../names.ts';
import type { PointerSwap } from '../store/store.ts';
import type { CatalogView, CommitViewRequest, CreateViewRequest, IcebergViews } from './catalog.ts';
import { movePointers, untilCommittedInLine } from './move-pointers.ts';
import { defaultLocation, renameIn, requireNamespace, requireNew } from './name-places.ts';
import type { Warehouse } from './warehouse.ts';

export function warehouseViews(warehouse: Warehouse): IcebergViews {
  const { store } = warehouse;
  const untilCommitted = untilCommittedInLine();
  return {
    load: (id) => loadView(warehouse, id),
    async list(namespace) {
      await requireNamespace(warehouse, namespace);
      return (await store.listPointers(namespace, 'VIEW')).map((name) => ({ namespace, name }));
    },
    create: (id, request) => createView(warehouse, id, request),
    async register(id, { metadataLocation }) {
      await requireNew(warehouse, id, 'VIEW');
      const stored = await warehouse.viewFiles.readGiven(metadataLocation);
      pathInside(warehouse.roots, stored.metadata.location);
      if (await store.swapPointers([swapTo(id, metadataLocation)])) throw nameTaken(id, 'VIEW', 'VIEW');
      return { ...stored, metadataLocation };
    },
    async commit(id, change) {
      checkIdentifier(id);
      return await untilCommitted([id], () => commitOnce(warehouse, id, change));
    },
    async rename(rename) {
      if (!(await renameIn(warehouse, { ...rename, kind: 'VIEW' }))) throw noSuchView(rename.from);
    },
    async drop(id) {
      if ((await store.dropPointer(id, 'VIEW')) === undefined) throw noSuchView(id);
    },
  };
}

async function loadView({ store, viewFiles }: Warehouse, id: TableIdentifier): Promise<CatalogView> {
  const pointer = await store.findPointer(id);
  if (pointer?.kind !== 'VIEW') throw noSuchView(id);
  const { metadataLocation } = pointer;
  return { ...(await viewFiles.read(metadataLocation)), metadataLocation };
}

async function createView(
  warehouse: Warehouse,
  id: TableIdentifier,
  request: CreateViewRequest,
): Promise<CatalogView> {
  const { roots, store, viewFiles } = warehouse;
  await requireNew(warehouse, id, 'VIEW');
  const location = withoutSlash(request.location ?? (await defaultLocation(warehouse, id)));
  folderInside(roots, location);
  checkSpelling(location);
  const metadata = newViewMetadata({ ...request, location, uuid: randomUUID() }, Date.now());
  const metadataLocation = await viewFiles.write(metadata, undefined);
  const discard = (): Promise<void> => viewFiles.remove([metadataLocation]);
  if (await movePointers([swapTo(id, metadataLocation)], { store, discard }))
    throw nameTaken(id, 'VIEW', 'VIEW');
  return { ...(await viewFiles.read(metadataLocation)), metadataLocation };
}

/** @returns undefined if another commit was first. */
async function commitOnce(
  warehouse: Warehouse,
  id: TableIdentifier,
  { requirements, updates }: CommitViewRequest,
): Promise<CatalogView | undefined> {
  const { roots, store, viewFiles } = warehouse;
  const current = await loadView(warehouse, id);
  checkViewRequirements(current.metadata, requirements);
  const metadata = applyViewUpdates(current.metadata, updates, Date.now());
  if (metadata === current.metadata) return current;
  pathInside(roots, metadata.location);
  if (metadata.location !== current.metadata.location) checkSpelling(metadata.location);
  const next = await viewFiles.write(metadata, current.metadataLocation);
  const lost = await movePointers([swapTo(id, next, current.metadataLocation)], {
    store,
    discard: () => viewFiles.remove([next]),
  });
  return lost ? undefined : { ...(await viewFiles.read(next)), metadataLocation: next };
}

const swapTo = (identifier: TableIdentifier, next: string, expected?: string): PointerSwap => ({
  identifier,
  kind: 'VIEW',
  expected,
  next,
});
