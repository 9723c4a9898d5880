/** Names in the catalog: what a client may call a namespace or a table, and where a table lives by default. Pure. */
import { badRequest } from './errors.ts';
import type { TableIdentifier } from '../iceberg/table-metadata.ts';

/** The JDBC-catalog schema keeps names in VARCHAR(255). */
const NAME_LENGTH_MAX = 255;

/** @throws PsybergError `bad-request` for names that the store could not tell apart or that are no names at all. */
export function checkNamespace(namespace: readonly string[]): void {
  if (namespace.length === 0) throw badRequest('Invalid namespace: it has no levels');
  for (const level of namespace) {
    checkName(level, 'namespace');
    // Iceberg's JDBC catalog joins levels by a dot: ["a.b"] and ["a", "b"] would be one row.
    if (level.includes('.')) throw badRequest(`Invalid namespace level: ${JSON.stringify(level)} contains a dot`);
  }
  if (namespace.join('.').length > NAME_LENGTH_MAX) throw badRequest(`Invalid namespace: longer than ${NAME_LENGTH_MAX} characters`);
}

/** @throws PsybergError `bad-request`. */
export function checkIdentifier(id: TableIdentifier): void {
  checkNamespace(id.namespace);
  checkName(id.name, 'table');
}

function checkName(name: string, what: string): void {
  if (name === '') throw badRequest(`Invalid ${what} name: it is empty`);
  // HTTP clients resolve these in a path before they send it: such a table could never be reached.
  if (name === '.' || name === '..') throw badRequest(`Invalid ${what} name: ${name}`);
  if (name.length > NAME_LENGTH_MAX) throw badRequest(`Invalid ${what} name: longer than ${NAME_LENGTH_MAX} characters`);
  if (/[\u0000-\u001f\u007f]/.test(name)) throw badRequest(`Invalid ${what} name: it contains a control character`);
  if (/\p{Surrogate}/u.test(name)) throw badRequest(`Invalid ${what} name: it is not valid Unicode`);
}

/** The folders of a table below the warehouse. A name may hold any character, a folder only harmless ones. */
export const folderOf = (id: TableIdentifier): string[] => [...id.namespace, id.name].map(folderName);

function folderName(name: string): string {
  const safe = name.replace(/[^\p{L}\p{N}_\-.=@~+ ]/gu, (character) => encodeURIComponent(character).replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`));
  // "." and ".." are refused as names; should one slip through, it must still not leave the warehouse.
  return /^\.+$/.test(safe) ? safe.replaceAll('.', '%2E') : safe;
}
