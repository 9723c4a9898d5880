/**
 * Branches of sessions as files, one each, beside the project: the steps of one session run in processes of
 * their own, and a branch that is kept is looked at by another one. Folder <-> values.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseJson, renderJson } from '../../iceberg/json.ts';
import type { Snapshot, SnapshotId } from '../../iceberg/table-metadata.ts';
import { storageFault } from '../../model/storage-faults.ts';
import type { HeldBranch, HeldBranches } from '../service/held-in-memory.ts';

/** As the file has it. */
interface HeldJson {
  readonly branch: string;
  readonly 'table-uuid': string;
  readonly 'snapshot-id': SnapshotId;
  readonly snapshots: readonly Snapshot[];
  /** An object, since the codec of 64-bit numbers knows fields by their names. */
  readonly publishes?: { readonly 'snapshot-id': SnapshotId };
}

const ENDING = '.json';

/**
 * `folder`: where the branches are kept, a file each; made when the first one comes. All branches of sessions
 * are.
 */
export function heldFiles(folder: string): HeldBranches {
  /** What was read, and the file's time when it was. */
  const read = new Map<string, { readonly mtimeMs: number; readonly branch: HeldBranch | undefined }>();
  const place = (branch: string): string => join(folder, `${branch}${ENDING}`);
  const names = (): string[] =>
    namesIn(folder).flatMap((name) => (name.endsWith(ENDING) ? [name.slice(0, -ENDING.length)] : []));
  const find = (name: string): HeldBranch | undefined => {
    const mtimeMs = statSync(place(name), { throwIfNoEntry: false })?.mtimeMs;
    if (mtimeMs === undefined) return undefined;
    const known = read.get(name);
    if (known?.mtimeMs === mtimeMs) return known.branch;
    const branch = readHeld(place(name));
    read.set(name, { mtimeMs, branch });
    return branch;
  };
  return {
    holds: () => true,
    isEmpty: () => names().length === 0,
    names,
    of: (tableUuid) =>
      names().flatMap((name) => {
        const branch = find(name);
        return branch?.tableUuid === tableUuid ? [branch] : [];
      }),
    write(branch) {
      const path = place(branch.branch);
      const temporary = `${path}.${process.pid}.tmp`;
      try {
        mkdirSync(folder, { recursive: true });
        writeFileSync(temporary, renderJson(jsonOf(branch)));
        renameSync(temporary, path);
      } catch (error) {
        rmSync(temporary, { force: true });
        throw storageFault(error, { place: path, isWritten: true }) ?? error;
      }
      read.set(branch.branch, { mtimeMs: statSync(path).mtimeMs, branch });
    },
    remove(branch) {
      rmSync(place(branch), { force: true });
      read.delete(branch);
    },
  };
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

const jsonOf = ({ branch, tableUuid, head, snapshots, publishes }: HeldBranch): HeldJson => ({
  branch,
  'table-uuid': tableUuid,
  'snapshot-id': head,
  snapshots,
  ...(publishes === undefined ? {} : { publishes: { 'snapshot-id': publishes } }),
});

/** Undefined for a file that is gone meanwhile, or that no psyberg wrote: its rows were never anybody's. */
function readHeld(path: string): HeldBranch | undefined {
  try {
    const found = parseJson<HeldJson>(readFileSync(path, 'utf8'));
    return {
      branch: found.branch,
      tableUuid: found['table-uuid'],
      head: found['snapshot-id'],
      snapshots: found.snapshots,
      ...(found.publishes === undefined ? {} : { publishes: found.publishes['snapshot-id'] }),
    };
  } catch {
    return undefined;
  }
}
