/**
 * Drops the folders of maintenance whose process died: each only holds a marker and what a compaction had
 * noted. Folder of the sessions -> fewer folders.
 */
import { join } from 'node:path';
import { namesOfSessions } from '../markers/session-folders.ts';
import { isAtWork, pidOfUnfinished, readMarker } from '../markers/session-marker.ts';
import { isRunning } from '../model/is-running.ts';
import type { MaintainPorts } from './context.ts';

/** Prefix of a compaction's folder. It cannot clash with a process, whose folders begin with `psyberg_`. */
export const MAINTENANCE = 'maintain-';

/**
 * Files that it left in tables are orphans, and are removed as such. If the folder stayed and its marker was
 * not yet written, everybody would take it for that of a running session.
 */
export async function dropDeadMaintenance({
  sessionsDirectory,
  markers,
}: Pick<MaintainPorts, 'sessionsDirectory' | 'markers'>): Promise<void> {
  for (const name of namesOfSessions(sessionsDirectory)) {
    if (!name.startsWith(MAINTENANCE) && !name.startsWith(`.${MAINTENANCE}`)) continue;
    const directory = join(sessionsDirectory, name);
    const unfinished = pidOfUnfinished(name);
    const marker = readMarker(directory);
    const alive =
      unfinished !== undefined ? isRunning(unfinished) : marker !== undefined && isAtWork(marker, directory);
    if (!alive) await markers.end(directory);
  }
}
