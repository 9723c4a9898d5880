/**
 * Makes the catalog's errors, one function for each kind. Codes are stable; `protocol/error-body.ts` gives
 * each its HTTP status and Iceberg type.
 */

import type { TableIdentifier } from '../iceberg/table-metadata.ts';
import type { ErrorCode } from '../model/error-codes.ts';
import { conflict, PsybergError, usageError } from '../model/errors.ts';
import type { PointerKind } from './store/store.ts';

/** The code of a known error. */
export const codeOf = (error: unknown): ErrorCode | undefined =>
  error instanceof PsybergError ? error.code : undefined;

/**
 * A text that is unique for each identifier: dotted names are the same for `a`.`b.c` and `a.b`.`c`. The
 * separator never occurs in a name.
 */
export const identifierKey = (id: TableIdentifier): string => [...id.namespace, id.name].join('\u001f');

/** `a.b.c`, as Iceberg's clients print names. */
export const formatIdentifier = (id: TableIdentifier): string => [...id.namespace, id.name].join('.');

const WORDS = { TABLE: 'Table', VIEW: 'View' } as const;

export const noSuchTable = (id: TableIdentifier): PsybergError =>
  new PsybergError('no-such-table', `Table does not exist: ${formatIdentifier(id)}`);
export const noSuchNamespace = (namespace: readonly string[]): PsybergError =>
  new PsybergError('no-such-namespace', `Namespace does not exist: ${namespace.join('.')}`);
export const noSuchWarehouse = (name: string): PsybergError =>
  new PsybergError('no-such-warehouse', `Warehouse does not exist: ${name}`);
/** `others`: the branches that exist. */
export const noSuchBranch = (branch: string, others: string): PsybergError =>
  new PsybergError('no-such-branch', `No table has a branch or tag ${JSON.stringify(branch)}: ${others}`);
export const noSuchView = (id: TableIdentifier): PsybergError =>
  new PsybergError('no-such-view', `View does not exist: ${formatIdentifier(id)}`);
export const namespaceExists = (namespace: readonly string[]): PsybergError =>
  new PsybergError('already-exists', `Namespace already exists: ${namespace.join('.')}`);
/**
 * A name is free for a table only if no view has it, and vice versa; clients tell the two errors apart by
 * their words.
 */
export const nameTaken = (id: TableIdentifier, by: PointerKind, wanted: PointerKind): PsybergError =>
  new PsybergError(
    'already-exists',
    `${WORDS[by]} ${by === wanted ? '' : 'with same name '}already exists: ${formatIdentifier(id)}`,
  );
export const renameTaken = (from: TableIdentifier, to: TableIdentifier, by: PointerKind): PsybergError =>
  new PsybergError(
    'already-exists',
    `Cannot rename ${formatIdentifier(from)} to ${formatIdentifier(to)}. ${WORDS[by]} already exists`,
  );
export const namespaceNotEmpty = (namespace: readonly string[]): PsybergError =>
  new PsybergError('namespace-not-empty', `Namespace is not empty: ${namespace.join('.')}`);
export const badRequest = (message: string): PsybergError => usageError('bad-request', message);
export const unprocessable = (message: string): PsybergError => usageError('unprocessable', message);
export const forbidden = (message: string, hint?: string): PsybergError =>
  usageError('forbidden', message, hint === undefined ? {} : { hint });
export const unsupported = (message: string): PsybergError => usageError('unsupported', message);
export const lostRace = (id: TableIdentifier): PsybergError =>
  conflict('commit-conflict', `Cannot commit ${formatIdentifier(id)}: another commit was first`, {
    hint: 'load the table again and repeat the change on what it is now',
  });
/**
 * The database failed while it committed. The client must look before it repeats the commit (Iceberg REST
 * specification, "CommitStateUnknown").
 */
export const commitStateUnknown = (cause: unknown): PsybergError =>
  new PsybergError(
    'commit-state-unknown',
    'The commit was sent to the database, which failed before it answered: it may have been made or not',
    {
      hint: 'load the table and look whether the change is there before repeating it',
      cause,
    },
  );
/**
 * In this case a metadata file that was written for the commit must stay: the pointer may already name it.
 */
export const isStateUnknown = (error: unknown): boolean => codeOf(error) === 'commit-state-unknown';
/**
 * Nothing was changed; the same call may succeed later. `file`: given for a SQLite database, which only
 * another program's lock can keep from answering.
 */
export const databaseUnavailable = (cause: unknown, file?: string): PsybergError =>
  new PsybergError(
    'catalog-database-unavailable',
    file === undefined
      ? 'The database of the catalog does not answer'
      : `The database of the catalog does not answer: another program holds a lock on ${file}`,
    {
      hint:
        file === undefined
          ? 'check that it is running and reachable and that nothing holds a lock on it, then try again'
          : `end the program that holds it (to find it: lsof ${file}), then try again`,
      retryable: true,
      cause,
    },
  );
