/** Names of a warehouse and the places they stand for: what tables and views have in common. */
import { join } from 'node:path';
import type { TableIdentifier } from '../../iceberg/table-metadata.ts';
import { withoutSlash } from '../../iceberg/without-slash.ts';
import { nameTaken, noSuchNamespace, renameTaken } from '../errors.ts';
import type { Roots } from '../files/locations.ts';
import { checkIdentifier, checkNamespace, checkPathNames, folderOf } from '../names.ts';
import type { CatalogStore, PointerKind } from '../store/store.ts';

export interface NamePlaces {
  readonly roots: Roots;
  /** @throws PsybergError `no-such-namespace`, `bad-request`. */
  requireNamespace(namespace: readonly string[]): Promise<void>;
  /** @throws PsybergError `already-exists` when a table or a view has the name. */
  requireFree(id: TableIdentifier, wanted: PointerKind): Promise<void>;
  defaultLocation(id: TableIdentifier): Promise<string>;
  /**
   * @returns false when there is no such thing to rename. @throws PsybergError `no-such-namespace`,
   * `already-exists`.
   */
  rename(rename: {
    readonly from: TableIdentifier;
    readonly to: TableIdentifier;
    readonly kind: PointerKind;
  }): Promise<boolean>;
}

export function namePlaces({
  roots,
  store,
}: {
  readonly roots: Roots;
  readonly store: CatalogStore;
}): NamePlaces {
  const requireNamespace = async (namespace: readonly string[]): Promise<void> => {
    checkNamespace(namespace);
    if (!(await store.namespaceExists(namespace))) throw noSuchNamespace(namespace);
  };
  return {
    roots,
    requireNamespace,
    async requireFree(id, wanted) {
      const pointer = await store.findPointer(id);
      if (pointer) throw nameTaken(id, pointer.kind, wanted);
    },
    async defaultLocation(id) {
      const parent = (await store.namespaceProperties(id.namespace)).location;
      if (parent !== undefined) return `${withoutSlash(parent)}/${folderOf(id).at(-1)}`;
      return join(roots.warehouse, ...folderOf(id));
    },
    async rename({ from, to, kind }) {
      checkPathNames(from.namespace, from.name);
      checkIdentifier(to);
      if ((await store.findPointer(from))?.kind !== kind) return false;
      await requireNamespace(to.namespace);
      const outcome = await store.renamePointer({ from, to, kind });
      if (outcome === 'taken') throw renameTaken(from, to, (await store.findPointer(to))?.kind ?? kind);
      return outcome === 'renamed';
    },
  };
}
