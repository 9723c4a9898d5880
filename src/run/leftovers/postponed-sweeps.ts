/**
 * Notes sweeps that have to wait for a day. Two machines in front of one foreign catalog may begin sessions
 * of one process in the same second. These then have the same name, and neither machine sees the other's
 * marker, so files of that name are deleted only when both must have ended. Folder <-> notes.
 */
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DAY_MS } from '../../model/hour.ts';
import { parseTableName, type TableIdentifier, tableName } from '../../model/names.ts';
import type { RunPorts } from '../ports.ts';
import { namesIn } from './empty-folders.ts';

/** As long as branches of other machines are left alone. */
const WAIT_MS = DAY_MS;

type NotePorts = Pick<RunPorts, 'sessionsDirectory'>;

const folderOf = ({ sessionsDirectory }: NotePorts): string => join(dirname(sessionsDirectory), 'sweeps');

export function postponeSweep(ports: NotePorts, target: TableIdentifier, branch: string): void {
  const folder = folderOf(ports);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, branch), tableName(target));
}

/** Sweeps what has waited long enough. `sweep` may throw: then it is tried again by the next session. */
export async function sweepPostponed(
  ports: NotePorts,
  sweep: (target: TableIdentifier, branch: string) => Promise<void>,
): Promise<void> {
  const folder = folderOf(ports);
  for (const branch of namesIn(folder)) {
    const note = join(folder, branch);
    const postponedAtMs = statSync(note, { throwIfNoEntry: false })?.mtimeMs;
    if (postponedAtMs === undefined || Date.now() - postponedAtMs < WAIT_MS) continue;
    await sweep(parseTableName(readFileSync(note, 'utf8')), branch);
    rmSync(note, { force: true });
  }
}
