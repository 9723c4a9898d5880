/** Finds which sessions may still be running. Markers + metadata -> yes, no, since when. Reads only. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { stagingSnapshots } from '../iceberg/references.ts';
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import { sessionOfName } from '../model/session-branch.ts';
import { namesOfSessions } from './session-folders.ts';
import { isAtWork, MARKER_FILE, readMarker, STEPWISE_GRACE_MS } from './session-marker.ts';

/**
 * True for a session's branch that somebody may still work on: its marker says so, or it has none but is
 * young.
 */
export function isInUse(sessionsDirectory: string, branch: string, metadata: TableMetadata): boolean {
  const directory = join(sessionsDirectory, branch);
  const marker = readMarker(directory);
  return marker === undefined ? isYoung(branch, metadata) : isAtWork(marker, directory);
}

/**
 * True for a branch without a marker that may belong to a session on another machine: it was begun, or
 * written to, within a day.
 */
export function isYoung(branch: string, metadata: TableMetadata | undefined): boolean {
  const beganMs = sessionOfName(branch)?.beganMs ?? 0;
  const [newest] = metadata === undefined ? [] : stagingSnapshots(metadata, branch, undefined);
  return Date.now() - Math.max(beganMs, newest?.['timestamp-ms'] ?? 0) < STEPWISE_GRACE_MS;
}

/**
 * When the oldest session at work in this warehouse began, in ms; undefined if none is at work. Its files
 * may not be in any metadata yet.
 */
export function oldestSessionMs(sessionsDirectory: string): number | undefined {
  const began = namesOfSessions(sessionsDirectory)
    .map((name) => join(sessionsDirectory, name))
    .filter((directory) => {
      const marker = readMarker(directory);
      return marker === undefined || isAtWork(marker, directory);
    })
    .map(
      (directory) =>
        statSync(join(directory, MARKER_FILE), { throwIfNoEntry: false })?.mtimeMs ??
        statSync(directory, { throwIfNoEntry: false })?.mtimeMs ??
        Date.now(),
    );
  return began.length === 0 ? undefined : Math.min(...began);
}
