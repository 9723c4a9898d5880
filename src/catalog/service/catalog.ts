/**
 * Defines what one prefix of the REST catalog offers. The warehouse itself, a session's tables and a branch
 * are each a catalog, and the routes know nothing else. The latter two need only {@link TableCatalog} of what
 * is behind them, so that can be a foreign catalog too.
 */
import type { TableIdentifier, TableMetadata } from '../../iceberg/table-metadata.ts';
import type {
  ProposedSchema,
  ProposedSortOrder,
  TableRequirement,
  TableUpdate,
  UnboundPartitionSpec,
} from '../../iceberg/table-update.ts';
import type { ViewMetadata, ViewRequirement, ViewUpdate, ViewVersion } from '../../iceberg/view-metadata.ts';
import type { StorageOrigin } from '../../model/storage-settings.ts';
import type { MetadataText } from '../files/metadata-cache.ts';
import type { PropertyChanges } from '../store/store.ts';

export interface CatalogTable {
  readonly metadata: TableMetadata;
  /** Undefined for a staged table that was never written. */
  readonly metadataLocation: string | undefined;
  /** The metadata as text if that is at hand. */
  readonly text?: MetadataText | undefined;
  /** What its catalog says about reaching its files; may contain secrets. */
  readonly config?: Readonly<Record<string, string>> | undefined;
  readonly storageCredentials?: readonly StorageCredential[] | undefined;
}
/** Credentials for the files below a prefix (Iceberg REST specification, `StorageCredential`). */
export interface StorageCredential {
  readonly prefix: string;
  readonly config: Readonly<Record<string, string>>;
}
export interface CommitTableRequest {
  readonly identifier: TableIdentifier;
  readonly requirements: readonly TableRequirement[];
  readonly updates: readonly TableUpdate[];
}
export interface CreateTableRequest {
  readonly schema: ProposedSchema;
  readonly location?: string | undefined;
  readonly partitionSpec?: UnboundPartitionSpec | undefined;
  readonly sortOrder?: ProposedSortOrder | undefined;
  readonly properties?: Readonly<Record<string, string>> | undefined;
  /** Only prepares the table; a later commit with `assert-create` writes it. */
  readonly stageCreate?: boolean | undefined;
}

/** The reading and committing half of a catalog: all that session catalogs and branch catalogs need. */
export interface TableCatalog {
  /** False for a catalog that commits only one table at a time. */
  readonly commitsTogether: boolean;
  listNamespaces(parent: readonly string[]): Promise<string[][]>;
  /** @throws PsybergError `no-such-namespace`. */
  namespaceProperties(namespace: readonly string[]): Promise<Record<string, string>>;
  listTables(namespace: readonly string[]): Promise<TableIdentifier[]>;
  /** @throws PsybergError `no-such-table`. */
  loadTable(id: TableIdentifier): Promise<CatalogTable>;
  /**
   * Commits all changes or none.
   * @returns the table after a single change; after several perhaps none.
   * @throws PsybergError `commit-conflict`, `invalid-table-update`, …; `no-transactions` for several changes
   * if {@link commitsTogether} is false.
   */
  commitTables(changes: readonly CommitTableRequest[]): Promise<CatalogTable[]>;
}

export interface CatalogView {
  readonly metadata: ViewMetadata;
  readonly metadataLocation: string;
  /** The metadata as text if that is at hand. */
  readonly text?: MetadataText | undefined;
}
export interface CreateViewRequest {
  readonly schema: ProposedSchema;
  readonly location?: string | undefined;
  readonly version: ViewVersion;
  readonly properties: Readonly<Record<string, string>>;
}
export interface CommitViewRequest {
  readonly requirements: readonly ViewRequirement[];
  readonly updates: readonly ViewUpdate[];
}

/**
 * Iceberg's views: queries that the catalog keeps beside the tables. Not related to how a session shows
 * tables.
 */
export interface IcebergViews {
  list(namespace: readonly string[]): Promise<TableIdentifier[]>;
  /** @throws PsybergError `no-such-view`. */
  load(id: TableIdentifier): Promise<CatalogView>;
  create(id: TableIdentifier, request: CreateViewRequest): Promise<CatalogView>;
  register(id: TableIdentifier, request: { readonly metadataLocation: string }): Promise<CatalogView>;
  commit(id: TableIdentifier, change: CommitViewRequest): Promise<CatalogView>;
  rename(rename: { readonly from: TableIdentifier; readonly to: TableIdentifier }): Promise<void>;
  drop(id: TableIdentifier): Promise<void>;
}

export interface Catalog extends TableCatalog {
  /** Endpoints that are refused, as `/v1/config` names them; absent: none. */
  readonly lacks?: ReadonlySet<string>;
  readonly icebergViews: IcebergViews;
  /** True for a catalog that keeps only the newest snapshot of a table; absent: it keeps all. */
  readonly keepsOneSnapshot?: boolean;
  /** How a table's files are reached, and who says so, without secrets; absent if nobody is asked. */
  describeStorage?(id: TableIdentifier): Promise<StorageOrigin[]>;
  /**
   * During `work` the catalog behind this one is asked for each table once, and again after a commit to it;
   * absent if there is none.
   */
  inSession?<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Prepares and makes a commit to tables that many commit to, after others that do the same; absent if
   * nobody waits. A commit without it is as safe, but may have to be prepared again.
   */
  inTurn?<T>(work: () => Promise<T>): Promise<T>;
  createNamespace(
    namespace: readonly string[],
    properties: Readonly<Record<string, string>>,
  ): Promise<Record<string, string>>;
  changeNamespaceProperties(
    namespace: readonly string[],
    changes: PropertyChanges,
  ): Promise<{ updated: string[]; removed: string[]; missing: string[] }>;
  dropNamespace(namespace: readonly string[]): Promise<void>;
  createTable(id: TableIdentifier, request: CreateTableRequest): Promise<CatalogTable>;
  registerTable(
    id: TableIdentifier,
    request: { readonly metadataLocation: string; readonly overwrite: boolean },
  ): Promise<CatalogTable>;
  renameTable(rename: { readonly from: TableIdentifier; readonly to: TableIdentifier }): Promise<void>;
  dropTable(id: TableIdentifier, options: { readonly purge: boolean }): Promise<void>;
  /**
   * Takes a client's report on a scan or commit; absent if reports are discarded. Never fails: no query
   * should fail because of its report.
   */
  reportMetrics?(id: TableIdentifier, report: unknown): Promise<void>;
}
