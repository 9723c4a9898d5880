/** Makes the answers of the routes: JSON, nothing, pages, and entity tags. */
import { createHash } from 'node:crypto';
import { renderJson } from '../../iceberg/json.ts';
import { PsybergError } from '../../model/errors.ts';
import { badRequest } from '../errors.ts';
import type { CatalogRequest } from './http-request.ts';

/** An answer; `text` is JSON that is already rendered. */
export interface Answer {
  readonly status: number;
  readonly text?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export const json = (value: unknown): Answer => ({ status: 200, text: renderJson(value) });
export const nothing: Answer = { status: 204 };

export async function only(method: string, allowed: string, answer: () => Promise<Answer>): Promise<Answer> {
  if (method !== allowed) throw notAllowed(method);
  return await answer();
}
export const notAllowed = (method: string): PsybergError =>
  new PsybergError('method-not-allowed', `Method is not allowed here: ${method}`);

/**
 * Reads a boolean query parameter.
 * @throws PsybergError `bad-request` for anything but true and false, in any case.
 */
export function booleanParameter(query: URLSearchParams, name: string): boolean {
  const text = query.get(name)?.toLowerCase() ?? 'false';
  if (text !== 'true' && text !== 'false')
    throw badRequest(`Invalid ${name} parameter: ${text} (expected true or false)`);
  return text === 'true';
}

/**
 * One page of a list, ordered by name. A client that sends no `pageToken` wants everything (Iceberg REST
 * specification, `PageToken`). The token is the last name of the page before, so that no other name drops out
 * of the list when something is created or dropped between two pages.
 * @throws PsybergError `bad-request` for a token that this catalog did not make.
 */
export function paginate<T>(
  items: readonly T[],
  nameOf: (item: T) => string,
  query: URLSearchParams,
): { readonly items: readonly T[]; readonly next: string | null } {
  const [token, size] = [query.get('pageToken'), query.get('pageSize')];
  if (size !== null && (!/^\d{1,9}$/.test(size) || Number(size) < 1))
    throw badRequest(`Invalid pageSize: ${size} (expected a positive number)`);
  if (token === null) return { items, next: null };
  const after = token === '' ? undefined : readPageToken(token);
  const rest = items
    .map((item) => ({ item, name: nameOf(item) }))
    .filter(({ name }) => after === undefined || name > after)
    .sort((one, other) => (one.name < other.name ? -1 : 1));
  const page = size === null ? rest : rest.slice(0, Number(size));
  return {
    items: page.map(({ item }) => item),
    next: page.length < rest.length ? pageToken((page.at(-1) as { name: string }).name) : null,
  };
}

const pageToken = (name: string): string => Buffer.from(name).toString('base64url');
function readPageToken(token: string): string {
  const name = Buffer.from(token, 'base64url').toString();
  // Decoding never fails, but only a token that was made here gives the same token again.
  if (name === '' || pageToken(name) !== token)
    throw badRequest('Invalid pageToken: it was not made by this catalog');
  return name;
}

/** A tag for a content, whatever it consists of. */
export const entityTag = (...parts: readonly string[]): string =>
  `"${createHash('sha256').update(parts.join('\n')).digest('base64url')}"`;

/**
 * True if the client already has the content (RFC 9110, "If-None-Match": a list of tags, weak ones too, or
 * `*`).
 */
export function holds(request: CatalogRequest, tag: string): boolean {
  const given =
    request.headers['if-none-match']?.split(',').map((each) => each.trim().replace(/^W\//, '')) ?? [];
  return given.includes('*') || given.includes(tag);
}
