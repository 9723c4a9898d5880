/** Reads where a source begins when a process reads it for the first time. Text -> StartSpec. Pure. */
import { INSTANT_PATTERN, instantOf } from './hour.ts';

export type StartSpec =
  /** With all its rows. */
  | { readonly kind: 'beginning' }
  /** After the snapshot that is its head when the process first publishes. */
  | { readonly kind: 'now' }
  /** After this snapshot. */
  | { readonly kind: 'snapshot'; readonly snapshotId: bigint }
  /** After the snapshot that was its head at this instant. */
  | { readonly kind: 'timestamp'; readonly atMs: number };

export const START_FORMS =
  "beginning, now, a snapshot id in quotes, or a timestamp such as '2023-09-14T05:00:00Z'";

/** The forms as a pattern for JSON schemas. */
export const START_PATTERN = new RegExp(
  `^(?:beginning|now|\\d{1,19}|${INSTANT_PATTERN.source.slice(1, -1)})$`,
);

/**
 * Reads `beginning`, `now`, a snapshot id or a timestamp (without a zone it is UTC); undefined for anything
 * else.
 */
export function parseStart(text: string): StartSpec | undefined {
  const trimmed = text.trim();
  if (trimmed === 'beginning' || trimmed === 'now') return { kind: trimmed };
  if (/^\d{1,19}$/.test(trimmed)) return { kind: 'snapshot', snapshotId: BigInt(trimmed) };
  const atMs = instantOf(trimmed);
  return Number.isNaN(atMs) ? undefined : { kind: 'timestamp', atMs };
}
