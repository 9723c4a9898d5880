/**
 * Drops the folders of maintenance whose process died: each holds no more than a marker and what a compaction
 * had noted. Folder of the sessions -> fewer folders.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isAtWork, pidOfUnfinished, readMarker } from '../markers/session-marker.ts';
import { isRunning } from '../model/is-running.ts';
import type { MaintainPorts } from './context.ts';

/**
 * What the folder of a compaction is called; no process can be called so, as their folders begin with
 * `psyberg_`.
 */
export const MAINTENANCE = 'maintain-';

/**
 * Its files in tables are orphans and go with them. A folder that stayed would be that of a running session
 * to everybody who asks, if its marker was not written yet.
 */
export async function dropDeadMaintenance({
  sessionsDirectory,
  markers,
}: Pick<MaintainPorts, 'sessionsDirectory' | 'markers'>): Promise<void> {
  const folders = existsSync(sessionsDirectory) ? readdirSync(sessionsDirectory) : [];
  for (const name of folders.filter(
    (each) => each.startsWith(MAINTENANCE) || each.startsWith(`.${MAINTENANCE}`),
  )) {
    const directory = join(sessionsDirectory, name);
    const unfinished = pidOfUnfinished(name);
    const marker = readMarker(directory);
    const alive =
      unfinished !== undefined ? isRunning(unfinished) : marker !== undefined && isAtWork(marker, directory);
    if (!alive) await markers.end(directory);
  }
}
