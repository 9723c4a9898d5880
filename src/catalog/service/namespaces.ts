/** Manages the namespaces of a warehouse: they are rows of its store, and nothing on the disk. */
import { namespaceExists, namespaceNotEmpty, noSuchNamespace, unprocessable } from '../errors.ts';
import { checkNamespace, checkProperties } from '../names.ts';
import type { Catalog } from './catalog.ts';
import { checkNewPlace, requireNamespace } from './name-places.ts';
import type { Warehouse } from './warehouse.ts';

export type Namespaces = Pick<
  Catalog,
  'listNamespaces' | 'namespaceProperties' | 'createNamespace' | 'changeNamespaceProperties' | 'dropNamespace'
>;

export function warehouseNamespaces(warehouse: Pick<Warehouse, 'roots' | 'store'>): Namespaces {
  const { roots, store } = warehouse;
  return {
    async listNamespaces(parent) {
      if (parent.length > 0) await requireNamespace(warehouse, parent);
      return await store.listNamespaces(parent);
    },
    async namespaceProperties(namespace) {
      await requireNamespace(warehouse, namespace);
      return await store.namespaceProperties(namespace);
    },
    async createNamespace(namespace, properties) {
      checkNamespace(namespace);
      checkProperties(properties);
      if (properties.location !== undefined) checkNewPlace(roots, properties.location);
      if (!(await store.createNamespace(namespace, properties))) throw namespaceExists(namespace);
      return await store.namespaceProperties(namespace);
    },
    async changeNamespaceProperties(namespace, changes) {
      await requireNamespace(warehouse, namespace);
      const both = changes.removals.filter((key) => Object.hasOwn(changes.updates, key));
      if (both.length > 0)
        throw unprocessable(
          `Invalid namespace update, cannot have a key in both updates and removals: ${both.join(', ')}`,
        );
      checkProperties(changes.updates);
      if (changes.updates.location !== undefined) checkNewPlace(roots, changes.updates.location);
      const found = await store.changeNamespaceProperties(namespace, changes);
      // It was dropped since it was looked up.
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
  };
}
