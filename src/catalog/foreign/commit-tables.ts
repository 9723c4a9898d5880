/**
 * Commits to tables of a foreign catalog. An answer that got lost is looked up in the tables; what was
 * certainly not made is sent again, where sending it twice cannot make it twice.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { PsybergError } from '../../model/errors.ts';
import { codeOf, formatIdentifier, identifierKey } from '../errors.ts';
import { COMMIT_TRANSACTION } from '../protocol/endpoints.ts';
import type { CatalogTable, CommitTableRequest } from '../service/catalog.ts';
import type { Attempted } from './errors.ts';
import { type ForeignTables, findForeignTable, located, tablePath } from './load-table.ts';
import { showsUpdates } from './look-up-commit.ts';
import { ask, foreignRefusal, ofTable } from './requests.ts';
import { type ForeignReply, stateUnknown } from './transport.ts';

/** Looks at a table after a commit without an answer; a slow catalog may still be at it. */
const LOOKS_MS: readonly number[] = [0, 250, 1_000, 3_000];
/** Sendings of one commit whose fate the catalog does not tell. */
const COMMIT_ATTEMPTS = 3;

/** See `TableCatalog.commitTables`. */
export async function commitTables(
  tables: ForeignTables,
  changes: readonly CommitTableRequest[],
): Promise<CatalogTable[]> {
  const [only, ...others] = changes;
  if (only === undefined) return [];
  for (let attempt = 1; ; attempt += 1) {
    try {
      if (others.length === 0) return [await commitOne(tables, only)];
      await commitTogether(tables, changes);
      return [];
    } catch (error) {
      const found = await lookUp(tables, changes, error);
      if (found !== undefined) return found;
      // Not made, or not yet: the same commit can be made once only, because it says what it expects.
      const repeatable = codeOf(error) === 'commit-state-unknown' && changes.every(saysWhatItExpects);
      if (!repeatable || attempt >= COMMIT_ATTEMPTS) throw error;
    }
  }
}

const saysWhatItExpects = ({ requirements }: CommitTableRequest): boolean =>
  requirements.some(({ type }) => type === 'assert-ref-snapshot-id' || type === 'assert-create');

async function commitOne(tables: ForeignTables, change: CommitTableRequest): Promise<CatalogTable> {
  const { identifier, requirements, updates } = change;
  const key = identifierKey(identifier);
  tables.cache.forget(key);
  const reply = await ask(tables, {
    method: 'POST',
    path: tablePath(tables, identifier),
    body: { identifier, requirements, updates },
    token: tables.tokens.get(key),
  }).finally(() => tables.cache.forget(key));
  if (reply.status >= 300) throw foreignRefusal(tables, reply, ofTable(identifier, 'commit'));
  return madeCommit(tables, reply);
}

/** The commit is made, so an answer that cannot be read is a lost one: what became of it is looked up. */
function madeCommit({ parseTable }: ForeignTables, { text }: ForeignReply): CatalogTable {
  try {
    return located(parseTable(Buffer.from(text)));
  } catch (error) {
    throw stateUnknown(`The catalog took a commit, and its answer cannot be read (${String(error)})`);
  }
}

async function commitTogether(tables: ForeignTables, changes: readonly CommitTableRequest[]): Promise<void> {
  if (!tables.commitsTogether) throw noTransactions();
  // Before, too: a catalog may have committed long before it answers.
  const forget = (): void => {
    for (const change of changes) tables.cache.forget(identifierKey(change.identifier));
  };
  forget();
  const body = { 'table-changes': changes };
  const reply = await ask(tables, { method: 'POST', path: 'transactions/commit', body }).finally(forget);
  if (reply.status < 300) return;
  const names = changes.map((change) => formatIdentifier(change.identifier)).join(', ');
  const attempted: Attempted = { what: 'commit', subject: `Tables ${names}`, absent: 'no-such-table' };
  const error = foreignRefusal(tables, reply, attempted);
  if (!isUnknownPath(reply, error)) throw error;
  tables.commitsTogether = false;
  throw noTransactions();
}

/**
 * True where the catalog answers as to any path that it does not know. One that does not list its endpoints
 * may lack that of transactions.
 */
function isUnknownPath({ status }: ForeignReply, { context }: PsybergError): boolean {
  const { type } = (context as { type?: string }) ?? {};
  return (
    [404, 405, 406, 501].includes(status) &&
    type !== 'NoSuchTableException' &&
    type !== 'NoSuchNamespaceException'
  );
}

/** Retryable: a caller that first asks what the catalog can do goes another way then. */
const noTransactions = (): PsybergError =>
  new PsybergError(
    'no-transactions',
    `The catalog commits one table at a time: it does not offer ${COMMIT_TRANSACTION}`,
    { hint: 'commit the tables one by one', retryable: true },
  );

/**
 * After a commit that failed: the tables when it was made all the same, by a request whose answer got lost;
 * else undefined.
 */
async function lookUp(
  tables: ForeignTables,
  changes: readonly CommitTableRequest[],
  error: unknown,
): Promise<CatalogTable[] | undefined> {
  const lost = codeOf(error) === 'commit-state-unknown';
  // A repeated request may meet its own first attempt: a snapshot's id shows that it is no other client's
  // commit.
  const mayBeOwn = codeOf(error) === 'commit-conflict' && changes.every(addsSnapshot);
  if (!lost && !mayBeOwn) return undefined;
  for (const waitMs of lost ? LOOKS_MS : [0]) {
    await sleep(waitMs);
    for (const change of changes) tables.cache.forget(identifierKey(change.identifier));
    const found = await Promise.all(changes.map((change) => findForeignTable(tables, change.identifier)));
    if (changes.every(({ updates }, index) => showsUpdates(found[index]?.metadata, updates)))
      return found as CatalogTable[];
  }
  return undefined;
}

const addsSnapshot = ({ updates }: CommitTableRequest): boolean =>
  updates.some((update) => update.action === 'add-snapshot');
