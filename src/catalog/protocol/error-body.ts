/**
 * Turns errors into HTTP answers. PsybergError -> status and body, letter by letter as the Iceberg REST
 * specification has them.
 */
import type { ErrorCode } from '../../model/error-codes.ts';
import { PsybergError } from '../../model/errors.ts';
import { storageFault } from '../../model/storage-faults.ts';

export interface ErrorAnswer {
  readonly status: number;
  readonly body: {
    readonly error: { readonly message: string; readonly type: string; readonly code: number };
  };
}

/** Status and type (the Java exception that clients rebuild) of every error code that the catalog raises. */
export const ANSWERS: Readonly<Partial<Record<ErrorCode, readonly [status: number, type: string]>>> = {
  'bad-request': [400, 'BadRequestException'],
  'unknown-update': [400, 'BadRequestException'],
  'unknown-requirement': [400, 'BadRequestException'],
  'invalid-table-update': [400, 'ValidationException'],
  'partition-column-dropped': [400, 'ValidationException'],
  'invalid-view-update': [400, 'IllegalArgumentException'],
  'request-too-large': [413, 'BadRequestException'],
  unauthorized: [401, 'NotAuthorizedException'],
  forbidden: [403, 'ForbiddenException'],
  'no-such-table': [404, 'NoSuchTableException'],
  'no-such-view': [404, 'NoSuchViewException'],
  'no-such-namespace': [404, 'NoSuchNamespaceException'],
  'no-such-warehouse': [404, 'NoSuchWarehouseException'],
  'no-such-branch': [404, 'NoSuchWarehouseException'],
  'no-such-endpoint': [404, 'NotFoundException'],
  'metadata-file-missing': [404, 'NotFoundException'],
  'method-not-allowed': [405, 'UnsupportedOperationException'],
  unsupported: [406, 'UnsupportedOperationException'],
  'no-transactions': [406, 'UnsupportedOperationException'],
  'already-exists': [409, 'AlreadyExistsException'],
  'namespace-not-empty': [409, 'NamespaceNotEmptyException'],
  'commit-conflict': [409, 'CommitFailedException'],
  // Raised before DuckDB reads a table.
  'source-unreadable': [403, 'ForbiddenException'],
  'storage-failed': [403, 'ForbiddenException'],
  'storage-unreachable': [403, 'ForbiddenException'],
  'too-many-open-files': [403, 'ForbiddenException'],
  'metadata-file-broken': [500, 'MetadataFileBroken'],
  'commit-state-unknown': [500, 'CommitStateUnknownException'],
  'catalog-database-unavailable': [503, 'ServiceUnavailableException'],
  'warehouse-full': [503, 'ServiceUnavailableException'],
  'warehouse-not-writable': [403, 'ForbiddenException'],
  // Errors of the object store: what is wrong with its settings concerns the client, too.
  'bucket-missing': [403, 'ForbiddenException'],
  'storage-denied': [403, 'ForbiddenException'],
  'storage-keys-missing': [403, 'ForbiddenException'],
  'storage-setting-invalid': [403, 'ForbiddenException'],
  'storage-untrusted': [403, 'ForbiddenException'],
  'tls-file-unreadable': [403, 'ForbiddenException'],
  unprocessable: [422, 'UnprocessableEntityException'],
  // Errors of a foreign catalog behind this one. The client's own token was right, so none of them is a 401.
  'catalog-unauthorized': [403, 'ForbiddenException'],
  'catalog-busy': [503, 'ServiceUnavailableException'],
  'catalog-failed': [500, 'ServiceFailureException'],
  'catalog-unreachable': [503, 'ServiceUnavailableException'],
};

/** An unforeseen error's text is not shown: it may hold paths or SQL. */
export function answerError(thrown: unknown): ErrorAnswer {
  const error = thrown instanceof PsybergError ? thrown : storageFault(thrown);
  const known = error !== undefined && Object.hasOwn(ANSWERS, error.code) ? ANSWERS[error.code] : undefined;
  if (error === undefined || known === undefined)
    return errorAnswer(500, 'InternalServerError', 'Internal error of the catalog');
  const { message, hint, code } = error;
  // DuckDB passes on only the message, so this also says what to do, and which error it is.
  const told = `${message}${hint === undefined ? '' : `; hint: ${hint}`} [${code}]`;
  return errorAnswer(known[0], known[1], known[0] === 403 ? told : message);
}

const errorAnswer = (status: number, type: string, message: string): ErrorAnswer => ({
  status,
  body: { error: { message, type, code: status } },
});
