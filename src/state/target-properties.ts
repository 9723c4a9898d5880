/**
 * The properties by which a target remembers its processes, whatever becomes of its snapshots. Metadata ->
 * yes or no. Pure.
 */
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import { SUMMARY } from './summary-keys.ts';

/**
 * A property of a target: its uuid, once the process has published to it. It outlives every snapshot, and is
 * of no other table that got its properties as a copy.
 */
export const publishedProperty = (processName: string): string => `psyberg.published.${processName}`;
/**
 * A property of a target: the last session of the process that published to it. Rows of the watermark table
 * that were written by an earlier one are behind.
 */
export const lastSessionProperty = (processName: string): string => `psyberg.last-session.${processName}`;

/**
 * A property of a target: its uuid, once the process has adopted it. Whoever filled it may have put rows into
 * hours that were not complete, and that has to be known when the adoption's snapshot is expired.
 */
export const adoptedProperty = (processName: string): string => `psyberg.adopted.${processName}`;

/**
 * A property of a target: the last session of a process up to which its watermarks keep nothing from expiring
 * any more, since somebody declared that the process is gone.
 */
export const releasedProperty = (processName: string): string => `psyberg.released.${processName}`;

/**
 * A property of a target: the last session of a process that was retired. What its snapshots say of sessions
 * up to that one is over; a later session of that name begins anew.
 */
export const retiredProperty = (processName: string): string => `psyberg.retired.${processName}`;

/**
 * A property of a target: what a process had left of its sources when it was retired, or when another process
 * went on in its place, beside the snapshots that say so (`noted-left.ts`).
 */
export const leftProperty = (processName: string): string => `psyberg.left.${processName}`;

/** True for the summary of a session whose process was retired since. */
export function isRetired(
  { properties = {} }: Pick<TableMetadata, 'properties'>,
  summary: Readonly<Record<string, string>> | undefined,
): boolean {
  const last = properties[retiredProperty(summary?.[SUMMARY.processName] ?? '')];
  return last !== undefined && (summary?.[SUMMARY.sessionId] ?? '') <= last;
}

/** The last session of a process, also of one that was retired, as the properties have it. */
export const lastSessionEver = ({ properties = {} }: TableMetadata, processName: string): string =>
  [properties[lastSessionProperty(processName)] ?? '', properties[retiredProperty(processName)] ?? '']
    .sort()
    .at(-1) as string;

const retiring = new WeakMap<object, boolean>();

/** Whether a process of the table was ever retired. */
export function hasRetired({ properties }: TableMetadata): boolean {
  if (properties === undefined) return false;
  const known = retiring.get(properties);
  if (known !== undefined) return known;
  const prefix = retiredProperty('');
  const found = Object.keys(properties).some((name) => name.startsWith(prefix));
  retiring.set(properties, found);
  return found;
}

/** True if the watermarks of that session keep nothing from expiring any more. */
export const isReleased = (
  { properties = {} }: TableMetadata,
  processName: string,
  psybergSessionId: string | null | undefined,
): boolean => {
  const released = properties[releasedProperty(processName)];
  return released !== undefined && (psybergSessionId ?? '') <= released;
};
