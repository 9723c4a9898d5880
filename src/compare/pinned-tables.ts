/**
 * Shows tables as of single snapshots, for plain SQL to read. Snapshots -> tables of a read-only view. Plays
 * no part in sessions: it shows all live files of a snapshot.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ViewTable } from '../catalog/index.ts';
import { emptyTable } from '../catalog/views/session-views.ts';
import type { Snapshot, TableMetadata } from '../iceberg/table-metadata.ts';
import type { TableIdentifier } from '../model/names.ts';
import { type SqlFragment, tableFragment } from '../statements/index.ts';
import { composeReadableView } from '../tables/views/readable-view.ts';
import type { Workspace } from '../workspace/open-workspace.ts';

export interface PinnedTable {
  /** Its name within the view. */
  readonly name: string;
  readonly table: TableIdentifier;
  readonly metadata: TableMetadata;
  /** Undefined: an empty table. */
  readonly snapshot: Snapshot | undefined;
  /** The column by whose bounds files may be skipped when a query filters by it. */
  readonly eventTime?: { readonly fieldId: number; readonly type: string; readonly unit: string } | undefined;
  /** The schema of the table whose columns are shown; default: its current one. */
  readonly schemaId?: number;
}

export interface PinnedTables {
  /** Folder for files of views; removed at the end. */
  readonly directory: string;
  show(tables: readonly PinnedTable[]): Promise<void>;
  /** Refers to a table that is shown. */
  named(name: string): SqlFragment;
}

const NAMESPACE = 'pinned';

/** Does `work` with a view of that name. */
export async function withPinnedTables<T>(
  { engine: opened, views, endpoint }: Pick<Workspace, 'engine' | 'views' | 'endpoint'>,
  name: string,
  work: (tables: PinnedTables) => Promise<T>,
): Promise<T> {
  const engine = await opened();
  const directory = mkdtempSync(join(tmpdir(), 'psyberg-compare-'));
  const shown: ViewTable[] = [];
  const view = `${name}@${process.pid}`;
  const show: PinnedTables['show'] = async (tables) => {
    for (const each of tables) shown.push(await viewOf(each));
    views.open({ name: view, tables: shown, readOnly: true });
  };
  const viewOf = async (pinned: PinnedTable): Promise<ViewTable> => {
    const { name: as, table, metadata, snapshot, schemaId, eventTime } = pinned;
    const identifier = { namespace: [NAMESPACE], name: as };
    const schema = schemaId === undefined ? {} : { schemaId };
    const common = { identifier, table, tableUuid: metadata['table-uuid'], ...schema };
    if (snapshot === undefined) return { ...common, show: emptyTable(view) };
    const from = { metadata, from: snapshot, table };
    const readable = await composeReadableView(engine, { ...from, eventTime, directory });
    return { ...common, show: { kind: 'files', ...(readable ?? { snapshot }) } };
  };
  try {
    views.open({ name: view, tables: shown, readOnly: true });
    let isAttached = false;
    return await work({
      directory,
      async show(tables) {
        await show(tables);
        if (isAttached) return;
        await engine.attach({ name: ATTACHED, warehouse: view, ...endpoint });
        isAttached = true;
      },
      named: (table) => tableFragment(ATTACHED, { namespace: [NAMESPACE], name: table }),
    });
  } finally {
    engine.resume();
    await engine.detach(ATTACHED).catch(() => undefined);
    views.close(view);
    rmSync(directory, { recursive: true, force: true });
  }
}

const ATTACHED = 'psyberg_pinned';
