/**
 * Commits to a foreign catalog whose answer is looked at: `main` must be the snapshot that was asked for, and
 * the table must have the references that the commit names. A catalog that keeps tables in its own way, and
 * answers "done" to what it does not do, must not be given rows on that word.
 */
import { ancestors, mainSnapshot } from '../../iceberg/history.ts';
import type { TableMetadata } from '../../iceberg/table-metadata.ts';
import type { TableUpdate } from '../../iceberg/table-update.ts';
import { PsybergError } from '../../model/errors.ts';
import { formatIdentifier } from '../errors.ts';
import type { Catalog, CatalogTable, CommitTableRequest } from '../service/catalog.ts';

/** @throws PsybergError `commit-not-as-asked`, and those of `commitTables`. */
export async function checkCommitted(
  catalog: Catalog,
  changes: readonly CommitTableRequest[],
): Promise<CatalogTable[]> {
  const committed = await catalog.commitTables(changes);
  // Several at once are answered without their tables: the first one is the target, whose rows are at stake.
  const [first] = changes;
  if (first === undefined || !first.updates.some(setsReference)) return committed;
  // A look that fails says nothing of a commit that was made.
  const table = committed[0] ?? (await catalog.loadTable(first.identifier).catch(() => undefined));
  if (table === undefined) return committed;
  const problem = first.updates.map((update) => problemOf(table.metadata, update)).find(Boolean);
  if (problem !== undefined) throw notAsAsked(first, problem);
  return committed;
}

const setsReference = ({ action }: TableUpdate): boolean => action === 'set-snapshot-ref';

function problemOf(metadata: TableMetadata, update: TableUpdate): string | undefined {
  if (update.action !== 'set-snapshot-ref') return undefined;
  const { 'ref-name': name, 'snapshot-id': asked } = update;
  // Tags protect the history of sources; a catalog that has none serves all the same, and doctor says so.
  if (name !== 'main') return undefined;
  const main = mainSnapshot(metadata);
  // Somebody may have committed after it: then it is in the history.
  for (const snapshot of ancestors(metadata, main))
    if (snapshot['snapshot-id'] === asked || snapshot['parent-snapshot-id'] === asked) return undefined;
  return `main is ${main?.['snapshot-id'] ?? 'no snapshot'}, not ${asked}`;
}

const notAsAsked = ({ identifier }: CommitTableRequest, problem: string): PsybergError =>
  new PsybergError(
    'commit-not-as-asked',
    `The catalog took a commit to ${formatIdentifier(identifier)} and did something else: ${problem}`,
    {
      hint: 'look at the table with another client before you run again; psyberg writes to it no further',
      context: { table: formatIdentifier(identifier) },
      retryable: false,
    },
  );
