/**
 * Maintains the tables of a workspace, and removes what processes that are gone still keep. Workspace ->
 * MaintainReport.
 */
import type { MaintainRequest } from '../maintain/index.ts';
import { usageError } from '../model/errors.ts';
import type { DroppedTagRecord, MaintainReport } from '../model/maintain-record.ts';
import type { Workspace } from './open-workspace.ts';

/** See `Psyberg.maintain`. Throws `maintain-foreign-catalog` besides. */
export async function maintainProject(
  workspace: Workspace,
  tables: readonly string[] | undefined,
  request: MaintainRequest | undefined,
): Promise<MaintainReport> {
  const { project, catalog, now: nowMs, isInterrupted: interrupted } = workspace;
  if (project.catalog.kind === 'rest') {
    if (request?.only?.length === 1 && request.only[0] === 'orphans')
      return (await import('./maintain-foreign.ts')).removeLostFiles(workspace, tables, request);
    throw usageError(
      'maintain-foreign-catalog',
      `the tables belong to the catalog at ${project.catalog.uri}: its own maintenance knows who else reads them`,
      {
        hint: "use that catalog's expiry and compaction; a tag on each source keeps the snapshots of watermarks. psyberg maintain --only orphans deletes what sessions of lost machines have left",
      },
    );
  }
  const { maintainTables } = await import('../maintain/index.ts');
  const ports = async () => {
    const own = await workspace.ports();
    // Again for each table: what a session of another machine has written is in no metadata yet.
    await own.markers.learn();
    return { ...own, warehouse: catalog.warehouse, nowMs, interrupted };
  };
  return maintainTables(ports, tables, request);
}

/** See `Psyberg.dropTag`. */
export async function dropTagOfStranger(
  workspace: Workspace,
  name: string,
  { dryRun = false }: { readonly dryRun?: boolean } = {},
): Promise<DroppedTagRecord[]> {
  const { dropStranger, readTables } = await import('../maintain/index.ts');
  const ports = await workspace.ports();
  return dropStranger(ports, name, { tables: await readTables(ports), nowMs: workspace.now(), dryRun });
}

/** Processes that hold snapshots back and are not in the project, and what to do about each. */
export async function strangersInProject(
  workspace: Workspace,
): Promise<{ readonly table: string; readonly what: string; readonly hint: string }[]> {
  const { findStrangers, readTables, strangerText } = await import('../maintain/index.ts');
  const ports = await workspace.ports();
  const found = await findStrangers(ports, await readTables(ports), workspace.now());
  return found.map((each) => ({ table: each.table, ...strangerText(each) }));
}
