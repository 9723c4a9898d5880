/**
 * Leaves no trace of a session: view detached, branch dropped, its files deleted. Also of sessions whose
 * process died.
 */
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SESSION_CATALOG } from '../../compile/index.ts';
import { branchHead } from '../../iceberg/history.ts';
import type { TableMetadata } from '../../iceberg/table-metadata.ts';
import type { TableIdentifier } from '../../model/names.ts';
import { SUMMARY } from '../../state/read-watermarks.ts';
import type { RunPorts } from '../ports.ts';
import type { Session } from '../session.ts';
import { stagingSnapshots } from '../target.ts';
import { isAtWork, isRunning, pidOfUnfinished, readMarker, STEPWISE_GRACE_MS } from './session-marker.ts';
import { removeDroppedTable, sweepSession } from './sweep.ts';

/** Ends the view and removes the session's folder; the last step of a session that published. */
export async function closeSession(session: Session): Promise<void> {
  const { ports, spec, branch, directory, leftovers, stepwise } = session;
  await detachSession(session);
  if (leftovers.lostRaces || stepwise) await sweepSession(ports, spec.target.table, branch);
  rmSync(directory, { recursive: true, force: true });
}

/** Ends the view only; a stepwise session goes on in another process. */
export async function detachSession({ ports, view }: Session): Promise<void> {
  await ports.engine.detach(SESSION_CATALOG);
  view.close();
}

/**
 * Undoes a session that did not publish: branch, staging snapshots, its files, and the target that it
 * created. All that it knows is in its leftovers, its marker and the tables, however far it came.
 */
export async function abandonSession(session: Session): Promise<void> {
  const { ports, spec, branch, directory, leftovers } = session;
  await detachSession(session);
  await leftovers.stateRows?.discard();
  if (!leftovers.branchOfAnother)
    await dropSession(ports, spec.target.table, {
      branch,
      createdTableUuid: readMarker(directory)?.created_table_uuid,
    });
  await removeSchema(session);
  rmSync(directory, { recursive: true, force: true });
}

/** A schema that no snapshot has and that never became the current one; where it stays it does no harm. */
async function removeSchema({ ports, spec, leftovers }: Session): Promise<void> {
  const { schemaId } = leftovers;
  if (schemaId === undefined) return;
  await ports.catalog
    .commitTable(spec.target.table, {
      requirements: [],
      updates: [{ action: 'remove-schemas', 'schema-ids': [schemaId] }],
    })
    .catch(() => undefined);
}

/** What a session has left in its tables goes. What it has published, and others after it, stays. */
async function dropSession(
  ports: RunPorts,
  table: TableIdentifier,
  session: { readonly branch: string; readonly createdTableUuid: string | undefined },
): Promise<void> {
  await dropBranch(ports, table, session.branch);
  // After the commit: a file deleted first would leave a branch that cannot be read.
  await sweepSession(ports, table, session.branch);
  if (session.createdTableUuid !== undefined)
    await dropIfEmpty(ports, table, { branch: session.branch, uuid: session.createdTableUuid });
}

/** Drops a session's branch with its snapshots. A published branch is gone already. */
async function dropBranch(
  ports: Pick<RunPorts, 'catalog'>,
  table: TableIdentifier,
  branch: string,
): Promise<void> {
  const loaded = await ports.catalog.loadTable(table);
  const head = loaded === undefined ? undefined : branchHead(loaded.metadata, branch);
  if (loaded === undefined || head === undefined) return;
  const staging = stagingSnapshots(loaded.metadata, branch, undefined);
  await ports.catalog.commitTable(table, {
    requirements: [{ type: 'assert-ref-snapshot-id', ref: branch, 'snapshot-id': head['snapshot-id'] }],
    updates: [
      { action: 'remove-snapshot-ref', 'ref-name': branch },
      ...(staging.length === 0
        ? []
        : [
            {
              action: 'remove-snapshots' as const,
              'snapshot-ids': staging.map((snapshot) => snapshot['snapshot-id']),
            },
          ]),
    ],
  });
}

/** The table that a failed first session created goes again, unless somebody has written to it. */
async function dropIfEmpty(
  { catalog }: Pick<RunPorts, 'catalog'>,
  table: TableIdentifier,
  { branch, uuid }: { readonly branch: string; readonly uuid: string },
): Promise<void> {
  const loaded = await catalog.loadTable(table);
  if (loaded === undefined || loaded.metadata['table-uuid'] !== uuid) return;
  const snapshots = loaded.metadata.snapshots ?? [];
  if (snapshots.some(({ summary }) => summary?.[SUMMARY.initialBranch] !== branch)) return;
  await catalog.dropTable(table, { purge: false });
  removeDroppedTable(loaded.metadata, loaded.metadataLocation);
}

/**
 * Cleans up after sessions of a name that another process has taken over: none of them can publish any more, so
 * those that wait for their next step go as well. One that is being run sees so itself.
 */
export async function dropSessionsOfEndedName(
  ports: RunPorts,
  table: TableIdentifier,
  processName: string,
): Promise<void> {
  for (const { name } of await sessionsOf(ports, table, processName))
    if (readMarker(join(ports.sessionsDirectory, name))?.stepwise === true)
      await dropSessionNow(ports, table, name);
  await dropAbandonedSessions(ports, table, processName);
}

/** What a session has left goes, with its folder, whoever began it. */
export async function dropSessionNow(ports: RunPorts, table: TableIdentifier, branch: string): Promise<void> {
  const directory = join(ports.sessionsDirectory, branch);
  await dropSession(ports, table, { branch, createdTableUuid: readMarker(directory)?.created_table_uuid });
  rmSync(directory, { recursive: true, force: true });
}

/** A session that was cleaned up after. */
export interface AbandonedSession {
  readonly branch: string;
  readonly startedAtMs: number;
}

/**
 * Cleans up after sessions of `processName` whose process is dead: their branches never become a parent of
 * anything.
 */
export async function dropAbandonedSessions(
  ports: RunPorts,
  table: TableIdentifier,
  processName: string,
): Promise<AbandonedSession[]> {
  const dropped: AbandonedSession[] = [];
  for (const { name, metadata } of await sessionsOf(ports, table, processName)) {
    const directory = join(ports.sessionsDirectory, name);
    const unfinished = pidOfUnfinished(name);
    const marker = readMarker(directory);
    if (
      unfinished !== undefined
        ? unfinished !== process.pid && isRunning(unfinished)
        : marker !== undefined && isAtWork(marker, directory)
    )
      continue;
    if (!ports.markersAreShared && !existsSync(directory) && isYoung(name, metadata)) continue;
    if (unfinished === undefined)
      await dropSession(ports, table, { branch: name, createdTableUuid: marker?.created_table_uuid });
    rmSync(directory, { recursive: true, force: true });
    dropped.push({ branch: name, startedAtMs: Date.parse(marker?.started_at ?? '') || Date.now() });
  }
  return dropped;
}

/** Branches and folders of the process's sessions, also of such that were about to begin; each name once. */
async function sessionsOf(
  ports: Pick<RunPorts, 'catalog' | 'sessionsDirectory'>,
  table: TableIdentifier,
  processName: string,
): Promise<{ readonly name: string; readonly metadata: TableMetadata | undefined }[]> {
  const metadata = (await ports.catalog.loadTable(table))?.metadata;
  const branches = Object.keys(metadata?.refs ?? {});
  const folders = existsSync(ports.sessionsDirectory) ? readdirSync(ports.sessionsDirectory) : [];
  const mine = new RegExp(`^\\.?psyberg_${processName}_\\d{14}(\\.\\d+)?$`);
  return [...new Set([...branches, ...folders].filter((each) => mine.test(each)))].map((name) => ({
    name,
    metadata,
  }));
}

/**
 * True for a session's branch that somebody may still work on: its marker says so, or it has none and is
 * young.
 */
export function isInUse(sessionsDirectory: string, branch: string, metadata: TableMetadata): boolean {
  const directory = join(sessionsDirectory, branch);
  const marker = readMarker(directory);
  return marker === undefined ? isYoung(branch, metadata) : isAtWork(marker, directory);
}

/**
 * True for a branch without a marker that may be a session's on another machine: begun, or written to, within
 * a day.
 */
function isYoung(branch: string, metadata: TableMetadata | undefined): boolean {
  const [, year, month, day, hour, minute, second] = (
    /_(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(branch) ?? []
  ).map(Number);
  const beganMs = Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
  const [newest] = metadata === undefined ? [] : stagingSnapshots(metadata, branch, undefined);
  return Date.now() - Math.max(beganMs, newest?.['timestamp-ms'] ?? 0) < STEPWISE_GRACE_MS;
}

/**
 * When the oldest session that is at work in this warehouse began, in ms; undefined while none is. Its files
 * may be in no metadata yet.
 */
export function oldestSessionMs(sessionsDirectory: string): number | undefined {
  const folders = existsSync(sessionsDirectory) ? readdirSync(sessionsDirectory) : [];
  const began = folders
    .map((name) => join(sessionsDirectory, name))
    .filter((directory) => {
      const marker = readMarker(directory);
      return marker === undefined || isAtWork(marker, directory);
    })
    .map(
      (directory) =>
        statSync(join(directory, 'session.json'), { throwIfNoEntry: false })?.mtimeMs ??
        statSync(directory, { throwIfNoEntry: false })?.mtimeMs ??
        Date.now(),
    );
  return began.length === 0 ? undefined : Math.min(...began);
}
