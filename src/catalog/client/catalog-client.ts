/** Defines what the engine asks of a catalog, and a client that asks it over HTTP. */
import type { TableIdentifier, TableMetadata } from '../../iceberg/table-metadata.ts';
import type { ProposedSchema, ProposedSortOrder, UnboundPartitionSpec } from '../../iceberg/table-update.ts';
import type { StorageOrigin } from '../../model/storage-settings.ts';
import type { CommitTableRequest, StorageCredential } from '../service/catalog.ts';

export interface LoadedTable {
  readonly metadata: TableMetadata;
  readonly metadataLocation: string;
  /** What a foreign catalog says about reaching the table's files; secrets may be among it. */
  readonly storage?: readonly StorageCredential[];
}
/** One table's part of a commit, without its name. */
export type TableCommit = Omit<CommitTableRequest, 'identifier'>;
export interface CreateTable {
  readonly schema: ProposedSchema;
  readonly location?: string;
  readonly partitionSpec?: UnboundPartitionSpec;
  readonly writeOrder?: ProposedSortOrder;
  readonly properties?: Readonly<Record<string, string>>;
}
export interface CatalogClient {
  /** @returns `undefined` when the table does not exist. */
  loadTable(id: TableIdentifier): Promise<LoadedTable | undefined>;
  /**
   * The same for a table that is only read: manifests that DuckDB's Avro reader refuses may be replaced by
   * copies, which no commit may name.
   */
  loadTableToRead(id: TableIdentifier): Promise<LoadedTable | undefined>;
  tableExists(id: TableIdentifier): Promise<boolean>;
  /** Direct children of `parent`, by default of the root. */
  listNamespaces(parent?: readonly string[]): Promise<string[][]>;
  listTables(namespace: readonly string[]): Promise<TableIdentifier[]>;
  namespaceExists(namespace: readonly string[]): Promise<boolean>;
  /** No error if it exists already. */
  createNamespace(namespace: readonly string[]): Promise<void>;
  /** @throws PsybergError `table-exists`. */
  createTable(id: TableIdentifier, request: CreateTable): Promise<LoadedTable>;
  /** @returns false if there was no such table. */
  dropTable(id: TableIdentifier, options?: { readonly purge: boolean }): Promise<boolean>;
  /** @throws PsybergError `commit-conflict`, retryable. */
  commitTable(id: TableIdentifier, commit: TableCommit): Promise<LoadedTable>;
  /** True for a catalog that keeps only the newest snapshot of a table. */
  keepsOneSnapshot(): Promise<boolean>;
  /**
   * Runs work that looks at the tables at one moment and commits what says which moment that was: each table
   * is asked for once, and again after a commit to it. Waiting for others belongs outside of it.
   */
  inSession<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Prepares and makes a commit to tables that many commit to, after others of this machine that do the same.
   * Nothing slow belongs in it, since they wait.
   */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  /** How a table's files are reached, and who says so, without secrets; empty if nobody is asked. */
  describeStorage(id: TableIdentifier): Promise<StorageOrigin[]>;
  /** False for a catalog that commits only one table at a time. */
  commitsTogether(): Promise<boolean>;
  /**
   * All changes or none. @throws PsybergError `commit-conflict`, retryable; `no-transactions` for several
   * changes where {@link commitsTogether} is false.
   */
  commitTransaction(changes: readonly CommitTableRequest[]): Promise<void>;
}
