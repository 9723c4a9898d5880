/**
 * Commits to tables of a warehouse. A commit writes its metadata files first and moves the pointers last, so
 * a crash in between leaves only files that no pointer names.
 */
import { randomUUID } from 'node:crypto';
import { checkRequirements } from '../../iceberg/requirements.ts';
import type { TableMetadata } from '../../iceberg/table-metadata.ts';
import type { TableUpdate } from '../../iceberg/table-update.ts';
import { applyUpdates, rememberPreviousFile } from '../../iceberg/updates.ts';
import { badRequest, identifierKey, noSuchTable } from '../errors.ts';
import { checkIdentifier } from '../names.ts';
import type { PointerSwap } from '../store/store.ts';
import type { Catalog, CatalogTable, CommitTableRequest } from './catalog.ts';
import { type FoundTable, findTable } from './find-table.ts';
import { movePointers, untilCommittedInLine } from './move-pointers.ts';
import { checkPlaces, defaultLocation, requireFree, requireNamespace } from './name-places.ts';
import { removeEarlierFiles } from './remove-files.ts';
import type { Warehouse } from './warehouse.ts';

/** One table's part of a commit, ready to be swapped. */
interface PreparedCommit {
  readonly swap: PointerSwap;
  /** The metadata file written for it. */
  readonly written: string | undefined;
  readonly table: CatalogTable;
  /** Earlier metadata files that the table no longer lists and that are to be deleted. */
  readonly forgotten: readonly string[];
}

export function tableCommits(warehouse: Warehouse): Pick<Catalog, 'commitTables'> {
  const untilCommitted = untilCommittedInLine();
  return {
    async commitTables(changes) {
      const names = changes.map((change) => identifierKey(change.identifier));
      if (new Set(names).size < names.length)
        throw badRequest('Invalid transaction: a table is changed more than once');
      for (const change of changes) checkIdentifier(change.identifier);
      return await untilCommitted(
        changes.map((change) => change.identifier),
        () => commitOnce(warehouse, changes),
      );
    },
  };
}

/** @returns undefined if another commit was first. */
async function commitOnce(
  warehouse: Warehouse,
  changes: readonly CommitTableRequest[],
): Promise<CatalogTable[] | undefined> {
  const { store, files } = warehouse;
  const prepared: PreparedCommit[] = [];
  const discard = (): Promise<void> => files.remove(prepared.flatMap((commit) => commit.written ?? []));
  // In parallel: each writes a file, which takes a round trip in a store.
  const outcomes = await Promise.allSettled(changes.map((change) => prepareCommit(warehouse, change)));
  for (const outcome of outcomes) if (outcome.status === 'fulfilled') prepared.push(outcome.value);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) {
    await discard();
    throw failed.reason;
  }
  const swaps = prepared.map((commit) => commit.swap);
  const writes = prepared.some((commit) => commit.written !== undefined);
  if (writes && (await movePointers(swaps, { store, discard }))) return undefined;
  // The commit is made, whatever happens to the old files.
  await Promise.all(
    prepared.map(({ table, forgotten }) =>
      removeEarlierFiles(warehouse, table.metadata, forgotten).catch(() => undefined),
    ),
  );
  return prepared.map((commit) => commit.table);
}

async function prepareCommit(warehouse: Warehouse, change: CommitTableRequest): Promise<PreparedCommit> {
  const { identifier, requirements, updates } = change;
  const current = await findTable(warehouse, identifier);
  const creates = requirements.some((requirement) => requirement.type === 'assert-create');
  if (current === undefined && !creates) throw noSuchTable(identifier);
  checkRequirements(current?.metadata, requirements);
  if (current === undefined) {
    await requireNamespace(warehouse, identifier.namespace);
    await requireFree(warehouse, identifier, 'TABLE');
  }
  const nowMs = Date.now();
  const completed = current ? updates : [...(await missingCreateUpdates(warehouse, change)), ...updates];
  const updated = applyUpdates(current?.metadata, completed, nowMs);
  if (current && updated === current.metadata) return unchanged(change, current);
  return writeNext(warehouse, change, { current, updated });
}

/** What a transaction only requires of a table must still hold when the others are swapped. */
const unchanged = ({ identifier }: CommitTableRequest, table: FoundTable): PreparedCommit => ({
  swap: { identifier, kind: 'TABLE', expected: table.metadataLocation, next: table.metadataLocation },
  written: undefined,
  table,
  forgotten: [],
});

async function writeNext(
  { roots, files }: Warehouse,
  { identifier }: CommitTableRequest,
  { current, updated }: { readonly current: FoundTable | undefined; readonly updated: TableMetadata },
): Promise<PreparedCommit> {
  checkPlaces(roots, updated, current?.metadata);
  const { metadata, forgotten } = current
    ? rememberPreviousFile(updated, {
        'metadata-file': current.metadataLocation,
        'timestamp-ms': current.metadata['last-updated-ms'],
      })
    : { metadata: updated, forgotten: [] };
  const metadataLocation = await files.write(metadata, current?.metadataLocation);
  const deletes =
    metadata.properties?.['write.metadata.delete-after-commit.enabled']?.toLowerCase() === 'true';
  return {
    swap: { identifier, kind: 'TABLE', expected: current?.metadataLocation, next: metadataLocation },
    written: metadataLocation,
    table: { ...(await files.read(metadataLocation)), metadataLocation },
    forgotten: deletes ? forgotten : [],
  };
}

/** A create commit normally has everything; a missing uuid or location is filled in. */
async function missingCreateUpdates(
  warehouse: Warehouse,
  { identifier, updates }: CommitTableRequest,
): Promise<TableUpdate[]> {
  const has = (action: TableUpdate['action']): boolean => updates.some((update) => update.action === action);
  const missing: TableUpdate[] = [];
  if (!has('assign-uuid')) missing.push({ action: 'assign-uuid', uuid: randomUUID() });
  if (!has('set-location'))
    missing.push({ action: 'set-location', location: await defaultLocation(warehouse, identifier) });
  return missing;
}
