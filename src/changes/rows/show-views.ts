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
import { type TableIdentifier, tableName } from '../../model/names.ts';
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
export async function withViews<Name extends string, T>(
  source: Source,
  snapshots: Readonly<Record<Name, Snapshot>>,
  work: (tables: Readonly<Record<Name, SqlFragment>>) => Promise<T>,
  { showsFiles }: { readonly showsFiles: boolean } = { showsFiles: false },
): Promise<T> {
  const { engine, metadata, spec } = source;
  const names = Object.keys(snapshots) as Name[];
  const incomparable = new Set<Name>();
  for (const each of names) {
    await refuseDroppedColumns(engine, { metadata, snapshot: snapshots[each], table: tableName(spec.table) });
    if (!(await comparesPartitions(source, snapshots[each]))) incomparable.add(each);
  }
  const show = async (viewOf: (name: Name) => Promise<ReadableView>): Promise<T> => {
    const tables: ViewTable[] = [];
    for (const each of names)
      tables.push({
        identifier: viewNamed(each),
        table: spec.table,
        show: { kind: 'files', ...(await viewOf(each)), showsFiles },
      });
    return attached(source, tables, work);
  };
  const asIs = (name: Name): ReadableView => ({ snapshot: snapshots[name] });
  if (incomparable.size === 0) return show(async (name) => asIs(name));
  return inTemporaryFolder((directory) =>
    show(async (name) =>
      incomparable.has(name) ? readable(source, snapshots[name], directory) : asIs(name),
    ),
  );
}

const viewNamed = (name: string): TableIdentifier => ({ namespace: ['views'], name });

async function attached<Name extends string, T>(
  { engine, views, endpoint }: Source,
  tables: readonly ViewTable[],
  work: (tables: Readonly<Record<Name, SqlFragment>>) => Promise<T>,
): Promise<T> {
  const name = `psyberg_view_${randomUUID().replaceAll('-', '')}`;
  views.open({ name, tables });
  try {
    await engine.attach({ name, warehouse: name, ...endpoint });
    try {
      const fragments = tables.map(({ identifier }) => [identifier.name, tableFragment(name, identifier)]);
      return await work(Object.fromEntries(fragments) as Record<Name, SqlFragment>);
    } finally {
      await engine.detach(name);
    }
  } finally {
    views.close(name);
  }
}

/**
 * A snapshot whose partitions DuckDB cannot compare, as a session shows it: without the fields that mislead
 * DuckDB it may be able to.
 */
async function readable(source: Source, snapshot: Snapshot, directory: string): Promise<ReadableView> {
  const view = await composeReadableView(source.engine, {
    metadata: source.metadata,
    from: snapshot,
    table: source.spec.table,
    eventTime: undefined,
    directory,
  });
  return view ?? { snapshot };
}
