/**
 * Removes every trace of a session: detaches its view, drops its branch, deletes its files. Also for
 * sessions whose process died. Session -> nothing.
 */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { filesRemoved } from '../../files/remove.ts';
import { branchHead, stagingSnapshots } from '../../iceberg/references.ts';
import type { TableMetadata } from '../../iceberg/table-metadata.ts';
import { dropFiles } from '../../landing/read-files.ts';
import { namesOfSessions } from '../../markers/session-folders.ts';
import { isAtWork, pidOfUnfinished, readMarker } from '../../markers/session-marker.ts';
import { isYoung } from '../../markers/sessions-at-work.ts';
import { PsybergError } from '../../model/errors.ts';
import { isRunning } from '../../model/is-running.ts';
import type { TableIdentifier } from '../../model/names.ts';
import { sessionOfName } from '../../model/session-branch.ts';
import { SUMMARY } from '../../state/summary-keys.ts';
import type { RunPorts } from '../ports.ts';
import type { Begun } from '../session.ts';
import { removeViews } from '../views/views-folder.ts';
import { endMarker, isEndedOutside } from './ended-outside.ts';
import { removeDroppedTable, sweepSession } from './sweep.ts';

/** The last step of a session that published: ends its view and removes its folder. */
export async function closeSession(session: Begun): Promise<void> {
  const { ports, spec, branch, directory, leftovers, stepwise } = session;
  await detachSession(session);
  await removeViews(session);
  if (leftovers.lostRaces || stepwise) await sweepSession(ports, spec.target.table, branch);
  await filesRemoved();
  await ports.markers.end(directory);
}

/** Ends only the view, for a stepwise session that another process continues. */
export async function detachSession({ plan, ports, view }: Begun): Promise<void> {
  try {
    await ports.workload.detach();
    for (const { read } of plan.sources) if (read.kind === 'files') await dropFiles(ports.engine, read);
  } catch (error) {
    // After an internal error the database is shut, so there is nothing left to detach from.
    if (!(error instanceof PsybergError && error.code === 'engine-internal-error')) throw error;
  } finally {
    view.close();
  }
}

/**
 * Undoes a session that did not publish: removes its branch, staging snapshots and files, and the target
 * that it created. However far it came, everything needed for that is in its leftovers, its marker and the
 * tables.
 */
export async function abandonSession(session: Begun): Promise<void> {
  const { ports, spec, branch, directory, leftovers } = session;
  await leftovers.stateRows?.discard();
  await detachSession(session);
  const isEnded = await isEndedOutside(ports, directory);
  // If the branch belongs to another session of the same name, so do the views of that name.
  if (!leftovers.branchOfAnother) {
    await removeViews(session);
    await dropSession(ports, spec.target.table, {
      branch,
      createdTableUuid: readMarker(directory)?.created_table_uuid,
    });
  }
  await removeSchema(session);
  await filesRemoved();
  await endMarker(ports, directory, isEnded);
}

/**
 * Removes the added schema, which no snapshot uses and which never became current. If it stays it does no
 * harm.
 */
async function removeSchema({ ports, spec, leftovers }: Begun): Promise<void> {
  const { schemaId } = leftovers;
  if (schemaId === undefined) return;
  await ports.catalog
    .commitTable(spec.target.table, {
      requirements: [],
      updates: [{ action: 'remove-schemas', 'schema-ids': [schemaId] }],
    })
    .catch(() => undefined);
}

/** Removes what a session left in its tables; what it published, and what others did since, stays. */
async function dropSession(
  ports: RunPorts,
  table: TableIdentifier,
  session: { readonly branch: string; readonly createdTableUuid: string | undefined },
): Promise<void> {
  await dropBranch(ports, table, session.branch);
  // Only after that commit: if files were deleted first the branch could not be read.
  await sweepSession(ports, table, session.branch);
  if (session.createdTableUuid !== undefined)
    await dropIfEmpty(ports, table, { branch: session.branch, uuid: session.createdTableUuid });
}

/** Drops a session's branch with its snapshots. The branch of a published session is gone already. */
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

/** Drops the table that a failed first session created, unless somebody has written to it. */
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
 * Cleans up after sessions of a name that another process has taken over. None of them can publish any more,
 * so stepwise ones that wait for their next step are dropped as well. A session that is running finds out by
 * itself.
 */
export async function dropSessionsOfEndedName(
  ports: RunPorts,
  table: TableIdentifier,
  processName: string,
): Promise<void> {
  for (const { name } of await sessionsOfProcess(ports, table, processName))
    if (readMarker(join(ports.sessionsDirectory, name))?.stepwise === true)
      await dropSessionNow(ports, table, name);
  await dropAbandonedSessions(ports, table, processName);
}

/** Removes what a session left, and its folder, whoever began it. */
export async function dropSessionNow(ports: RunPorts, table: TableIdentifier, branch: string): Promise<void> {
  const directory = join(ports.sessionsDirectory, branch);
  const isEnded = await isEndedOutside(ports, directory);
  await dropSession(ports, table, { branch, createdTableUuid: readMarker(directory)?.created_table_uuid });
  await filesRemoved();
  await endMarker(ports, directory, isEnded);
}

/** A dead session whose leftovers were removed. */
export interface AbandonedSession {
  readonly branch: string;
  readonly startedAtMs: number;
}

/**
 * Cleans up after sessions of `processName` whose operating-system process is dead, so that their branches
 * never become a parent of anything.
 */
export async function dropAbandonedSessions(
  ports: RunPorts,
  table: TableIdentifier,
  processName: string,
): Promise<AbandonedSession[]> {
  const dropped: AbandonedSession[] = [];
  for (const { name, metadata } of await sessionsOfProcess(ports, table, processName)) {
    const directory = join(ports.sessionsDirectory, name);
    const unfinished = pidOfUnfinished(name);
    const marker = readMarker(directory);
    const isAlive =
      unfinished === undefined
        ? marker !== undefined && isAtWork(marker, directory)
        : unfinished !== process.pid && isRunning(unfinished);
    if (isAlive) continue;
    if (!ports.markersAreShared && !existsSync(directory) && isYoung(name, metadata)) continue;
    const isEnded = await isEndedOutside(ports, directory);
    if (unfinished === undefined)
      await dropSession(ports, table, { branch: name, createdTableUuid: marker?.created_table_uuid });
    await filesRemoved();
    await endMarker(ports, directory, isEnded);
    dropped.push({ branch: name, startedAtMs: Date.parse(marker?.started_at ?? '') || Date.now() });
  }
  return dropped;
}

/**
 * The names of the process's sessions, from branches and folders, including sessions that only began to
 * begin.
 */
async function sessionsOfProcess(
  ports: Pick<RunPorts, 'catalog' | 'sessionsDirectory'>,
  table: TableIdentifier,
  processName: string,
): Promise<{ readonly name: string; readonly metadata: TableMetadata | undefined }[]> {
  const metadata = (await ports.catalog.loadTable(table))?.metadata;
  return sessionsIn(ports, metadata, processName).map((name) => ({ name, metadata }));
}

/** The same for a table that is already loaded. */
export function sessionsIn(
  { sessionsDirectory }: Pick<RunPorts, 'sessionsDirectory'>,
  metadata: TableMetadata | undefined,
  processName: string,
): string[] {
  const branches = Object.keys(metadata?.refs ?? {});
  const mine = (name: string): boolean => sessionOfName(name)?.processName === processName;
  return [...new Set([...branches, ...namesOfSessions(sessionsDirectory)].filter(mine))];
}
