/**
 * Keeps namespaces in the tables of Iceberg's JDBC catalog. A namespace exists if it, or a namespace below
 * it, has a row in either table: that catalog creates no parents.
 */
import { EXISTS_PROPERTY } from './jdbc-schema.ts';
import {
  type CatalogRows,
  dotted,
  inOneOrder,
  inTransaction,
  pointerRows,
  propertyRows,
  startsWith,
} from './rows.ts';
import type { PropertyChanges } from './store.ts';

/** See `CatalogStore.namespaceExists`. */
export const hasNamespace = (rows: CatalogRows, namespace: readonly string[]): Promise<boolean> =>
  isUsed(rows, dotted(namespace), { itself: true });

/** See `CatalogStore.listNamespaces`. */
export async function listNamespaces(rows: CatalogRows, parent: readonly string[]): Promise<string[][]> {
  const prefix = parent.length === 0 ? '' : `${dotted(parent)}.`;
  const named = await propertyRows(rows)
    .select('namespace as name')
    .distinct()
    .where(startsWith('namespace', prefix))
    .execute();
  const used = await pointerRows(rows)
    .select('table_namespace as name')
    .distinct()
    .where(startsWith('table_namespace', prefix))
    .execute();
  const children = new Set(
    [...named, ...used].map((row) => row.name.slice(prefix.length).split('.')[0] as string),
  );
  return [...children].sort().map((child) => [...parent, child]);
}

/** See `CatalogStore.namespaceProperties`. */
export async function readProperties(
  rows: CatalogRows,
  namespace: readonly string[],
): Promise<Record<string, string>> {
  const found = await propertyRows(rows)
    .select(['property_key', 'property_value'])
    .where('namespace', '=', dotted(namespace))
    .execute();
  return Object.fromEntries(
    found
      .filter((row) => row.property_key !== EXISTS_PROPERTY)
      .map((row) => [row.property_key, row.property_value ?? '']),
  );
}

/** See `CatalogStore.createNamespace`. */
export async function insertNamespace(
  rows: CatalogRows,
  namespace: readonly string[],
  properties: Readonly<Record<string, string>>,
): Promise<boolean> {
  const name = dotted(namespace);
  return inTransaction(rows, async (within) => {
    if (await isUsed(within, name, { itself: true })) return false;
    const row = (key: string, value: string) => ({
      catalog_name: rows.catalogName,
      namespace: name,
      property_key: key,
      property_value: value,
    });
    // The mark comes first: if transactions run in parallel, two creators meet at this row, and the second
    // one waits and loses.
    const marked = await within.db
      .insertInto('iceberg_namespace_properties')
      .values(row(EXISTS_PROPERTY, 'true'))
      .onConflict((oc) => oc.doNothing())
      .executeTakeFirst();
    if (marked.numInsertedOrUpdatedRows !== 1n) return false;
    const others = Object.entries(properties).filter(([key]) => key !== EXISTS_PROPERTY);
    if (others.length > 0)
      await within.db
        .insertInto('iceberg_namespace_properties')
        .values(others.map(([key, value]) => row(key, value)))
        .execute();
    return true;
  });
}

/** See `CatalogStore.changeNamespaceProperties`. */
export async function changeProperties(
  rows: CatalogRows,
  namespace: readonly string[],
  { updates, removals }: PropertyChanges,
): Promise<readonly string[] | undefined> {
  const name = dotted(namespace);
  return inTransaction(rows, async (within) => {
    await hold(within, name);
    if (!(await isUsed(within, name, { itself: true }))) return undefined;
    const removed = removals.length === 0 ? [] : await removeProperties(within, name, removals);
    // The mark keeps the namespace when its last property is removed.
    const marked = Object.entries({ ...updates, [EXISTS_PROPERTY]: 'true' });
    for (const [key, value] of inOneOrder(marked, ([each]) => each))
      await setProperty(within, { namespace: name, key, value });
    return removed.filter((key) => key !== EXISTS_PROPERTY);
  });
}

/** See `CatalogStore.dropNamespace`. */
export async function deleteNamespace(
  rows: CatalogRows,
  namespace: readonly string[],
): Promise<'dropped' | 'missing' | 'not-empty'> {
  const name = dotted(namespace);
  return inTransaction(rows, async (within) => {
    await hold(within, name);
    if (!(await isUsed(within, name, { itself: true }))) return 'missing';
    if ((await hasTables(within, name)) || (await isUsed(within, name, { itself: false })))
      return 'not-empty';
    await within.db
      .deleteFrom('iceberg_namespace_properties')
      .where('catalog_name', '=', rows.catalogName)
      .where('namespace', '=', name)
      .execute();
    return 'dropped';
  });
}

/** Whether any row names a namespace below `name`, or, with `itself`, the namespace of that name. */
async function isUsed(
  rows: CatalogRows,
  name: string,
  { itself }: { readonly itself: boolean },
): Promise<boolean> {
  const property = await propertyRows(rows)
    .select('namespace')
    .where((eb) =>
      eb.or([...(itself ? [eb('namespace', '=', name)] : []), startsWith('namespace', `${name}.`)]),
    )
    .limit(1)
    .executeTakeFirst();
  if (property !== undefined) return true;
  const pointer = await pointerRows(rows)
    .select('table_name')
    .where((eb) =>
      eb.or([
        ...(itself ? [eb('table_namespace', '=', name)] : []),
        startsWith('table_namespace', `${name}.`),
      ]),
    )
    .limit(1)
    .executeTakeFirst();
  return pointer !== undefined;
}

async function hasTables(rows: CatalogRows, name: string): Promise<boolean> {
  const found = await pointerRows(rows)
    .select('table_name')
    .where('table_namespace', '=', name)
    .limit(1)
    .executeTakeFirst();
  return found !== undefined;
}

/**
 * Locks a namespace's own rows until the transaction ends. If transactions run in parallel, one that drops
 * the namespace and one that changes it wait for each other here; otherwise the later one would leave rows of
 * a namespace that is gone. Done by an update that changes nothing, since SQLite has no `for update`.
 */
async function hold({ db, catalogName }: CatalogRows, name: string): Promise<void> {
  await db
    .updateTable('iceberg_namespace_properties')
    .set((eb) => ({ property_value: eb.ref('property_value') }))
    .where('catalog_name', '=', catalogName)
    .where('namespace', '=', name)
    .execute();
}

/** @returns the keys that existed. */
async function removeProperties(
  { db, catalogName }: CatalogRows,
  name: string,
  keys: readonly string[],
): Promise<string[]> {
  const removed = await db
    .deleteFrom('iceberg_namespace_properties')
    .where('catalog_name', '=', catalogName)
    .where('namespace', '=', name)
    .where('property_key', 'in', [...keys])
    .returning('property_key')
    .execute();
  return removed.map((row) => row.property_key);
}

async function setProperty(
  { db, catalogName }: CatalogRows,
  { namespace, key, value }: { readonly namespace: string; readonly key: string; readonly value: string },
): Promise<void> {
  await db
    .insertInto('iceberg_namespace_properties')
    .values({ catalog_name: catalogName, namespace, property_key: key, property_value: value })
    .onConflict((oc) =>
      oc.columns(['catalog_name', 'namespace', 'property_key']).doUpdateSet({ property_value: value }),
    )
    .execute();
}
