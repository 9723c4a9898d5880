/**
 * Any Iceberg REST catalog as a catalog of ours, so that session catalogs and branch catalogs lie in front of
 * it as they do in front of the embedded one. Calls -> HTTP -> values. What the catalog does not offer is
 * refused in words; an answer that got lost is looked up.
 */
import { rememberingParser } from '../../iceberg/known-snapshots.ts';
import { COMMIT_TRANSACTION } from '../protocol/endpoints.ts';
import type { Catalog } from '../service/catalog.ts';
import { commitTables } from './commit-tables.ts';
import { describeStorage, type ForeignTables, parseLoadTableResult } from './load-table.ts';
import { foreignNamespaces, NAMESPACE_ENDPOINTS } from './namespaces.ts';
import type { ForeignConnection } from './requests.ts';
import { tableCache } from './table-cache.ts';
import { foreignTables, TABLE_ENDPOINTS } from './tables.ts';
import { foreignViews, VIEW_ENDPOINTS } from './views.ts';

/** What a session can do without; the rest is what a catalog of tables is. */
const OPTIONAL_ENDPOINTS: readonly string[] = [...NAMESPACE_ENDPOINTS, ...TABLE_ENDPOINTS, ...VIEW_ENDPOINTS];

/** The catalog behind a connection that has answered. */
export function foreignCatalog(connection: ForeignConnection): Catalog {
  const { endpoints } = connection.settings;
  const tables: ForeignTables = {
    ...connection,
    cache: tableCache(),
    tokens: new Map(),
    parseTable: rememberingParser(parseLoadTableResult),
    commitsTogether: endpoints.has(COMMIT_TRANSACTION),
  };
  return {
    lacks: new Set(OPTIONAL_ENDPOINTS.filter((endpoint) => !endpoints.has(endpoint))),
    icebergViews: foreignViews(connection),
    get commitsTogether() {
      return tables.commitsTogether;
    },
    ...foreignNamespaces(connection),
    ...foreignTables(tables),
    keepsOneSnapshot: connection.settings.keepsOneSnapshot,
    async inSession(work) {
      const end = tables.cache.beginSession();
      try {
        return await work();
      } finally {
        end();
      }
    },
    describeStorage: (id) => describeStorage(tables, id),
    commitTables: (changes) => commitTables(tables, changes),
  };
}
