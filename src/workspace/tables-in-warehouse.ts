/** Loads the tables of a project's warehouse, if there is one. Names -> metadata. Reads only. */
import fs from 'node:fs';
import type { LoadedTable } from '../catalog/client/catalog-client.ts';
import { type TableIdentifier, tableKey } from '../model/names.ts';
import type { ProjectSpec } from '../model/process-spec.ts';
import { pointersFile } from './folders.ts';
import { openWorkspace } from './open-workspace.ts';

/** An embedded warehouse that is not there yet: to open it would make it. */
export function hasWarehouse(project: Pick<ProjectSpec, 'catalog'>): boolean {
  const pointers = pointersFile(project);
  return pointers === undefined || fs.existsSync(pointers);
}

/** By the key of each table that is there. Throws what the catalog's start throws. */
export async function tablesInWarehouse(
  project: ProjectSpec,
  tables: readonly TableIdentifier[],
): Promise<ReadonlyMap<string, LoadedTable['metadata']>> {
  const found = new Map<string, LoadedTable['metadata']>();
  if (tables.length === 0 || !hasWarehouse(project)) return found;
  const workspace = await openWorkspace(project);
  try {
    for (const table of tables) {
      const loaded = await workspace.client.loadTable(table);
      if (loaded !== undefined) found.set(tableKey(table), loaded.metadata);
    }
    return found;
  } finally {
    await workspace.close();
  }
}
