/** The catalog's store over kysely: Iceberg's JDBC-catalog tables in any database that kysely speaks. */
import { type ExpressionBuilder, type Kysely, sql } from 'kysely';
import type { TableIdentifier } from '../../iceberg/table-metadata.ts';
import { storageFault } from '../../model/storage-faults.ts';
import { commitStateUnknown } from '../errors.ts';
import { EXISTS_PROPERTY, type JdbcTables } from './jdbc-schema.ts';
import { placesIn, relocateIn } from './places.ts';
import type { CatalogStore, PointerKind, PointerSwap } from './store.ts';

/** A swap that found another pointer than it expected; rolls the transaction back. */
class LostSwap extends Error {
  readonly swap: PointerSwap;
  constructor(swap: PointerSwap) {
    super('pointer moved');
    this.swap = swap;
  }
}

const join = (namespace: readonly string[]): string => namespace.join('.');

/** Wraps a database; `catalogName` separates catalogs that share one. */
export function kyselyStore(db: Kysely<JdbcTables>, catalogName: string): CatalogStore {
  const pointers = (connection: Kysely<JdbcTables>) =>
    connection.selectFrom('iceberg_tables').where('catalog_name', '=', catalogName);
  const properties = (connection: Kysely<JdbcTables>) =>
    connection.selectFrom('iceberg_namespace_properties').where('catalog_name', '=', catalogName);
  /**
   * A namespace exists if it, or a namespace below it, has a row in either table: Iceberg's JDBC catalog
   * creates no parents.
   */
  const namespaceRows = async (
    connection: Kysely<JdbcTables>,
    name: string,
    what: { itself: boolean; children: boolean },
  ): Promise<boolean> => {
    const matches =
      (column: 'namespace' | 'table_namespace') => (eb: ExpressionBuilder<JdbcTables, never>) => {
        const ref = eb.ref(column as never);
        return eb.or([
          ...(what.itself ? [eb(ref, '=', name as never)] : []),
          ...(what.children ? [startsWith(column, `${name}.`)] : []),
        ] as never) as never;
      };
    const property = await properties(connection)
      .select('namespace')
      .where(matches('namespace') as never)
      .limit(1)
      .executeTakeFirst();
    if (property) return true;
    return (
      (await pointers(connection)
        .select('table_name')
        .where(matches('table_namespace') as never)
        .limit(1)
        .executeTakeFirst()) !== undefined
    );
  };
  /**
   * Holds a namespace's own rows until the transaction ends. Where transactions run side by side, one that
   * drops the namespace and one that changes it wait for each other here; without it the later one would
   * leave rows of a namespace that is gone. By an update that changes nothing, since SQLite knows no `for
   * update`.
   */
  const hold = async (transaction: Kysely<JdbcTables>, name: string): Promise<void> => {
    await transaction
      .updateTable('iceberg_namespace_properties')
      .set((eb) => ({ property_value: eb.ref('property_value') }))
      .where('catalog_name', '=', catalogName)
      .where('namespace', '=', name)
      .execute();
  };
  const hasTables = async (connection: Kysely<JdbcTables>, name: string): Promise<boolean> =>
    (await pointers(connection)
      .select('table_name')
      .where('table_namespace', '=', name)
      .limit(1)
      .executeTakeFirst()) !== undefined;
  const isKind = (kind: PointerKind) => (eb: ExpressionBuilder<JdbcTables, 'iceberg_tables'>) =>
    // Rows of older writers have no type: they are tables.
    kind === 'TABLE'
      ? eb.or([eb('iceberg_type', '=', 'TABLE'), eb('iceberg_type', 'is', null)])
      : eb('iceberg_type', '=', kind);

  return {
    namespaceExists: (namespace) => namespaceRows(db, join(namespace), { itself: true, children: true }),

    async listNamespaces(parent) {
      const prefix = parent.length === 0 ? '' : `${join(parent)}.`;
      const named = await properties(db)
        .select('namespace as name')
        .distinct()
        .where(startsWith('namespace', prefix))
        .execute();
      const used = await pointers(db)
        .select('table_namespace as name')
        .distinct()
        .where(startsWith('table_namespace', prefix))
        .execute();
      const children = new Set(
        [...named, ...used].map((row) => row.name.slice(prefix.length).split('.')[0] as string),
      );
      return [...children].sort().map((child) => [...parent, child]);
    },

    async namespaceProperties(namespace) {
      const rows = await properties(db)
        .select(['property_key', 'property_value'])
        .where('namespace', '=', join(namespace))
        .execute();
      return Object.fromEntries(
        rows
          .filter((row) => row.property_key !== EXISTS_PROPERTY)
          .map((row) => [row.property_key, row.property_value ?? '']),
      );
    },

    async createNamespace(namespace, values) {
      const name = join(namespace);
      return await db.transaction().execute(async (transaction) => {
        if (await namespaceRows(transaction, name, { itself: true, children: true })) return false;
        const row = (key: string, value: string) => ({
          catalog_name: catalogName,
          namespace: name,
          property_key: key,
          property_value: value,
        });
        // The mark first: where transactions run side by side, two creators meet at this row, and the second
        // one waits and loses.
        const marked = await transaction
          .insertInto('iceberg_namespace_properties')
          .values(row(EXISTS_PROPERTY, 'true'))
          .onConflict((oc) => oc.doNothing())
          .executeTakeFirst();
        if (marked.numInsertedOrUpdatedRows !== 1n) return false;
        const rows = Object.entries(values).filter(([key]) => key !== EXISTS_PROPERTY);
        if (rows.length > 0) {
          await transaction
            .insertInto('iceberg_namespace_properties')
            .values(rows.map(([key, value]) => row(key, value)))
            .execute();
        }
        return true;
      });
    },

    async changeNamespaceProperties(namespace, { updates, removals }) {
      const name = join(namespace);
      return await db.transaction().execute(async (transaction) => {
        await hold(transaction, name);
        if (!(await namespaceRows(transaction, name, { itself: true, children: true }))) return undefined;
        const removed =
          removals.length === 0
            ? []
            : await transaction
                .deleteFrom('iceberg_namespace_properties')
                .where('catalog_name', '=', catalogName)
                .where('namespace', '=', name)
                .where('property_key', 'in', [...removals])
                .returning('property_key')
                .execute();
        // The mark keeps the namespace alive when its last property goes.
        for (const [key, value] of inOneOrder(
          Object.entries({ ...updates, [EXISTS_PROPERTY]: 'true' }),
          ([name]) => name,
        )) {
          await transaction
            .insertInto('iceberg_namespace_properties')
            .values({ catalog_name: catalogName, namespace: name, property_key: key, property_value: value })
            .onConflict((oc) =>
              oc
                .columns(['catalog_name', 'namespace', 'property_key'])
                .doUpdateSet({ property_value: value }),
            )
            .execute();
        }
        return removed.map((row) => row.property_key).filter((key) => key !== EXISTS_PROPERTY);
      });
    },

    async dropNamespace(namespace) {
      const name = join(namespace);
      return await db.transaction().execute(async (transaction) => {
        await hold(transaction, name);
        if (!(await namespaceRows(transaction, name, { itself: true, children: true }))) return 'missing';
        if (
          (await hasTables(transaction, name)) ||
          (await namespaceRows(transaction, name, { itself: false, children: true }))
        )
          return 'not-empty';
        await transaction
          .deleteFrom('iceberg_namespace_properties')
          .where('catalog_name', '=', catalogName)
          .where('namespace', '=', name)
          .execute();
        return 'dropped';
      });
    },

    async listPointers(namespace, kind) {
      const rows = await pointers(db)
        .select('table_name')
        .where('table_namespace', '=', join(namespace))
        .where(isKind(kind))
        .execute();
      // Sorted here: databases disagree on the order of capitals.
      return rows.map((row) => row.table_name).sort();
    },

    async findPointer(id) {
      const row = await pointers(db)
        .select(['metadata_location', 'iceberg_type'])
        .where('table_namespace', '=', join(id.namespace))
        .where('table_name', '=', id.name)
        .executeTakeFirst();
      if (!row?.metadata_location) return undefined;
      return {
        kind: row.iceberg_type === 'VIEW' ? 'VIEW' : 'TABLE',
        metadataLocation: row.metadata_location,
      };
    },

    async swapPointers(swaps) {
      let committing = false;
      try {
        await db.transaction().execute(async (transaction) => {
          // Two commits of the same tables lock them in the same order, or they could wait for each other.
          for (const swap of inOneOrder(swaps, ({ identifier }) =>
            [...identifier.namespace, identifier.name].join('\u0000'),
          )) {
            if (!(await swapOne(transaction, swap))) throw new LostSwap(swap);
          }
          committing = true;
        });
        return undefined;
      } catch (error) {
        if (error instanceof LostSwap) return error.swap;
        // SQLite says so before the commit is in its log: nobody needs to look whether it was made.
        const fault = storageFault(error, "the catalog's database");
        if (fault !== undefined) throw fault;
        if (committing) throw commitStateUnknown(error);
        throw error;
      }
    },

    async dropPointer(id, kind) {
      // In a transaction as every write: SQLite's driver waits there for other processes.
      const row = await db
        .transaction()
        .execute((transaction) =>
          transaction
            .deleteFrom('iceberg_tables')
            .where('catalog_name', '=', catalogName)
            .where('table_namespace', '=', join(id.namespace))
            .where('table_name', '=', id.name)
            .where(isKind(kind))
            .returning('metadata_location')
            .executeTakeFirst(),
        );
      return row?.metadata_location ?? undefined;
    },

    async renamePointer({ from, to, kind }) {
      return await db.transaction().execute(async (transaction) => {
        const named = (id: TableIdentifier) =>
          pointers(transaction)
            .select('table_name')
            .where('table_namespace', '=', join(id.namespace))
            .where('table_name', '=', id.name);
        if (!(await named(from).where(isKind(kind)).executeTakeFirst())) return 'missing';
        if (await named(to).executeTakeFirst()) return 'taken';
        const moved = await transaction
          .updateTable('iceberg_tables')
          .set({ table_namespace: join(to.namespace), table_name: to.name })
          .where('catalog_name', '=', catalogName)
          .where('table_namespace', '=', join(from.namespace))
          .where('table_name', '=', from.name)
          .where(isKind(kind))
          .executeTakeFirst();
        return moved.numUpdatedRows === 1n ? 'renamed' : 'missing';
      });
    },

    async locationsWith(texts) {
      if (texts.length === 0) return [];
      const rows = await db
        .selectFrom('iceberg_tables')
        .select('metadata_location')
        .where((eb) => eb.or(texts.map((text) => contains('metadata_location', text))))
        .execute();
      return rows.map((row) => row.metadata_location as string);
    },

    async metadataLocations() {
      const rows = await db
        .selectFrom('iceberg_tables')
        .select('metadata_location')
        .where('metadata_location', 'is not', null)
        .execute();
      return rows.map((row) => row.metadata_location as string);
    },

    places: () => placesIn(db, catalogName),
    relocate: (changes) => relocateIn(db, catalogName, changes),

    close: () => db.destroy(),
  };

  async function swapOne(transaction: Kysely<JdbcTables>, swap: PointerSwap): Promise<boolean> {
    const namespace = join(swap.identifier.namespace);
    if (swap.expected === undefined) {
      const inserted = await transaction
        .insertInto('iceberg_tables')
        .values({
          catalog_name: catalogName,
          table_namespace: namespace,
          table_name: swap.identifier.name,
          metadata_location: swap.next,
          previous_metadata_location: null,
          iceberg_type: swap.kind,
        })
        .onConflict((oc) => oc.doNothing())
        .executeTakeFirst();
      return inserted.numInsertedOrUpdatedRows === 1n;
    }
    // The condition is the whole concurrency control: whoever finds another location here was overtaken.
    // A pointer that only has to stay where it is keeps its previous location.
    const updated = await transaction
      .updateTable('iceberg_tables')
      .set({
        metadata_location: swap.next,
        ...(swap.next === swap.expected ? {} : { previous_metadata_location: swap.expected }),
      })
      .where('catalog_name', '=', catalogName)
      .where('table_namespace', '=', namespace)
      .where('table_name', '=', swap.identifier.name)
      .where('metadata_location', '=', swap.expected)
      .where(isKind(swap.kind))
      .executeTakeFirst();
    return updated.numUpdatedRows === 1n;
  }
}

/**
 * `like` would treat `_` and `%` of a name as wildcards. SQL counts characters where JavaScript counts halves
 * of some.
 */
const startsWith = (column: string, prefix: string) =>
  sql<boolean>`substr(${sql.ref(column)}, 1, ${sql.lit([...prefix].length)}) = ${prefix}`;

/** In words that SQLite and PostgreSQL share; `like` knows wildcards. */
const contains = (column: string, text: string) =>
  sql<boolean>`replace(${sql.ref(column)}, ${text}, '') <> ${sql.ref(column)}`;

const inOneOrder = <T>(items: readonly T[], keyOf: (item: T) => string): T[] =>
  [...items].sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
