/**
 * Notes the folders of their own into which views write tables. Views -> the same views, which report each
 * folder. DuckDB's Iceberg extension makes a secret for such a folder when a statement names the table, and a
 * secret for a folder takes precedence over one for the table that contains it (DuckDB 1.5.5, 2026-11-30).
 * Rows would then be written with what the catalog said at that time, without what psyberg.yaml adds, and
 * with keys that nobody renews.
 */
import type { SessionTables, SessionViews } from '../catalog/index.ts';
import type { TableIdentifier } from '../model/names.ts';

export interface WrittenFolder {
  readonly table: TableIdentifier;
  /** Its name, below the folder of the table's data files. */
  readonly folder: string;
}

/** `tell`: called with all that are written into, whenever these are others. */
export function tellingFolders(
  views: SessionViews,
  tell: (folders: readonly WrittenFolder[]) => void,
): SessionViews {
  const byView = new Map<string, readonly WrittenFolder[]>();
  return {
    ...views,
    open(view) {
      views.open(view);
      const folders = foldersOf(view);
      if (folders.length === 0 || isSame(byView.get(view.name), folders)) return;
      byView.set(view.name, folders);
      tell([...byView.values()].flat());
    },
    close(name) {
      views.close(name);
      if (byView.delete(name)) tell([...byView.values()].flat());
    },
  };
}

/** The folders as they are known, and whom to tell before the next statement that there are others. */
export function writtenFolders(): {
  readonly all: () => readonly WrittenFolder[];
  readonly learn: (folders: readonly WrittenFolder[]) => void;
  readonly whenNew: (tell: () => Promise<void>) => void;
  readonly tellIfNew: () => Promise<void> | undefined;
} {
  let all: readonly WrittenFolder[] = [];
  let hasNew = false;
  let tell: (() => Promise<void>) | undefined;
  return {
    all: () => all,
    learn(folders) {
      all = folders;
      hasNew = folders.length > 0;
    },
    whenNew(told) {
      tell = told;
    },
    tellIfNew() {
      if (!hasNew) return undefined;
      hasNew = false;
      return tell?.();
    },
  };
}

const foldersOf = ({ tables }: SessionTables): WrittenFolder[] =>
  tables.flatMap(({ table, show }) =>
    show.kind === 'branch' && show.folder !== undefined ? [{ table, folder: show.folder }] : [],
  );

const isSame = (some: readonly WrittenFolder[] | undefined, others: readonly WrittenFolder[]): boolean =>
  JSON.stringify(some) === JSON.stringify(others);
