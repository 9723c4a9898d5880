/**
 * Refuses what no session and no branch allows: namespaces, tables and views are created and dropped only
 * under the warehouse's own name.
 */
import { forbidden, noSuchView } from '../errors.ts';
import { COMMIT_TABLE, COMMIT_TRANSACTION, ENDPOINTS, REPORT_METRICS } from '../protocol/endpoints.ts';
import type { Catalog, TableCatalog } from '../service/catalog.ts';

const refuse = async (): Promise<never> => {
  throw forbidden(
    'A view cannot create, drop, rename or register anything',
    'do it under the warehouse name',
  );
};

const COMMITS = new Set([COMMIT_TABLE, COMMIT_TRANSACTION, REPORT_METRICS]);
const REFUSED: ReadonlySet<string> = new Set(
  ENDPOINTS.filter((endpoint) => /^(POST|DELETE) /.test(endpoint) && !COMMITS.has(endpoint)),
);

/** Completes a reading and committing half to a catalog. */
export const fixedShapeCatalog = (tables: TableCatalog): Catalog => ({
  ...tables,
  lacks: REFUSED,
  // A session reads tables; the warehouse's own views would show it what it must not see.
  icebergViews: {
    async list(namespace) {
      await tables.namespaceProperties(namespace);
      return [];
    },
    load: async (id) => {
      throw noSuchView(id);
    },
    create: refuse,
    register: refuse,
    commit: refuse,
    rename: refuse,
    drop: refuse,
  },
  createNamespace: refuse,
  changeNamespaceProperties: refuse,
  dropNamespace: refuse,
  createTable: refuse,
  registerTable: refuse,
  renameTable: refuse,
  dropTable: refuse,
});
