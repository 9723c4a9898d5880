/**
 * Calls a catalog in the same process: calls -> the catalog itself, without HTTP, rendering and parsing in
 * between. Metadata are immutable values, so the catalog's own parsed ones are handed out. A session asks for
 * its tables a dozen times; of 600 snapshots each answer costs 9 ms over HTTP (0.7 MB to render and parse)
 * and 0.1 ms here (2026-11-22).
 */

import type { TableIdentifier } from '../../iceberg/table-metadata.ts';
import { PsybergError } from '../../model/errors.ts';
import { codeOf, formatIdentifier } from '../errors.ts';
import type { Catalog, CatalogTable } from '../service/catalog.ts';
import { credentialsOf } from '../service/credentials.ts';
import type { CatalogClient, CreateTable, LoadedTable } from './catalog-client.ts';

/** Makes the client. Every call calls `open`, which should open the catalog only once. */
export function localClient(open: () => Promise<Catalog>): CatalogClient {
  const load = (id: TableIdentifier): Promise<LoadedTable | undefined> =>
    absentAs(undefined, async () => loaded(await (await open()).loadTable(id)));
  return {
    loadTable: load,
    loadTableToRead: load,
    tableExists: (id) => succeeds(async () => (await open()).loadTable(id)),
    listNamespaces: async (parent = []) => (await open()).listNamespaces(parent),
    listTables: async (namespace) => (await open()).listTables(namespace),
    namespaceExists: (namespace) => succeeds(async () => (await open()).namespaceProperties(namespace)),
    async createNamespace(namespace) {
      try {
        await (await open()).createNamespace(namespace, {});
      } catch (error) {
        if (codeOf(error) !== 'already-exists') throw error;
      }
    },
    createTable: async (id, request) => createTable(await open(), id, request),
    dropTable: (id, options = { purge: false }) =>
      succeeds(async () => (await open()).dropTable(id, options)),
    async commitTable(id, commit) {
      const [table] = await (await open()).commitTables([{ identifier: id, ...commit }]);
      return loaded(table as CatalogTable);
    },
    keepsOneSnapshot: async () => (await open()).keepsOneSnapshot ?? false,
    async inSession(work) {
      const catalog = await open();
      return catalog.inSession === undefined ? work() : catalog.inSession(work);
    },
    async inTurn(work) {
      const catalog = await open();
      return catalog.inTurn === undefined ? work() : catalog.inTurn(work);
    },
    describeStorage: async (id) => (await (await open()).describeStorage?.(id)) ?? [],
    commitsTogether: async () => (await open()).commitsTogether,
    async commitTransaction(changes) {
      await (await open()).commitTables(changes);
    },
  };
}

async function createTable(
  catalog: Catalog,
  id: TableIdentifier,
  { writeOrder: sortOrder, schema, location, partitionSpec, properties }: CreateTable,
): Promise<LoadedTable> {
  try {
    return loaded(await catalog.createTable(id, { schema, location, partitionSpec, sortOrder, properties }));
  } catch (error) {
    if (codeOf(error) !== 'already-exists') throw error;
    throw new PsybergError('table-exists', `Table already exists: ${formatIdentifier(id)}`);
  }
}

function loaded(table: CatalogTable): LoadedTable {
  const { metadata, metadataLocation = '' } = table;
  const storage = credentialsOf(table);
  return { metadata, metadataLocation, ...(storage === undefined ? {} : { storage }) };
}

/** Errors that the protocol answers with 404 become a value here. */
async function absentAs<T>(absent: T, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (codeOf(error) === 'no-such-table' || codeOf(error) === 'no-such-namespace') return absent;
    throw error;
  }
}

/** False for errors that the protocol answers with 404. */
const succeeds = (work: () => Promise<unknown>): Promise<boolean> =>
  absentAs(false, async () => {
    await work();
    return true;
  });
