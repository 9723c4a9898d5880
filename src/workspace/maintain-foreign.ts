/**
 * Deletes files of dead sessions from tables of a foreign catalog, which maintains everything else itself.
 * Workspace -> MaintainReport. A file goes only if its name is that of a session which published nothing.
 */

import type { MaintainRequest } from '../maintain/index.ts';
import { checkLimits, graceMs } from '../maintain/limits.ts';
import { usageError } from '../model/errors.ts';
import { DAY_MS } from '../model/hour.ts';
import {
  type FreedFiles,
  type MaintainRecord,
  type MaintainReport,
  NO_FILES,
  NOTHING_FREED,
} from '../model/maintain-record.ts';
import { parseTableName, sameTable, type TableIdentifier, tableName } from '../model/names.ts';
import { shownError } from '../model/storage-faults.ts';
import type { LostFiles } from '../run/leftovers/sweep-lost.ts';
import type { Workspace } from './open-workspace.ts';

/** Throws `maintain-foreign-catalog`, `table-missing`, and what is wrong with the options. */
export async function removeLostFiles(
  workspace: Workspace,
  names: readonly string[] = [],
  request: MaintainRequest = {},
): Promise<MaintainReport> {
  checkLimits(request);
  const { client, project } = workspace;
  if (await client.keepsOneSnapshot())
    throw usageError(
      'maintain-foreign-catalog',
      'this catalog shows one snapshot of a table: what its other branches and tags hold psyberg cannot tell',
      { hint: "use that catalog's own garbage collection" },
    );
  const tables = chosen(ownTables(project), names);
  const { publishedNames, sweepLost } = await import('../run/leftovers/sweep-lost.ts');
  const ports = await workspace.ports();
  const dryRun = request.dryRun ?? false;
  // A session on another machine publishes within a day, or not at all.
  const beforeMs =
    workspace.now() - (request.force === true ? graceMs(request) : Math.max(DAY_MS, graceMs(request)));
  const published = await publishedNames(ports);
  const records: MaintainRecord[] = [];
  for (const table of tables) {
    const startedMs = performance.now();
    const record = await sweepLost(ports, table, { published, beforeMs, dryRun }).then(
      (lost) => recordOf(table, lost, dryRun),
      (error: unknown): MaintainRecord => ({
        ...recordOf(table, { files: [] }, dryRun),
        status: 'failed',
        error: shownError(error).toJSON(),
      }),
    );
    const seconds = Math.round(performance.now() - startedMs) / 1000;
    records.push({ ...record, seconds });
    request.onRecord?.({ ...record, seconds });
  }
  return { tables: records, dropped_tables: [] };
}

function ownTables({ processes, tables }: Workspace['project']): TableIdentifier[] {
  const found: TableIdentifier[] = [];
  for (const table of [...processes.map(({ target }) => target.table), ...Object.values(tables)])
    if (!found.some((each) => sameTable(each, table))) found.push(table);
  return found;
}

function chosen(tables: readonly TableIdentifier[], names: readonly string[]): readonly TableIdentifier[] {
  if (names.length === 0) return tables;
  return names.map((name) => {
    const wanted = parseTableName(name);
    const found = tables.find((table) => sameTable(table, wanted));
    if (found !== undefined) return found;
    throw usageError('table-missing', `no process of this project writes to ${name}`, {
      hint: `of a foreign catalog these are looked at: ${tables.map(tableName).join(', ')}`,
      context: { table: name },
    });
  });
}

function recordOf(table: TableIdentifier, { files, why }: LostFiles, dryRun: boolean): MaintainRecord {
  const counts: Record<keyof typeof NO_FILES, number> = { ...NO_FILES };
  for (const { path } of files) counts[kindOf(path)] += 1;
  const orphans: FreedFiles = { ...counts, bytes: String(files.reduce((sum, { bytes }) => sum + bytes, 0)) };
  return {
    table: tableName(table),
    status: files.length > 0 ? 'done' : why === undefined ? 'nothing-to-do' : 'skipped',
    dry_run: dryRun,
    compacted: null,
    manifests: null,
    expired: null,
    freed: NOTHING_FREED,
    reported: { metadata_files: 0, unknown_files: 0, bytes: '0' },
    orphans,
    notes: why === undefined ? [] : [why],
    seconds: 0,
    error: null,
  };
}

function kindOf(path: string): keyof typeof NO_FILES {
  if (path.endsWith('.parquet')) return 'data_files';
  if (path.endsWith('.puffin')) return 'delete_files';
  if (!path.endsWith('.avro')) return 'other_files';
  return path.includes('-snap-') ? 'manifest_lists' : 'manifests';
}
