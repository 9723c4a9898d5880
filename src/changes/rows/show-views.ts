/**
 * Shows synthetic snapshots of one table to DuckDB while a session is opened. Snapshots -> whatever `work`
 * reads from them. Their manifests are temporary files outside the warehouse: planning writes nothing into
 * it.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ViewTable } from '../../catalog/index.ts';
import type { Snapshot } from '../../iceberg/table-metadata.ts';
import { tableName } from '../../model/names.ts';
import { type SqlFragment, tableFragment } from '../../statements/index.ts';
import { comparesPartitions } from '../../tables/deletes/equality-keys.ts';
import { refuseDroppedColumns } from '../../tables/views/dropped-columns.ts';
import { composeReadableView, type ReadableView } from '../../tables/views/readable-view.ts';
import type { Source } from '../source.ts';

/** A folder for manifests of views; removed when `work` ends. */
export async function inTemporaryFolder<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'psyberg-views-'));
  try {
    return await work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/**
 * Runs `work` with each snapshot as a table of the same schema; it gets the tables as fragments, by the names
 * given. `showsFiles`: with every row's file and number, and columns that would hide them under other names
 * (`besideFiles`). Throws `partition-column-dropped`, and `equality-deletes-unreadable` of partitions.
 */
export const withViews = <Name extends string, T>(
  source: Source,
  snapshots: Readonly<Record<Name, Snapshot>>,
  work: (tables: Readonly<Record<Name, SqlFragment>>) => Promise<T>,
  { showsFiles }: { readonly showsFiles: boolean } = { showsFiles: false },
): Promise<T> =>
  inTemporaryFolder(async (directory) => {
    const { engine, views, endpoint, metadata, spec } = source;
    const { table } = spec;
    const name = `psyberg_view_${randomUUID().replaceAll('-', '')}`;
    const names = Object.keys(snapshots) as Name[];
    const tables: ViewTable[] = [];
    for (const each of names) {
      await refuseDroppedColumns(engine, { metadata, snapshot: snapshots[each], table: tableName(table) });
      const shown = await comparable(source, snapshots[each], directory);
      const identifier = { namespace: ['views'], name: each };
      tables.push({ identifier, table, show: { kind: 'files', ...shown, showsFiles } });
    }
    views.open({ name, tables });
    try {
      await engine.attach({ name, warehouse: name, ...endpoint });
      try {
        return await work(
          Object.fromEntries(
            names.map((each) => [each, tableFragment(name, { namespace: ['views'], name: each })]),
          ) as Record<Name, SqlFragment>,
        );
      } finally {
        await engine.detach(name);
      }
    } finally {
      views.close(name);
    }
  });

/**
 * A snapshot whose partitions DuckDB cannot compare is shown as a session shows it, without the fields that
 * mislead DuckDB: it may be able to without them. Any other is shown as it is, which costs less.
 */
async function comparable(source: Source, snapshot: Snapshot, directory: string): Promise<ReadableView> {
  if (await comparesPartitions(source, snapshot)) return { snapshot };
  const readable = await composeReadableView(source.engine, {
    metadata: source.metadata,
    from: snapshot,
    table: source.spec.table,
    eventTime: undefined,
    directory,
  });
  return readable ?? { snapshot };
}
