/** Creates, registers, renames and drops the tables of a warehouse. Commits are in another file. */
import { randomUUID } from 'node:crypto';
import { newTableMetadata } from '../../iceberg/new-table.ts';
import { checkSnapshots } from '../../iceberg/read-metadata.ts';
import type { TableIdentifier, TableMetadata } from '../../iceberg/table-metadata.ts';
import { withoutSlash } from '../../model/without-slash.ts';
import { lostRace, nameTaken, noSuchTable } from '../errors.ts';
import { pathInside } from '../files/locations.ts';
import { checkIdentifier, checkMetadataLocation } from '../names.ts';
import type { PointerSwap } from '../store/store.ts';
import type { Catalog, CatalogTable, CreateTableRequest } from './catalog.ts';
import { findTable } from './find-table.ts';
import { movePointers } from './move-pointers.ts';
import {
  checkPlaces,
  defaultLocation,
  renameIn,
  requireFree,
  requireNamespace,
  requireNew,
} from './name-places.ts';
import { purgeTable } from './remove-files.ts';
import type { Warehouse } from './warehouse.ts';

export type Tables = Pick<
  Catalog,
  'listTables' | 'loadTable' | 'createTable' | 'registerTable' | 'renameTable' | 'dropTable'
>;

export const warehouseTables = (warehouse: Warehouse): Tables => ({
  async listTables(namespace) {
    await requireNamespace(warehouse, namespace);
    return (await warehouse.store.listPointers(namespace, 'TABLE')).map((name) => ({ namespace, name }));
  },
  async loadTable(id) {
    const table = await findTable(warehouse, id);
    if (table === undefined) throw noSuchTable(id);
    return table;
  },
  createTable: (id, request) => createTable(warehouse, id, request),
  registerTable: (id, request) => registerTable(warehouse, id, request),
  async renameTable(rename) {
    if (!(await renameIn(warehouse, { ...rename, kind: 'TABLE' }))) throw noSuchTable(rename.from);
  },
  async dropTable(id, { purge }) {
    const table = purge ? await findTable(warehouse, id).catch(() => undefined) : undefined;
    const dropped = await warehouse.store.dropPointer(id, 'TABLE');
    if (dropped === undefined) throw noSuchTable(id);
    if (purge && table) await purgeTable(warehouse, table);
  },
});

async function createTable(
  warehouse: Warehouse,
  id: TableIdentifier,
  request: CreateTableRequest,
): Promise<CatalogTable> {
  const { roots, disk, store, files } = warehouse;
  await requireNew(warehouse, id, 'TABLE');
  const location = withoutSlash(request.location ?? (await defaultLocation(warehouse, id)));
  checkPlaces(roots, { location, properties: request.properties ?? {} });
  const metadata: TableMetadata = newTableMetadata({ ...request, location, uuid: randomUUID() }, Date.now());
  if (request.stageCreate === true) {
    // The client writes manifests before its commit creates the table, and DuckDB makes no local folders for
    // them.
    disk.makeFolder(`${pathInside(roots, location)}/metadata`);
    return { metadata, metadataLocation: undefined };
  }
  const metadataLocation = await files.write(metadata, undefined);
  const discard = (): Promise<void> => files.remove([metadataLocation]);
  if (await movePointers([swapTo(id, metadataLocation, undefined)], { store, discard }))
    throw nameTaken(id, 'TABLE', 'TABLE');
  return { ...(await files.read(metadataLocation)), metadataLocation };
}

async function registerTable(
  warehouse: Warehouse,
  id: TableIdentifier,
  { metadataLocation, overwrite }: Parameters<Tables['registerTable']>[1],
): Promise<CatalogTable> {
  const { roots, store, files } = warehouse;
  checkIdentifier(id);
  await requireNamespace(warehouse, id.namespace);
  checkMetadataLocation(metadataLocation);
  const stored = await files.readGiven(metadataLocation);
  checkSnapshots(stored.metadata);
  checkPlaces(roots, stored.metadata, { ...stored.metadata, properties: {} });
  const current = await store.findPointer(id);
  if (current === undefined || !overwrite || current.kind !== 'TABLE') {
    await requireFree(warehouse, id, 'TABLE');
    if (await store.swapPointers([swapTo(id, metadataLocation, undefined)]))
      throw nameTaken(id, 'TABLE', 'TABLE');
  } else if (await store.swapPointers([swapTo(id, metadataLocation, current.metadataLocation)])) {
    throw lostRace(id);
  }
  return { ...stored, metadataLocation };
}

const swapTo = (identifier: TableIdentifier, next: string, expected: string | undefined): PointerSwap => ({
  identifier,
  kind: 'TABLE',
  expected,
  next,
});
