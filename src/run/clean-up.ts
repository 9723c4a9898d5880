/** Leaves no trace of a session: view detached, branch dropped, staged files deleted. Also of sessions whose process died. */
import { existsSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { SESSION_CATALOG } from '../compile/index.ts';
import type { Engine } from '../engine/index.ts';
import type { Snapshot, TableMetadata } from '../iceberg/table-metadata.ts';
import type { TableIdentifier } from '../model/names.ts';
import { removeLocalFile } from '../state/local-files.ts';
import { renderStatement } from '../statements/index.ts';
import { type RunContext, type RunPorts, branchHead, stagingSnapshots } from './context.ts';
import type { SessionMarker } from './open-branch.ts';

/** A stepwise session has no process between its steps; after a day without a next step it counts as abandoned. */
const STEPWISE_GRACE_MS = 24 * 3_600_000;
/** Longer than any pause between making a folder and writing a small file into it. */
const MARKER_GRACE_MS = 5000;

/** Ends the view and removes the session's folder; the last step of a session that published. */
export async function closeSession(context: RunContext): Promise<void> {
  await detachSession(context);
  rmSync(context.directory, { recursive: true, force: true });
}

/** Ends the view only; a stepwise session goes on in another process. */
export async function detachSession(context: RunContext): Promise<void> {
  await context.ports.engine.detach(SESSION_CATALOG);
  context.ports.views.close(context.branch);
}

/** Undoes a session that did not publish: branch, staging snapshots and the data files that only they have. */
export async function abandonSession(context: RunContext): Promise<void> {
  await detachSession(context);
  await dropBranch(context.ports, context.spec.target.table, context.branch);
  rmSync(context.directory, { recursive: true, force: true });
}

/** Drops a session's branch with its snapshots, then deletes the files that only they had. A published branch is gone already. */
export async function dropBranch(ports: Pick<RunPorts, 'catalog' | 'engine'>, table: TableIdentifier, branch: string): Promise<void> {
  const loaded = await ports.catalog.loadTable(table);
  const head = loaded === undefined ? undefined : branchHead(loaded.metadata, branch);
  if (loaded === undefined || head === undefined) return;
  const staging = stagingSnapshots(loaded.metadata, branch, undefined);
  const files = await stagedFiles(ports.engine, staging);
  await ports.catalog.commitTable(table, {
    requirements: [{ type: 'assert-ref-snapshot-id', ref: branch, 'snapshot-id': head['snapshot-id'] }],
    updates: [
      { action: 'remove-snapshot-ref', 'ref-name': branch },
      ...(staging.length === 0 ? [] : [{ action: 'remove-snapshots' as const, 'snapshot-ids': staging.map((snapshot) => snapshot['snapshot-id']) }]),
    ],
  });
  // After the commit: a file deleted first would leave a branch that cannot be read.
  for (const file of files) removeLocalFile(file);
}

/** Data files, manifests and manifest lists that the staging snapshots added. */
async function stagedFiles(engine: Engine, staging: readonly Snapshot[]): Promise<string[]> {
  if (staging.length === 0) return [];
  const ids = staging.map((snapshot) => String(snapshot['snapshot-id']));
  const lists = staging.map((snapshot) => snapshot['manifest-list']);
  const manifests = await engine.query<{ manifest_path: string; adds: boolean }>({
    sql: renderStatement('cleanup/staged_manifests'),
    parameters: { manifest_lists: lists, snapshot_ids: ids },
  });
  const adding = manifests.filter((manifest) => manifest.adds).map((manifest) => manifest.manifest_path);
  const data = adding.length === 0 ? [] : await engine.query<{ path: string }>({ sql: renderStatement('cleanup/staged_files'), parameters: { manifests: adding } });
  return [...data.map((row) => row.path), ...manifests.map((manifest) => manifest.manifest_path), ...lists];
}

/** Cleans up after sessions of `processName` whose process is dead: their branches never become a parent of anything. */
export async function dropAbandonedSessions(ports: RunPorts, table: TableIdentifier, processName: string): Promise<string[]> {
  const loaded = await ports.catalog.loadTable(table);
  const branches = Object.keys(loaded?.metadata.refs ?? {});
  const folders = existsSync(ports.sessionsDirectory) ? readdirSync(ports.sessionsDirectory) : [];
  const mine = new RegExp(`^psyberg_${processName}_\\d{14}$`);
  const dropped: string[] = [];
  for (const branch of new Set([...branches, ...folders].filter((name) => mine.test(name)))) {
    const directory = join(ports.sessionsDirectory, branch);
    if (isAlive(directory) || (!ports.markersAreShared && !existsSync(directory) && isYoung(branch, loaded?.metadata))) continue;
    await dropBranch(ports, table, branch);
    rmSync(directory, { recursive: true, force: true });
    dropped.push(branch);
  }
  return dropped;
}

/** True for a branch without a marker that may be a session's on another machine: begun, or written to, within a day. */
function isYoung(branch: string, metadata: TableMetadata | undefined): boolean {
  const [, year, month, day, hour, minute, second] = (/_(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(branch) ?? []).map(Number);
  const beganMs = Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
  const [newest] = metadata === undefined ? [] : stagingSnapshots(metadata, branch, undefined);
  return Date.now() - Math.max(beganMs, newest?.['timestamp-ms'] ?? 0) < STEPWISE_GRACE_MS;
}

/** True while the session's process may still be at work (or, stepwise, its next step may come). */
function isAlive(directory: string): boolean {
  let marker: SessionMarker;
  try {
    marker = JSON.parse(readFileSync(join(directory, 'session.json'), 'utf8')) as SessionMarker;
  } catch {
    // The folder comes a moment before its marker.
    return Date.now() - (statSync(directory, { throwIfNoEntry: false })?.mtimeMs ?? 0) < MARKER_GRACE_MS;
  }
  if (marker.stepwise || marker.host !== hostname()) return Date.now() - Date.parse(marker.started_at) < STEPWISE_GRACE_MS;
  if (marker.pid === process.pid) return true;
  try {
    process.kill(marker.pid, 0);
    return true;
  } catch (error) {
    // EPERM: the process is there, but another user's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** When the oldest session that is at work in this warehouse began, in ms; undefined while none is. Its files may be in no metadata yet. */
export function oldestSessionMs(sessionsDirectory: string): number | undefined {
  const folders = existsSync(sessionsDirectory) ? readdirSync(sessionsDirectory) : [];
  const began = folders
    .map((name) => join(sessionsDirectory, name))
    .filter(isAlive)
    .map((directory) => statSync(join(directory, 'session.json'), { throwIfNoEntry: false })?.mtimeMs ?? statSync(directory, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
  return began.length === 0 ? undefined : Math.min(...began);
}
