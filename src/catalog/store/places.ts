/** All that a catalog's database knows of places, read and moved at once. kysely, as the store beside it. */
import type { Kysely } from 'kysely';
import { storageFault } from '../../model/storage-faults.ts';
import { commitStateUnknown } from '../errors.ts';
import type { JdbcTables } from './jdbc-schema.ts';
import type { PlaceChanges, Places } from './store.ts';

/** The pointers of a catalog and the locations of its namespaces. */
export async function placesIn(db: Kysely<JdbcTables>, catalogName: string): Promise<Places> {
  const pointers = await db
    .selectFrom('iceberg_tables')
    .select(['table_namespace', 'table_name', 'metadata_location', 'iceberg_type'])
    .where('catalog_name', '=', catalogName)
    .where('metadata_location', 'is not', null)
    .orderBy('table_namespace')
    .orderBy('table_name')
    .execute();
  const namespaces = await db
    .selectFrom('iceberg_namespace_properties')
    .select(['namespace', 'property_value'])
    .where('catalog_name', '=', catalogName)
    .where('property_key', '=', 'location')
    .orderBy('namespace')
    .execute();
  return {
    pointers: pointers.map((row) => ({
      identifier: { namespace: row.table_namespace.split('.'), name: row.table_name },
      kind: row.iceberg_type === 'VIEW' ? 'VIEW' : 'TABLE',
      metadataLocation: row.metadata_location as string,
    })),
    namespaces: namespaces.map((row) => ({ namespace: row.namespace, location: row.property_value ?? '' })),
  };
}

/** One place is not as it was expected; rolls the transaction back. */
class Overtaken extends Error {}

/** See `CatalogStore.relocate`. */
export async function relocateIn(
  db: Kysely<JdbcTables>,
  catalogName: string,
  changes: PlaceChanges,
): Promise<boolean> {
  let committing = false;
  try {
    await db.transaction().execute(async (transaction) => {
      for (const count of await changePlaces(transaction, catalogName, changes))
        if (count !== 1n) throw new Overtaken();
      committing = true;
    });
    return true;
  } catch (error) {
    if (error instanceof Overtaken) return false;
    const fault = storageFault(error, "the catalog's database");
    if (fault !== undefined) throw fault;
    throw committing ? commitStateUnknown(error) : error;
  }
}

/** @returns how many rows each change found: one, where nothing moved meanwhile. */
async function changePlaces(
  db: Kysely<JdbcTables>,
  catalogName: string,
  { pointers, namespaces, forgotten }: PlaceChanges,
): Promise<bigint[]> {
  const counts: bigint[] = [];
  for (const { identifier, expected, next, previous } of pointers) {
    const { numUpdatedRows } = await db
      .updateTable('iceberg_tables')
      .set({ metadata_location: next, previous_metadata_location: previous })
      .where('catalog_name', '=', catalogName)
      .where('table_namespace', '=', identifier.namespace.join('.'))
      .where('table_name', '=', identifier.name)
      .where('metadata_location', '=', expected)
      .executeTakeFirst();
    counts.push(numUpdatedRows);
  }
  for (const { namespace, expected, next } of namespaces) {
    const { numUpdatedRows } = await db
      .updateTable('iceberg_namespace_properties')
      .set({ property_value: next })
      .where('catalog_name', '=', catalogName)
      .where('namespace', '=', namespace)
      .where('property_key', '=', 'location')
      .where('property_value', '=', expected)
      .executeTakeFirst();
    counts.push(numUpdatedRows);
  }
  for (const { identifier, expected } of forgotten) {
    const { numDeletedRows } = await db
      .deleteFrom('iceberg_tables')
      .where('catalog_name', '=', catalogName)
      .where('table_namespace', '=', identifier.namespace.join('.'))
      .where('table_name', '=', identifier.name)
      .where('metadata_location', '=', expected)
      .executeTakeFirst();
    counts.push(numDeletedRows);
  }
  return counts;
}
