/** Serves the warehouse itself as a catalog: store + metadata files + the pure rules of commits. */
import type { Catalog } from './catalog.ts';
import { tableCommits } from './commit-tables.ts';
import { warehouseNamespaces } from './namespaces.ts';
import { warehouseTables } from './tables.ts';
import { warehouseViews } from './views.ts';
import type { Warehouse } from './warehouse.ts';

/** Serves a warehouse folder. */
export const warehouseCatalog = (warehouse: Warehouse): Catalog => ({
  commitsTogether: true,
  icebergViews: warehouseViews(warehouse),
  ...warehouseNamespaces(warehouse),
  ...warehouseTables(warehouse),
  ...tableCommits(warehouse),
  inTurn: (work) => (warehouse.store.inTurn ?? atOnce)(work),
});

const atOnce = <T>(work: () => Promise<T>): Promise<T> => work();
