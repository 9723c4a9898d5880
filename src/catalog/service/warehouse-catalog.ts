/**
 * The warehouse itself as a catalog catalog: store + metadata files + the pure commit rules. A commit writes its
 * metadata file first and moves the pointer last: a crash between leaves only a file that nothing points at.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { newTableMetadata } from '../../iceberg/new-table.ts';
import { checkSnapshots } from '../../iceberg/read-metadata.ts';
import { checkRequirements } from '../../iceberg/requirements.ts';
import type { TableIdentifier, TableMetadata } from '../../iceberg/table-metadata.ts';
import { applyUpdates, rememberPreviousFile } from '../../iceberg/updates.ts';
import { withoutSlash } from '../../iceberg/without-slash.ts';
import {
  badRequest,
  codeOf,
  identifierKey,
  lostRace,
  nameTaken,
  namespaceExists,
  namespaceNotEmpty,
  noSuchNamespace,
  noSuchTable,
  unprocessable,
} from '../errors.ts';
import { makeFolder } from '../files/folders.ts';
import { checkPathProperties, checkSpelling, folderInside, pathInside } from '../files/locations.ts';
import { checkIdentifier, checkMetadataLocation, checkNamespace, checkProperties } from '../names.ts';
import type { PointerSwap } from '../store/store.ts';
import type { Catalog, CatalogTable, CommitTableRequest } from './catalog.ts';
import { movePointers, untilCommittedInLine } from './move-pointers.ts';
import { namePlaces } from './name-places.ts';
import { purgeTable, removeEarlierFiles, type Warehouse } from './remove-files.ts';
import { warehouseViews } from './warehouse-views.ts';

/** One table's part of a commit, ready to be swapped. */
interface PreparedCommit {
  readonly swap: PointerSwap;
  /** The metadata file that was written for it. */
  readonly written: string | undefined;
  readonly table: CatalogTable;
  readonly forgotten: readonly string[];
}

/** Serves a warehouse folder. */
export function warehouseCatalog(warehouse: Warehouse): Catalog {
  const { roots, store, files, viewFiles } = warehouse;
  const places = namePlaces({ roots, store });
  const { requireNamespace, requireFree, defaultLocation } = places;
  const untilCommitted = untilCommittedInLine();
  /**
   * Refuses places outside; those that the table had before stay: it may have got them where nobody checked.
   */
  const checkPlaces = (
    { location, properties = {} }: Pick<TableMetadata, 'location' | 'properties'>,
    before?: TableMetadata,
  ): void => {
    folderInside(roots, location);
    if (location !== before?.location) checkSpelling(location);
    checkMetadataLocation(location);
    const changed = Object.entries(properties).filter(
      ([name, value]) => before?.properties?.[name] !== value,
    );
    checkPathProperties(roots, Object.fromEntries(changed));
  };
  const checkNewPlace = (location: string): void => {
    pathInside(roots, location);
    checkSpelling(location);
  };
  const findTable = async (
    id: TableIdentifier,
  ): Promise<(CatalogTable & { metadataLocation: string }) | undefined> => {
    for (let seen: string | undefined; ; ) {
      const pointer = await store.findPointer(id);
      if (pointer?.kind !== 'TABLE') return undefined;
      const { metadataLocation } = pointer;
      try {
        return { ...(await files.read(metadataLocation)), metadataLocation };
      } catch (error) {
        // A commit may have moved the pointer and deleted this file since the pointer was read; the same file
        // missing twice is missing.
        if (codeOf(error) !== 'metadata-file-missing' || seen === metadataLocation) throw error;
        seen = metadataLocation;
      }
    }
  };
  async function prepareCommit(change: CommitTableRequest): Promise<PreparedCommit> {
    const { identifier, requirements, updates } = change;
    const current = await findTable(identifier);
    const creates = requirements.some((requirement) => requirement.type === 'assert-create');
    if (current === undefined && !creates) throw noSuchTable(identifier);
    checkRequirements(current?.metadata, requirements);
    if (current === undefined) {
      await requireNamespace(identifier.namespace);
      await requireFree(identifier, 'TABLE');
    }
    const nowMs = Date.now();
    const completed = current ? updates : [...(await missingCreateUpdates(change)), ...updates];
    const updated = applyUpdates(current?.metadata, completed, nowMs);
    if (current && updated === current.metadata) {
      // What a transaction only asserts of a table must still hold when the others are swapped.
      const { metadataLocation: here } = current;
      return {
        swap: { identifier, kind: 'TABLE', expected: here, next: here },
        written: undefined,
        table: current,
        forgotten: [],
      };
    }
    checkPlaces(updated, current?.metadata);
    const { metadata, forgotten } = current
      ? rememberPreviousFile(updated, {
          'metadata-file': current.metadataLocation,
          'timestamp-ms': current.metadata['last-updated-ms'],
        })
      : { metadata: updated, forgotten: [] };
    const metadataLocation = await files.write(metadata, current?.metadataLocation);
    return {
      swap: { identifier, kind: 'TABLE', expected: current?.metadataLocation, next: metadataLocation },
      written: metadataLocation,
      table: { ...(await files.read(metadataLocation)), metadataLocation },
      forgotten:
        metadata.properties?.['write.metadata.delete-after-commit.enabled']?.toLowerCase() === 'true'
          ? forgotten
          : [],
    };
  }

  /** A create commit normally carries everything; a uuid and a place are filled in where it does not. */
  async function missingCreateUpdates(change: CommitTableRequest) {
    const has = (action: string): boolean => change.updates.some((update) => update.action === action);
    return [
      ...(has('assign-uuid') ? [] : [{ action: 'assign-uuid' as const, uuid: randomUUID() }]),
      ...(has('set-location')
        ? []
        : [{ action: 'set-location' as const, location: await defaultLocation(change.identifier) }]),
    ];
  }

  async function commitOnce(changes: readonly CommitTableRequest[]): Promise<CatalogTable[] | undefined> {
    const prepared: PreparedCommit[] = [];
    const discard = (): Promise<void> => files.remove(prepared.flatMap((commit) => commit.written ?? []));
    try {
      for (const change of changes) prepared.push(await prepareCommit(change));
    } catch (error) {
      await discard();
      throw error;
    }
    const swaps = prepared.map((commit) => commit.swap);
    const writes = prepared.some((commit) => commit.written !== undefined);
    if (writes && (await movePointers(swaps, { store, discard }))) return undefined;
    // The commit is made, whatever becomes of the old files.
    for (const { table, forgotten } of prepared)
      await removeEarlierFiles(warehouse, table.metadata, forgotten).catch(() => undefined);
    return prepared.map((commit) => commit.table);
  }

  return {
    icebergViews: warehouseViews({ places, store, files: viewFiles }),
    commitsTogether: true,
    async listNamespaces(parent) {
      if (parent.length > 0) await requireNamespace(parent);
      return await store.listNamespaces(parent);
    },
    async namespaceProperties(namespace) {
      await requireNamespace(namespace);
      return await store.namespaceProperties(namespace);
    },
    async createNamespace(namespace, properties) {
      checkNamespace(namespace);
      checkProperties(properties);
      if (properties.location !== undefined) checkNewPlace(properties.location);
      if (!(await store.createNamespace(namespace, properties))) throw namespaceExists(namespace);
      return await store.namespaceProperties(namespace);
    },
    async changeNamespaceProperties(namespace, changes) {
      await requireNamespace(namespace);
      const both = changes.removals.filter((key) => Object.hasOwn(changes.updates, key));
      if (both.length > 0)
        throw unprocessable(
          `Invalid namespace update, cannot have a key in both updates and removals: ${both.join(', ')}`,
        );
      checkProperties(changes.updates);
      if (changes.updates.location !== undefined) checkNewPlace(changes.updates.location);
      const found = await store.changeNamespaceProperties(namespace, changes);
      // Dropped since it was looked for.
      if (found === undefined) throw noSuchNamespace(namespace);
      const removals = [...new Set(changes.removals)];
      return {
        updated: Object.keys(changes.updates),
        removed: removals.filter((key) => found.includes(key)),
        missing: removals.filter((key) => !found.includes(key)),
      };
    },
    async dropNamespace(namespace) {
      checkNamespace(namespace);
      const outcome = await store.dropNamespace(namespace);
      if (outcome === 'missing') throw noSuchNamespace(namespace);
      if (outcome === 'not-empty') throw namespaceNotEmpty(namespace);
    },
    async listTables(namespace) {
      await requireNamespace(namespace);
      return (await store.listPointers(namespace, 'TABLE')).map((name) => ({ namespace, name }));
    },
    async loadTable(id) {
      const table = await findTable(id);
      if (table === undefined) throw noSuchTable(id);
      return table;
    },
    async createTable(id, request) {
      checkIdentifier(id);
      await requireNamespace(id.namespace);
      await requireFree(id, 'TABLE');
      const location = withoutSlash(request.location ?? (await defaultLocation(id)));
      checkPlaces({ location, properties: request.properties ?? {} });
      const metadata: TableMetadata = newTableMetadata(
        { ...request, location, uuid: randomUUID() },
        Date.now(),
      );
      if (request.stageCreate === true) {
        // The client writes manifests before its commit creates the table, and DuckDB does not make local
        // folders for them.
        makeFolder(join(pathInside(roots, location), 'metadata'));
        return { metadata, metadataLocation: undefined };
      }
      const metadataLocation = await files.write(metadata, undefined);
      const swap: PointerSwap = {
        identifier: id,
        kind: 'TABLE',
        expected: undefined,
        next: metadataLocation,
      };
      if (await movePointers([swap], { store, discard: () => files.remove([metadataLocation]) }))
        throw nameTaken(id, 'TABLE', 'TABLE');
      return { ...(await files.read(metadataLocation)), metadataLocation };
    },
    async registerTable(id, { metadataLocation, overwrite }) {
      checkIdentifier(id);
      await requireNamespace(id.namespace);
      checkMetadataLocation(metadataLocation);
      const stored = await files.readGiven(metadataLocation);
      checkSnapshots(stored.metadata);
      checkPlaces(stored.metadata, { ...stored.metadata, properties: {} });
      const current = await store.findPointer(id);
      if (current === undefined || !overwrite || current.kind !== 'TABLE') {
        await requireFree(id, 'TABLE');
        if (
          await store.swapPointers([
            { identifier: id, kind: 'TABLE', expected: undefined, next: metadataLocation },
          ])
        )
          throw nameTaken(id, 'TABLE', 'TABLE');
      } else if (
        await store.swapPointers([
          { identifier: id, kind: 'TABLE', expected: current.metadataLocation, next: metadataLocation },
        ])
      ) {
        throw lostRace(id);
      }
      return { ...stored, metadataLocation };
    },
    async renameTable(rename) {
      if (!(await places.rename({ ...rename, kind: 'TABLE' }))) throw noSuchTable(rename.from);
    },
    async dropTable(id, { purge }) {
      const table = purge ? await findTable(id).catch(() => undefined) : undefined;
      const dropped = await store.dropPointer(id, 'TABLE');
      if (dropped === undefined) throw noSuchTable(id);
      if (purge && table) await purgeTable(warehouse, table);
    },
    async commitTables(changes) {
      const names = changes.map((change) => identifierKey(change.identifier));
      if (new Set(names).size < names.length)
        throw badRequest('Invalid transaction: a table is changed more than once');
      for (const change of changes) checkIdentifier(change.identifier);
      return await untilCommitted(
        changes.map((change) => change.identifier),
        () => commitOnce(changes),
      );
    },
  };
}
