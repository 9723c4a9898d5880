/** Finds what maintenance would do to each table. Workspace -> records of a dry run. Writes nothing. */
import type { ReportedMaintenance } from '../../report/page/report-document.ts';
import type { TableRow } from '../../report/tables.ts';
import { maintainProject } from '../../workspace/maintain-project.ts';
import type { Workspace } from '../../workspace/open-workspace.ts';
import type { ReportParts } from './report-parts.ts';

/**
 * Up to this many tables it is done without being asked for: a dry run reads the manifests of each, 0.1 to
 * 0.4 s of CPU time for a table of 60 manifests (2026-11-29).
 */
const TABLES_MAX = 12;

/**
 * Keyed by the name of the table; empty for a foreign catalog, whose own maintenance knows who else reads
 * it.
 */
export async function maintenanceOf(
  workspace: Workspace,
  parts: ReportParts,
  { tables, isAsked }: { readonly tables: readonly TableRow[]; readonly isAsked: boolean | undefined },
): Promise<ReadonlyMap<string, ReportedMaintenance>> {
  const isWanted = isAsked ?? tables.length <= TABLES_MAX;
  if (!isWanted || tables.length === 0 || workspace.project.catalog.kind === 'rest') return new Map();
  const readable = tables.filter(({ error }) => error === undefined).map(({ table }) => table);
  if (readable.length === 0) return new Map();
  const report = await parts.attempt(
    'maintenance',
    () => maintainProject(workspace, readable, { dryRun: true, only: ['compact', 'manifests', 'expire'] }),
    undefined,
  );
  return new Map(
    report?.tables.map(({ table, status, compacted, manifests, expired, freed, notes, error }) => [
      table,
      { status, compacted, manifests, expired, freed, notes, error },
    ]),
  );
}
