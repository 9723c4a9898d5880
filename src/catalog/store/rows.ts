/**
 * Selects the rows of one catalog in a database that several may share, with the conditions that the store's
 * statements have in common.
 */
import { type ExpressionBuilder, type Kysely, type RawBuilder, type SelectQueryBuilder, sql } from 'kysely';
import type { TableIdentifier } from '../../iceberg/table-metadata.ts';
import { storageFault } from '../../model/storage-faults.ts';
import { commitStateUnknown } from '../errors.ts';
import type { JdbcTables } from './jdbc-schema.ts';
import type { PointerKind } from './store.ts';

export interface CatalogRows {
  /** The database, or a transaction in it. */
  readonly db: Kysely<JdbcTables>;
  readonly catalogName: string;
}

/** How the JDBC catalog spells a namespace. */
export const dotted = (namespace: readonly string[]): string => namespace.join('.');

type Rows<Table extends keyof JdbcTables> = SelectQueryBuilder<JdbcTables, Table, object>;

export const pointerRows = ({ db, catalogName }: CatalogRows): Rows<'iceberg_tables'> =>
  db.selectFrom('iceberg_tables').where('catalog_name', '=', catalogName);

export const propertyRows = ({ db, catalogName }: CatalogRows): Rows<'iceberg_namespace_properties'> =>
  db.selectFrom('iceberg_namespace_properties').where('catalog_name', '=', catalogName);

/** The row of one table or view. */
export const pointerOf = (rows: CatalogRows, { namespace, name }: TableIdentifier): Rows<'iceberg_tables'> =>
  pointerRows(rows).where('table_namespace', '=', dotted(namespace)).where('table_name', '=', name);

/** Rows of older writers have no type: they are tables. */
export const isKind = (kind: PointerKind) => (eb: ExpressionBuilder<JdbcTables, 'iceberg_tables'>) =>
  kind === 'TABLE'
    ? eb.or([eb('iceberg_type', '=', 'TABLE'), eb('iceberg_type', 'is', null)])
    : eb('iceberg_type', '=', kind);

/**
 * `like` would read `_` and `%` in a name as wildcards. SQL counts characters, while JavaScript counts some
 * of them as two.
 */
export const startsWith = (column: string, prefix: string): RawBuilder<boolean> =>
  sql<boolean>`substr(${sql.ref(column)}, 1, ${sql.lit([...prefix].length)}) = ${prefix}`;

/** With a function that SQLite and PostgreSQL share; `like` has wildcards. */
export const contains = (column: string, text: string): RawBuilder<boolean> =>
  sql<boolean>`replace(${sql.ref(column)}, ${text}, '') <> ${sql.ref(column)}`;

/** Transactions that lock the same rows do so in this order; otherwise two could wait for each other. */
export const inOneOrder = <T>(items: readonly T[], keyOf: (item: T) => string): T[] =>
  [...items].sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));

/** Every write is a transaction, because that is where SQLite's driver waits for other processes. */
export const inTransaction = <T>(
  { db, catalogName }: CatalogRows,
  work: (rows: CatalogRows) => Promise<T>,
): Promise<T> => db.transaction().execute((transaction) => work({ db: transaction, catalogName }));

/**
 * Like {@link inTransaction}, for a change whose outcome its caller must know.
 * @throws PsybergError `commit-state-unknown` when the database failed while it committed.
 */
export async function committed<T>(rows: CatalogRows, work: (rows: CatalogRows) => Promise<T>): Promise<T> {
  let committing = false;
  try {
    return await inTransaction(rows, async (within) => {
      const result = await work(within);
      committing = true;
      return result;
    });
  } catch (error) {
    // SQLite reports a full or read-only disk before the commit is in its log, so it certainly was not made.
    // If the disk fails under it that is not certain: others may find it in the log.
    const fault = storageFault(error, { place: "the catalog's database" });
    if (fault !== undefined && !(committing && fault.code === 'storage-failed')) throw fault;
    throw committing ? commitStateUnknown(error) : error;
  }
}
