/**
 * Iceberg's views in a warehouse: store + metadata files + the pure rules. As with tables, the metadata file
 * is written first and the pointer moved last, and rows with `iceberg_type` VIEW are the ones that Iceberg's
 * JDBC catalog reads.
 */
import { randomUUID } from 'node:crypto';
import type { TableIdentifier } from '../../iceberg/table-metadata.ts';
import type { ViewMetadata } from '../../iceberg/view-metadata.ts';
import { applyViewUpdates, checkViewRequirements, newViewMetadata } from '../../iceberg/view-updates.ts';
import { withoutSlash } from '../../iceberg/without-slash.ts';
import { nameTaken, noSuchView } from '../errors.ts';
import { checkSpelling, folderInside, pathInside } from '../files/locations.ts';
import type { MetadataFiles } from '../files/metadata-files.ts';
import { checkIdentifier } from '../names.ts';
import type { CatalogStore, PointerSwap } from '../store/store.ts';
import type { CatalogView, IcebergViews } from './catalog.ts';
import { movePointers, untilCommittedInLine } from './move-pointers.ts';
import type { NamePlaces } from './name-places.ts';

export interface ViewWarehouse {
  readonly places: NamePlaces;
  readonly store: CatalogStore;
  readonly files: MetadataFiles<ViewMetadata>;
}

export function warehouseViews({ places, store, files }: ViewWarehouse): IcebergViews {
  const { requireNamespace, requireFree, defaultLocation, roots } = places;
  const untilCommitted = untilCommittedInLine();
  const load = async (id: TableIdentifier): Promise<CatalogView> => {
    const pointer = await store.findPointer(id);
    if (pointer?.kind !== 'VIEW') throw noSuchView(id);
    return { ...(await files.read(pointer.metadataLocation)), metadataLocation: pointer.metadataLocation };
  };
  const swapOf = (identifier: TableIdentifier, next: string, expected?: string): PointerSwap => ({
    identifier,
    kind: 'VIEW',
    expected,
    next,
  });

  async function commitOnce(
    id: TableIdentifier,
    { requirements, updates }: Parameters<IcebergViews['commit']>[1],
  ): Promise<CatalogView | undefined> {
    const current = await load(id);
    checkViewRequirements(current.metadata, requirements);
    const metadata = applyViewUpdates(current.metadata, updates, Date.now());
    if (metadata === current.metadata) return current;
    pathInside(roots, metadata.location);
    if (metadata.location !== current.metadata.location) checkSpelling(metadata.location);
    const next = await files.write(metadata, current.metadataLocation);
    const lost = await movePointers([swapOf(id, next, current.metadataLocation)], {
      store,
      discard: () => files.remove([next]),
    });
    return lost ? undefined : { ...(await files.read(next)), metadataLocation: next };
  }

  return {
    load,
    async list(namespace) {
      await requireNamespace(namespace);
      return (await store.listPointers(namespace, 'VIEW')).map((name) => ({ namespace, name }));
    },
    async create(id, request) {
      checkIdentifier(id);
      await requireNamespace(id.namespace);
      await requireFree(id, 'VIEW');
      const location = withoutSlash(request.location ?? (await defaultLocation(id)));
      folderInside(roots, location);
      checkSpelling(location);
      const metadataLocation = await files.write(
        newViewMetadata({ ...request, location, uuid: randomUUID() }, Date.now()),
        undefined,
      );
      if (
        await movePointers([swapOf(id, metadataLocation)], {
          store,
          discard: () => files.remove([metadataLocation]),
        })
      )
        throw nameTaken(id, 'VIEW', 'VIEW');
      return { ...(await files.read(metadataLocation)), metadataLocation };
    },
    async register(id, { metadataLocation }) {
      checkIdentifier(id);
      await requireNamespace(id.namespace);
      await requireFree(id, 'VIEW');
      const stored = await files.readGiven(metadataLocation);
      pathInside(roots, stored.metadata.location);
      if (await store.swapPointers([swapOf(id, metadataLocation)])) throw nameTaken(id, 'VIEW', 'VIEW');
      return { ...stored, metadataLocation };
    },
    async commit(id, change) {
      checkIdentifier(id);
      return await untilCommitted([id], () => commitOnce(id, change));
    },
    async rename(rename) {
      if (!(await places.rename({ ...rename, kind: 'VIEW' }))) throw noSuchView(rename.from);
    },
    async drop(id) {
      if ((await store.dropPointer(id, 'VIEW')) === undefined) throw noSuchView(id);
    },
  };
}
