/**
 * Holds commits back: to those who ask the catalog through here it looks as if they were made, and nobody
 * else sees any of them until all are made in one. Catalog -> catalog + what is held.
 *
 * So sessions that follow each other run as always, each over what the one before it has published here, with
 * the ids that it will have. Tables and namespaces are created and dropped at once: without rows a table
 * reveals nothing of what is held.
 */
import { mainSnapshot } from '../../iceberg/history.ts';
import { checkRequirements } from '../../iceberg/requirements.ts';
import type { TableIdentifier, TableMetadata } from '../../iceberg/table-metadata.ts';
import { applyUpdates } from '../../iceberg/updates.ts';
import { updatesBetween } from '../../iceberg/updates-between.ts';
import { oneAfterTheOther } from '../../model/in-turn.ts';
import { badRequest, codeOf, identifierKey } from '../errors.ts';
import type { Catalog, CatalogTable, CommitTableRequest } from './catalog.ts';

export interface HeldCommits {
  /** Wraps the catalog, whose commits are held from {@link begin} on. */
  over(catalog: Catalog): Catalog;
  begin(): void;
  /** The tables with held commits, in the order of their first commits. */
  tables(): TableIdentifier[];
  /**
   * Makes all of them in one commit, and stops holding. Throws what the catalog answers: then they are still
   * held, and calling again makes the same commit.
   */
  commit(): Promise<void>;
  /** True if the catalog has what a commit brought whose answer was lost. */
  isMade(): Promise<boolean>;
  /** Those tables that others have committed to since, so that what is held of them no longer fits. */
  moved(): Promise<TableIdentifier[]>;
  /** Drops what is held of these tables: they are shown as they are. */
  drop(tables: readonly TableIdentifier[]): void;
  /** Drops what is held, and stops holding: from now on every commit is made at once. */
  end(): void;
}

interface HeldTable {
  readonly identifier: TableIdentifier;
  /** The table as it was in the catalog when its first commit was held. */
  readonly base: TableMetadata;
  /** The table with the held commits. */
  readonly shown: CatalogTable;
}

export function heldCommits(): HeldCommits {
  const held = new Map<string, HeldTable>();
  let isHolding = false;
  let real: Catalog | undefined;
  const catalog = (): Catalog => real as Catalog;
  // One after the other, since each is checked against what the one before it left.
  const holdNext = oneAfterTheOther()(hold);
  const end = (): void => {
    isHolding = false;
    held.clear();
  };
  return {
    over(behind) {
      real = behind;
      return {
        ...behind,
        get commitsTogether() {
          return behind.commitsTogether;
        },
        loadTable: async (id) => held.get(identifierKey(id))?.shown ?? behind.loadTable(id),
        commitTables: (changes) =>
          isHolding ? holdNext({ held, behind }, changes) : behind.commitTables(changes),
        async dropTable(id, options) {
          await behind.dropTable(id, options);
          held.delete(identifierKey(id));
        },
      };
    },
    begin() {
      isHolding = true;
    },
    tables: () => [...held.values()].map(({ identifier }) => identifier),
    async commit() {
      const changes = changesOf(held);
      if (changes.length > 0) await catalog().commitTables(changes);
      end();
    },
    isMade: async () => hasAny(catalog(), held),
    moved: async () => movedAmong(catalog(), held),
    drop(tables) {
      for (const id of tables) held.delete(identifierKey(id));
    },
    end,
  };
}

interface Holding {
  readonly held: Map<string, HeldTable>;
  readonly behind: Catalog;
}

/** Holds all or none, by the rules of a commit, as the catalog would apply them. */
async function hold(
  { held, behind }: Holding,
  changes: readonly CommitTableRequest[],
): Promise<CatalogTable[]> {
  const keys = changes.map(({ identifier }) => identifierKey(identifier));
  if (new Set(keys).size < keys.length)
    throw badRequest('Invalid transaction: a table is changed more than once');
  const loaded = await Promise.all(
    changes.map(async ({ identifier }, index) => {
      const known = held.get(keys[index] as string);
      const table = known?.shown ?? (await behind.loadTable(identifier));
      return { table, base: known?.base ?? table.metadata };
    }),
  );
  const next = changes.map(({ identifier, requirements, updates }, index): HeldTable => {
    const { table, base } = loaded[index] as (typeof loaded)[number];
    checkRequirements(table.metadata, requirements);
    const { text: _ofTheTableItself, ...rest } = table;
    const metadata = applyUpdates(table.metadata, updates, Date.now());
    return { identifier, base, shown: { ...rest, metadata } };
  });
  for (const [index, table] of next.entries()) held.set(keys[index] as string, table);
  return next.map(({ shown }) => shown);
}

const changesOf = (held: ReadonlyMap<string, HeldTable>): CommitTableRequest[] =>
  [...held.values()].flatMap(({ identifier, base, shown }) => {
    const change = updatesBetween(base, shown.metadata);
    return change.updates.length === 0 ? [] : [{ identifier, ...change }];
  });

/** Whether one of the tables has its snapshot: then all do, since they were committed together. */
async function hasAny(catalog: Catalog, held: ReadonlyMap<string, HeldTable>): Promise<boolean> {
  for (const { identifier, base, shown } of held.values()) {
    const wanted = mainSnapshot(shown.metadata)?.['snapshot-id'];
    if (wanted === undefined || wanted === mainSnapshot(base)?.['snapshot-id']) continue;
    const now = await loaded(catalog, identifier);
    if (now?.snapshots?.some((snapshot) => snapshot['snapshot-id'] === wanted) === true) return true;
  }
  return false;
}

async function movedAmong(
  catalog: Catalog,
  held: ReadonlyMap<string, HeldTable>,
): Promise<TableIdentifier[]> {
  const moved: TableIdentifier[] = [];
  for (const { identifier, base } of held.values()) {
    const now = await loaded(catalog, identifier);
    if (now === undefined || placeOf(now) !== placeOf(base)) moved.push(identifier);
  }
  return moved;
}

/** What held snapshots depend on: their parent, their number, their columns. */
const placeOf = (metadata: TableMetadata): string =>
  [
    metadata['table-uuid'],
    mainSnapshot(metadata)?.['snapshot-id'],
    metadata['last-sequence-number'],
    metadata['current-schema-id'],
    metadata['last-column-id'],
  ].join(' ');

async function loaded(catalog: Catalog, id: TableIdentifier): Promise<TableMetadata | undefined> {
  try {
    return (await catalog.loadTable(id)).metadata;
  } catch (error) {
    if (codeOf(error) === 'no-such-table') return undefined;
    throw error;
  }
}
