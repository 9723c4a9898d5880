/** Reads and moves all locations in a catalog's database at once. */
import { type CatalogRows, committed, dotted } from './rows.ts';
import type { PlaceChanges, Places } from './store.ts';

/** See `CatalogStore.places`. */
export async function placesIn({ db, catalogName }: CatalogRows): Promise<Places> {
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

/** A place is not as expected; rolls the transaction back. */
class Overtaken extends Error {}

/** See `CatalogStore.relocate`. */
export async function relocateIn(rows: CatalogRows, changes: PlaceChanges): Promise<boolean> {
  try {
    await committed(rows, async (within) => {
      for (const count of await changePlaces(within, changes)) if (count !== 1n) throw new Overtaken();
    });
    return true;
  } catch (error) {
    if (error instanceof Overtaken) return false;
    throw error;
  }
}

/** @returns how many rows each change matched: one, if nothing moved meanwhile. */
async function changePlaces(
  rows: CatalogRows,
  { pointers, namespaces, forgotten }: PlaceChanges,
): Promise<bigint[]> {
  const counts: bigint[] = [];
  for (const pointer of pointers) counts.push(await movePointerTo(rows, pointer));
  for (const namespace of namespaces) counts.push(await moveNamespace(rows, namespace));
  for (const pointer of forgotten) counts.push(await forgetPointer(rows, pointer));
  return counts;
}

async function movePointerTo(
  { db, catalogName }: CatalogRows,
  { identifier, expected, next, previous }: PlaceChanges['pointers'][number],
): Promise<bigint> {
  const { numUpdatedRows } = await db
    .updateTable('iceberg_tables')
    .set({ metadata_location: next, previous_metadata_location: previous })
    .where('catalog_name', '=', catalogName)
    .where('table_namespace', '=', dotted(identifier.namespace))
    .where('table_name', '=', identifier.name)
    .where('metadata_location', '=', expected)
    .executeTakeFirst();
  return numUpdatedRows;
}

async function moveNamespace(
  { db, catalogName }: CatalogRows,
  { namespace, expected, next }: PlaceChanges['namespaces'][number],
): Promise<bigint> {
  const { numUpdatedRows } = await db
    .updateTable('iceberg_namespace_properties')
    .set({ property_value: next })
    .where('catalog_name', '=', catalogName)
    .where('namespace', '=', namespace)
    .where('property_key', '=', 'location')
    .where('property_value', '=', expected)
    .executeTakeFirst();
  return numUpdatedRows;
}

async function forgetPointer(
  { db, catalogName }: CatalogRows,
  { identifier, expected }: PlaceChanges['forgotten'][number],
): Promise<bigint> {
  const { numDeletedRows } = await db
    .deleteFrom('iceberg_tables')
    .where('catalog_name', '=', catalogName)
    .where('table_namespace', '=', dotted(identifier.namespace))
    .where('table_name', '=', identifier.name)
    .where('metadata_location', '=', expected)
    .executeTakeFirst();
  return numDeletedRows;
}
