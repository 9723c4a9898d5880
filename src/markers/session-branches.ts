/**
 * Lists the branches that sessions of a process have on its target, and why each is there. Refs + markers ->
 * branches. Reads only.
 */
import { join } from 'node:path';
import type { TableMetadata } from '../iceberg/table-metadata.ts';
import { sessionOfName } from '../model/session-branch.ts';
import { isAtWork, readMarker } from './session-marker.ts';

export interface SessionBranch {
  readonly branch: string;
  readonly psyberg_session_id: string;
  /**
   * `kept`: nobody works on it, as after `--keep-branch` · `waiting`: for its next step · `at-work` ·
   * `dead`: its process is gone. The next run of the process drops `kept` and `dead` ones.
   */
  readonly state: 'kept' | 'waiting' | 'at-work' | 'dead';
}

/** Oldest first. */
export function sessionBranches(
  sessionsDirectory: string,
  processName: string,
  target: TableMetadata | undefined,
): SessionBranch[] {
  return Object.entries(target?.refs ?? {})
    .flatMap(([branch, { type }]) => {
      const session = sessionOfName(branch);
      if (type !== 'branch' || session?.processName !== processName) return [];
      const state = stateOf(join(sessionsDirectory, branch));
      return [{ branch, psyberg_session_id: session.psybergSessionId, state }];
    })
    .sort((left, right) => (left.branch < right.branch ? -1 : 1));
}

function stateOf(directory: string): SessionBranch['state'] {
  const marker = readMarker(directory);
  if (marker === undefined) return 'kept';
  if (!isAtWork(marker, directory)) return 'dead';
  return marker.stepwise ? 'waiting' : 'at-work';
}
