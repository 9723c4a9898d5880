/**
 * Defines what the catalog needs from a database: namespaces, and for each table one pointer to its current
 * metadata file.
 */
import type { TableIdentifier } from '../../iceberg/table-metadata.ts';

/** The values of column `iceberg_type` in Iceberg's JDBC catalog. */
export type PointerKind = 'TABLE' | 'VIEW';

export interface Pointer {
  readonly kind: PointerKind;
  readonly metadataLocation: string;
}

/** One pointer moves from `expected` (`undefined`: the name is free) to `next`. */
export interface PointerSwap {
  readonly identifier: TableIdentifier;
  readonly kind: PointerKind;
  readonly expected: string | undefined;
  readonly next: string;
}

export interface Places {
  readonly pointers: readonly (Pointer & { readonly identifier: TableIdentifier })[];
  /** The property `location` of namespaces, whose levels are joined by dots. */
  readonly namespaces: readonly { readonly namespace: string; readonly location: string }[];
}
export interface PlaceChanges {
  readonly pointers: readonly (PointerSwap & { readonly expected: string; readonly previous: string })[];
  readonly namespaces: readonly {
    readonly namespace: string;
    readonly expected: string;
    readonly next: string;
  }[];
  readonly forgotten: readonly { readonly identifier: TableIdentifier; readonly expected: string }[];
}

export interface PropertyChanges {
  readonly updates: Readonly<Record<string, string>>;
  readonly removals: readonly string[];
}

export interface CatalogStore {
  namespaceExists(namespace: readonly string[]): Promise<boolean>;
  /** Direct children of a namespace; of the root if it is empty. */
  listNamespaces(parent: readonly string[]): Promise<string[][]>;
  namespaceProperties(namespace: readonly string[]): Promise<Record<string, string>>;
  /** @returns false if it existed. */
  createNamespace(
    namespace: readonly string[],
    properties: Readonly<Record<string, string>>,
  ): Promise<boolean>;
  /** @returns those of the removals that existed; `undefined` if there is no such namespace. */
  changeNamespaceProperties(
    namespace: readonly string[],
    changes: PropertyChanges,
  ): Promise<readonly string[] | undefined>;
  dropNamespace(namespace: readonly string[]): Promise<'dropped' | 'missing' | 'not-empty'>;
  listPointers(namespace: readonly string[], kind: PointerKind): Promise<string[]>;
  findPointer(id: TableIdentifier): Promise<Pointer | undefined>;
  /**
   * Moves all pointers or none, in one database transaction.
   * @returns the swap that lost, `undefined` when all were made.
   * @throws PsybergError `commit-state-unknown` when the database failed while it committed: nobody knows
   * which of the two happened.
   */
  swapPointers(swaps: readonly PointerSwap[]): Promise<PointerSwap | undefined>;
  /** @returns where the pointer pointed, `undefined` if there was none. */
  dropPointer(id: TableIdentifier, kind: PointerKind): Promise<string | undefined>;
  renamePointer(rename: {
    readonly from: TableIdentifier;
    readonly to: TableIdentifier;
    readonly kind: PointerKind;
  }): Promise<'renamed' | 'missing' | 'taken'>;
  /**
   * The metadata locations in the database that contain one of these texts: for tables and views, of all its
   * catalogs.
   */
  locationsWith(texts: readonly string[]): Promise<string[]>;
  /** Every metadata location in the database: for tables and views, of all its catalogs. */
  metadataLocations(): Promise<string[]>;
  /** All pointers of this catalog, and the locations of its namespaces. */
  places(): Promise<Places>;
  /**
   * Moves all pointers and locations of namespaces or none, in one database transaction, and forgets others.
   * @returns false when one of them is not as expected.
   * @throws PsybergError `commit-state-unknown` like `swapPointers`.
   */
  relocate(changes: PlaceChanges): Promise<boolean>;
  /** Like the catalog's `inTurn`; absent if nobody waits. */
  inTurn?<T>(work: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/**
 * A database that has answered. Opening it is separate from its store: kysely loads while the caller goes on.
 */
export interface CatalogDatabase {
  /** The store of one catalog in it; closing the store closes the database. */
  openStore(catalogName: string): Promise<CatalogStore>;
  /** The metadata locations of the tables and views of one catalog; available before its store is opened. */
  metadataLocations(catalogName: string): Promise<string[]>;
  close(): Promise<void>;
}
