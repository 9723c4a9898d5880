/**
 * Checks names in the catalog: what a client may call a namespace or a table, and where a table lies by
 * default. Pure.
 */
import { createHash } from 'node:crypto';
import type { TableIdentifier } from '../iceberg/table-metadata.ts';
import { badRequest } from './errors.ts';

/**
 * The JDBC-catalog schema keeps names in VARCHAR(255), values and locations in VARCHAR(1000). PostgreSQL
 * enforces it, SQLite does not.
 */
const NAME_LENGTH_MAX = 255;
const VALUE_LENGTH_MAX = 1000;

/**
 * @throws PsybergError `bad-request` for names that the store could not tell apart, or that are not names at
 * all.
 */
export function checkNamespace(namespace: readonly string[]): void {
  if (namespace.length === 0) throw badRequest('Invalid namespace: it has no levels');
  for (const level of namespace) {
    checkName(level, 'namespace');
    // Iceberg's JDBC catalog joins levels with a dot: ["a.b"] and ["a", "b"] would be the same row.
    if (level.includes('.'))
      throw badRequest(`Invalid namespace level: ${JSON.stringify(level)} contains a dot`);
  }
  if (namespace.join('.').length > NAME_LENGTH_MAX)
    throw badRequest(`Invalid namespace: longer than ${NAME_LENGTH_MAX} characters`);
}

/** @throws PsybergError `bad-request`. */
export function checkIdentifier(id: TableIdentifier): void {
  checkNamespace(id.namespace);
  checkName(id.name, 'table');
}

/**
 * Checks the names in a path before anything is looked up: what could never be a name is a wrong request, not
 * a missing table. Dots are checked only where something is created: in a lookup they are harmless.
 * @throws PsybergError `bad-request`.
 */
export function checkPathNames(namespace: readonly string[], name?: string): void {
  for (const level of namespace) checkName(level, 'namespace');
  if (name !== undefined) checkName(name, 'table');
}

/** @throws PsybergError `bad-request` when the store has no room for a property. */
export function checkProperties(properties: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(properties)) {
    if (key === '' || key.length > NAME_LENGTH_MAX)
      throw badRequest(
        `Invalid property name: it needs 1 to ${NAME_LENGTH_MAX} characters, found ${key.length}`,
      );
    if (value.length > VALUE_LENGTH_MAX)
      throw badRequest(`Invalid value of property ${key}: longer than ${VALUE_LENGTH_MAX} characters`);
    if (`${key}${value}`.includes('\0'))
      throw badRequest(`Invalid property: ${JSON.stringify(key)} or its value contains NUL`);
  }
}

/** @throws PsybergError `bad-request` when the store has no room for a location. */
export function checkMetadataLocation(location: string): void {
  if (location.length > VALUE_LENGTH_MAX)
    throw badRequest(
      `Invalid location: its metadata file would have a name of more than ${VALUE_LENGTH_MAX} characters`,
    );
}

function checkName(name: string, what: string): void {
  if (name === '') throw badRequest(`Invalid ${what} name: it is empty`);
  // HTTP clients resolve these in a path before they send it: such a table could never be reached.
  if (name === '.' || name === '..') throw badRequest(`Invalid ${what} name: ${name}`);
  if (name.length > NAME_LENGTH_MAX)
    throw badRequest(`Invalid ${what} name: longer than ${NAME_LENGTH_MAX} characters`);
  if (/[\u0000-\u001f\u007f]/.test(name))
    throw badRequest(`Invalid ${what} name: it contains a control character`);
  if (/\p{Surrogate}/u.test(name)) throw badRequest(`Invalid ${what} name: it is not valid Unicode`);
}

/** The folders of a table below the warehouse. A name may hold any character, a folder only harmless ones. */
export const folderOf = (id: TableIdentifier): string[] => [...id.namespace, id.name].map(folderName);

/** File systems allow 255 bytes. */
const FOLDER_BYTES_MAX = 240;

/**
 * The folder for a name; no two names have the same. Harmless characters stay as they are; every byte of any
 * other becomes `~` and two hexadecimal digits. Not `%`: for clients that decode a location, `..%2F` would
 * lead out of the warehouse.
 */
function folderName(name: string): string {
  const safe = name
    .replaceAll(/[^\p{L}\p{N}_\-.=@+ ]/gu, escaped)
    // Some file systems drop a dot or blank at the end, and dots alone are not a folder's name.
    .replace(/^[. ]+$|[. ]$|^ /g, (ends) => escaped(ends));
  if (Buffer.byteLength(safe) <= FOLDER_BYTES_MAX) return safe;
  // Two of these marks in a row occur nowhere else.
  return `${beginning(safe, FOLDER_BYTES_MAX - HASH_LENGTH - 2)}~~${createHash('sha256').update(name).digest('hex').slice(0, HASH_LENGTH)}`;
}

const HASH_LENGTH = 40;

const escaped = (text: string): string =>
  Buffer.from(text)
    .toString('hex')
    .replaceAll(/../g, (byte) => `~${byte}`);

/** As many whole characters of a text as fit into that many bytes. */
function beginning(text: string, bytes: number): string {
  let [length, kept] = [0, ''];
  for (const character of text) {
    length += Buffer.byteLength(character);
    if (length > bytes) break;
    kept += character;
  }
  return kept;
}
