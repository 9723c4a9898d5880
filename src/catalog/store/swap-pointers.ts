/**
 * Commits, as far as the database is concerned: moves pointers in one transaction. The condition of the
 * update is the catalog's whole concurrency control.
 */
import { type CatalogRows, committed, dotted, inOneOrder, isKind } from './rows.ts';
import type { PointerSwap } from './store.ts';

/** A swap that found another pointer than expected; rolls the transaction back. */
class LostSwap extends Error {
  readonly swap: PointerSwap;
  constructor(swap: PointerSwap) {
    super('pointer moved');
    this.swap = swap;
  }
}

/** See `CatalogStore.swapPointers`. */
export async function swapPointers(
  rows: CatalogRows,
  swaps: readonly PointerSwap[],
): Promise<PointerSwap | undefined> {
  const ordered = inOneOrder(swaps, ({ identifier }) =>
    [...identifier.namespace, identifier.name].join('\u0000'),
  );
  try {
    await committed(rows, async (within) => {
      for (const swap of ordered) if (!(await swapOne(within, swap))) throw new LostSwap(swap);
    });
    return undefined;
  } catch (error) {
    if (error instanceof LostSwap) return error.swap;
    throw error;
  }
}

const swapOne = (rows: CatalogRows, swap: PointerSwap): Promise<boolean> =>
  swap.expected === undefined
    ? takeName(rows, swap)
    : movePointer(rows, { ...swap, expected: swap.expected });

/** @returns false if the name is taken. */
async function takeName({ db, catalogName }: CatalogRows, swap: PointerSwap): Promise<boolean> {
  const inserted = await db
    .insertInto('iceberg_tables')
    .values({
      catalog_name: catalogName,
      table_namespace: dotted(swap.identifier.namespace),
      table_name: swap.identifier.name,
      metadata_location: swap.next,
      previous_metadata_location: null,
      iceberg_type: swap.kind,
    })
    .onConflict((oc) => oc.doNothing())
    .executeTakeFirst();
  return inserted.numInsertedOrUpdatedRows === 1n;
}

/** @returns false if the pointer is no longer at `expected`: another commit was first. */
async function movePointer(
  { db, catalogName }: CatalogRows,
  { identifier, kind, expected, next }: PointerSwap & { readonly expected: string },
): Promise<boolean> {
  const updated = await db
    .updateTable('iceberg_tables')
    .set({
      metadata_location: next,
      // A pointer that is only required to stay keeps its previous location.
      ...(next === expected ? {} : { previous_metadata_location: expected }),
    })
    .where('catalog_name', '=', catalogName)
    .where('table_namespace', '=', dotted(identifier.namespace))
    .where('table_name', '=', identifier.name)
    .where('metadata_location', '=', expected)
    .where(isKind(kind))
    .executeTakeFirst();
  return updated.numUpdatedRows === 1n;
}
