/** Loads the tables that a project is concerned with. Catalog -> tables with metadata. Reads only. */

import type { TableMetadata } from '../iceberg/table-metadata.ts';
import { tablesAmong } from '../model/files-source.ts';
import { type TableIdentifier, tableKey } from '../model/names.ts';
import type { MaintainPorts } from './context.ts';
import { allTables } from './maintain-tables.ts';

export interface ReadTable {
  readonly id: TableIdentifier;
  readonly metadata: TableMetadata;
}

/**
 * Loads every table of the embedded catalog, by name. From a foreign one, which may hold thousands that do
 * not matter here, only the sources and targets of the project.
 */
export async function readTables(ports: Pick<MaintainPorts, 'catalog' | 'project'>): Promise<ReadTable[]> {
  const { catalog, project } = ports;
  const own = new Map(
    project.processes
      .flatMap((spec) => [spec.target.table, ...tablesAmong(spec.sources).map((source) => source.table)])
      .map((table) => [tableKey(table), table]),
  );
  const ids = project.catalog.kind === 'rest' ? [...own.values()] : await allTables(ports);
  const tables: ReadTable[] = [];
  for (const id of ids) {
    const loaded = await catalog.loadTable(id);
    if (loaded !== undefined) tables.push({ id, metadata: loaded.metadata });
  }
  return tables;
}
