/**
 * Requests to a foreign catalog that has answered. Path and body -> HTTP -> values, or its refusal in our
 * words.
 */

import type { CredentialChain } from '../../aws/credential-chain.ts';
import { parseJson } from '../../iceberg/json.ts';
import type { TableIdentifier } from '../../iceberg/table-metadata.ts';
import { PsybergError } from '../../model/errors.ts';
import { formatIdentifier, unsupported } from '../errors.ts';
import { type Attempted, foreignError } from './errors.ts';
import type { ForeignSettings } from './settings.ts';
import type { ForeignReply, ForeignRequest, Transport } from './transport.ts';

export interface ForeignConnection {
  readonly settings: ForeignSettings;
  /** The keys of this machine, where the project wants them. */
  readonly chain?: CredentialChain | undefined;
  readonly transport: Transport;
  /** A text without the secrets of this connection. */
  readonly withoutSecrets: (text: string) => string;
}

/** A request by its path behind `/v1/<prefix>/`. */
export type PathRequest = Omit<ForeignRequest, 'url'> & { readonly path: string };

/** @returns the reply, whatever its status. */
export const ask = (
  { settings, transport }: ForeignConnection,
  { path, headers, ...rest }: PathRequest,
): Promise<ForeignReply> =>
  transport({ ...rest, url: settings.root + path, headers: { ...settings.headers, ...headers } });

/**
 * @returns the parsed answer of a request that must succeed. @throws PsybergError those of `foreignError`.
 */
export async function answered<T>(
  connection: ForeignConnection,
  request: PathRequest,
  attempted: Attempted,
): Promise<T> {
  const reply = await ask(connection, request);
  if (reply.status >= 300) throw foreignRefusal(connection, reply, attempted);
  return (reply.text === '' ? undefined : parseJson(reply.text)) as T;
}

/** @returns the items of every page of a list. */
export async function listPages<T>(
  connection: ForeignConnection,
  { path, field }: { readonly path: string; readonly field: string },
  attempted: Attempted,
): Promise<T[]> {
  const items: T[] = [];
  const tokens = new Set<string>();
  let next: string | undefined;
  do {
    const separator = path.includes('?') ? '&' : '?';
    const at = next === undefined ? path : `${path}${separator}pageToken=${encodeURIComponent(next)}`;
    const page: Record<string, unknown> = await answered(connection, { method: 'GET', path: at }, attempted);
    items.push(...((page[field] ?? []) as T[]));
    next = (page['next-page-token'] as string | null | undefined) ?? undefined;
    // Its list would never end.
    if (next !== undefined && tokens.has(next))
      throw new PsybergError(
        'catalog-failed',
        `${attempted.subject}: the catalog gave one page token twice while it listed ${field}`,
        { retryable: false },
      );
    if (next !== undefined) tokens.add(next);
  } while (next !== undefined && next !== '');
  return items;
}

export const foreignRefusal = (
  { withoutSecrets }: ForeignConnection,
  reply: ForeignReply,
  attempted: Attempted,
): PsybergError => foreignError(reply, attempted, withoutSecrets);

/** @throws PsybergError `unsupported` where the catalog does not name the endpoint. `what`: to do what. */
export function requireEndpoint({ settings }: ForeignConnection, endpoint: string, what: string): void {
  if (!settings.endpoints.has(endpoint))
    throw unsupported(`The catalog does not offer to ${what} (${endpoint})`);
}

export const namespacePath = ({ settings }: ForeignConnection, namespace: readonly string[]): string =>
  `namespaces/${encodeURIComponent(namespace.join(settings.namespaceSeparator))}`;

export const ofNamespace = (namespace: readonly string[], what: Attempted['what']): Attempted => ({
  what,
  subject: `Namespace ${namespace.join('.')}`,
  absent: 'no-such-namespace',
});

export const ofTable = (id: TableIdentifier, what: Attempted['what']): Attempted => ({
  what,
  subject: `Table ${formatIdentifier(id)}`,
  absent: 'no-such-table',
});

export const alreadyThere = ({ subject }: Attempted): PsybergError =>
  new PsybergError('already-exists', `${subject} already exists`);
