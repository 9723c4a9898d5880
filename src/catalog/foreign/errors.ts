/** What a foreign catalog refused, in the words of this one. Reply -> PsybergError. Pure. */
import type { ErrorCode } from '../../model/error-codes.ts';
import { conflict, PsybergError, usageError } from '../../model/errors.ts';
import { type ForeignReply, stateUnknown } from './transport.ts';

/** What was tried: the same status means different things. */
export interface Attempted {
  readonly what: 'read' | 'create' | 'commit' | 'change';
  /** For the message: `Table a.b`. */
  readonly subject: string;
  /** The code of a plain 404. */
  readonly absent: 'no-such-table' | 'no-such-namespace' | 'no-such-warehouse' | 'no-such-view';
}

/** Codes of this catalog by the type that the specification gives an error. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  NoSuchTableException: 'no-such-table',
  NoSuchIcebergTableException: 'no-such-table',
  NoSuchNamespaceException: 'no-such-namespace',
  NoSuchViewException: 'no-such-view',
  NoSuchWarehouseException: 'no-such-warehouse',
  AlreadyExistsException: 'already-exists',
  NamespaceNotEmptyException: 'namespace-not-empty',
};

/**
 * The error of a reply that is none of the expected ones; what the catalog said is repeated without secrets.
 */
export function foreignError(
  reply: ForeignReply,
  { what, subject, absent }: Attempted,
  withoutSecrets: (text: string) => string,
): PsybergError {
  const said = errorOf(reply.text);
  const { status } = reply;
  const message = `${subject}: the catalog answered ${status}: ${withoutSecrets(said.message)}`;
  const context = { status, type: said.type };
  const known = said.type !== undefined && Object.hasOwn(CODES, said.type) ? CODES[said.type] : undefined;
  switch (status) {
    case 400:
      return usageError(
        said.type === 'ValidationException' ? 'invalid-table-update' : 'bad-request',
        message,
        { context },
      );
    case 401:
    case 419:
      return usageError('catalog-unauthorized', message, {
        hint: 'check catalog.token, catalog.credential or catalog.auth in psyberg.yaml',
        context,
      });
    case 403:
      if (UNPROVEN.test(said.message))
        return usageError('catalog-unauthorized', message, {
          hint: 'the keys that sign requests are unknown, have expired, or the clock of this machine is off: check catalog.storage or AWS_PROFILE (aws sts get-caller-identity), catalog.signing_region, and the time',
          context,
        });
      return usageError('forbidden', message, {
        hint: 'ask whoever runs the catalog for the right to do it',
        context,
      });
    case 404:
      return new PsybergError(known ?? absent, message, { context });
    case 405:
    case 406:
    case 501:
      return usageError('unsupported', message, { context });
    case 409:
      if (what === 'commit' && known !== 'already-exists')
        return conflict('commit-conflict', message, {
          hint: 'load the table again and repeat the change on what it is now',
          context,
        });
      return new PsybergError(known ?? 'already-exists', message, { context });
    case 422:
      return usageError('unprocessable', message, { context });
    case 429:
      return busy(message, context);
    case 503:
      // It may have been partly done (specification, "ServiceUnavailableResponse").
      return what === 'read' ? busy(message, context) : stateUnknown(message);
  }
  if (status < 500) return usageError('bad-request', message, { context });
  // After these nobody knows whether a change was made (Iceberg REST specification, `updateTable`).
  return what === 'read'
    ? new PsybergError('catalog-failed', message, { hint: 'run again', context, retryable: true })
    : stateUnknown(message);
}

/** What AWS says of a signature that it does not take. */
const UNPROVEN =
  /security token|signature (?:we calculated|expired|not yet current)|does not match|credential should be scoped|missing authentication token|InvalidClientTokenId|SignatureDoesNotMatch|ExpiredToken/i;

const busy = (message: string, context: Readonly<Record<string, unknown>>): PsybergError =>
  new PsybergError('catalog-busy', message, {
    hint: 'run again later: the catalog asks for patience',
    context,
    retryable: true,
  });

/** Not all that answers is a catalog: a proxy's page of HTML is cut short. */
function errorOf(text: string): { readonly message: string; readonly type: string | undefined } {
  try {
    const { error, message } = JSON.parse(text) as {
      error?: { message?: unknown; type?: unknown } | null;
      message?: unknown;
    };
    if (typeof error === 'object' && error !== null)
      return {
        message: String(error.message ?? 'no message'),
        type: typeof error.type === 'string' ? error.type : undefined,
      };
    // What stands before a catalog has words of its own.
    if (typeof message === 'string') return { message: message.slice(0, 500), type: undefined };
  } catch {
    // It is no JSON: the start of the text is shown.
  }
  return { message: text.replaceAll(/\s+/g, ' ').slice(0, 200) || 'no message', type: undefined };
}
