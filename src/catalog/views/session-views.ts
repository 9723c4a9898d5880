/**
 * What sessions show: prefixes under which tables appear differently. The definitions, and the registry of
 * one process.
 */
import { MAIN_BRANCH } from '../../iceberg/metadata-draft.ts';
import type { Snapshot, SnapshotId, TableIdentifier, TableMetadata } from '../../iceberg/table-metadata.ts';
import type { UnreadFields } from '../../iceberg/unread-fields.ts';
import { usageError } from '../../model/errors.ts';

/** How a table appears in a view. */
export type ViewShow =
  /**
   * The head of `branch` appears as the current snapshot and as `main`; while the branch does not exist,
   * `base` does, or no snapshot when `base` is absent. Commits go to the branch. `folder`: what is written
   * through the view goes into folders of that name below the table's `data` and `metadata`, so that what a
   * killed writer leaves is known by its place.
   */
  | {
      readonly kind: 'branch';
      readonly branch: string;
      readonly base?: SnapshotId | undefined;
      readonly folder?: string;
    }
  /**
   * The table without rows, and with what is committed through this view: held here alone, in no snapshot of
   * the table. `folder`: as above. `fewPartitions`: a writer may hold a file of each partition open.
   */
  | {
      readonly kind: 'collected';
      readonly folder: string;
      readonly into: Collected;
      readonly fewPartitions?: boolean;
    }
  /** One snapshot, read-only. */
  | { readonly kind: 'snapshot'; readonly snapshotId: SnapshotId }
  /**
   * A snapshot that the table itself does not know, with its own manifest list; read-only. `without`: fields
   * by which its reader is not to skip files. `showsFiles`: with every row's file and number
   * (`iceberg/file-columns.ts`).
   */
  | {
      readonly kind: 'files';
      readonly snapshot: Snapshot;
      readonly without?: UnreadFields;
      readonly showsFiles?: boolean;
    };

/** What an engine has committed to a table that is collected for. */
export interface Collected {
  /** As the view shows it; undefined before the first commit. */
  metadata: TableMetadata | undefined;
}

export interface ViewTable {
  /** The name seen inside the view. */
  readonly identifier: TableIdentifier;
  /** The real table. */
  readonly table: TableIdentifier;
  /** Which table of that name: one that took its place later is not shown. Default: whichever is there. */
  readonly tableUuid?: string | undefined;
  readonly show: ViewShow;
  /** A schema of the table that is shown as its current one; default: its own. */
  readonly schemaId?: number;
}
export interface SessionTables {
  /** `ATTACH '<name>'`, and the prefix in the path. */
  readonly name: string;
  readonly tables: readonly ViewTable[];
  /** True: no commit is taken through it, not even one to a branch. */
  readonly readOnly?: boolean;
  /**
   * True: as long as it is shown, the branch of its name is held in memory by the embedded catalog, and no
   * other process sees it.
   */
  readonly holdsBranch?: boolean;
  /**
   * Tables beside which lists of what is shown lie: with what is handed out for the files of a table that has
   * one of them goes what is handed out for theirs. Default: none.
   */
  readonly listsBeside?: readonly TableIdentifier[];
}
/**
 * What a table shows under the prefix of a branch: `main` where it has neither branch nor tag of the name.
 */
export type ShownAs = 'branch' | 'tag' | 'main';
/** The tables of the catalog as `branch@NAME` shows them, under a name of its own. */
export interface WatchedBranch {
  readonly name: string;
  readonly branch: string;
  /** Called with each table that is loaded. */
  readonly onLoad: (table: TableIdentifier, shown: ShownAs) => void;
}
/**
 * Called with each table that DuckDB asks for other than through a session's view, as DuckDB gets it; what it
 * throws DuckDB gets in the table's place. `unread`: no row of it is asked for.
 */
export type LoadWatcher = (table: TableIdentifier, metadata: TableMetadata) => Promise<'unread' | undefined>;
/** What the engine holds: views come and go with sessions. */
export interface SessionViews {
  /** Opens a view, or replaces the one of the same name. */
  open(view: SessionTables): void;
  openBranch(view: WatchedBranch): void;
  /** Watches what is loaded until the function that it returns is called. */
  watchLoads(watcher: LoadWatcher): () => void;
  close(name: string): void;
}
/** What the server holds. */
export interface ViewRegistry extends SessionViews {
  find(name: string): SessionTables | undefined;
  /** True for the branch of a session that is shown with {@link SessionTables.holdsBranch}. */
  holdsBranch(name: string): boolean;
  findBranch(name: string): WatchedBranch | undefined;
  /** Calls the watchers of loads; `unread` where one of them says so. */
  noteLoad(table: TableIdentifier, metadata: TableMetadata): Promise<'unread' | undefined>;
}

/** Characters that no client encodes in a path, so that every client finds the view under the same prefix. */
const VIEW_NAME = /^[A-Za-z0-9][A-Za-z0-9._~@-]{0,199}$/;

/** Words of the protocol: as a prefix they would be taken for what follows one. */
const RESERVED = new Set(['config', 'namespaces', 'tables', 'views', 'transactions', 'oauth']);

/** @param taken prefixes that views must not hide. */
export function viewRegistry(taken: (name: string) => boolean): ViewRegistry {
  const views = new Map<string, SessionTables>();
  const branches = new Map<string, WatchedBranch>();
  const watchers = new Set<LoadWatcher>();
  const checkName = (name: string): void => {
    if (!VIEW_NAME.test(name) || RESERVED.has(name) || taken(name)) throw unusableName(name);
  };
  return {
    open(view) {
      checkName(view.name);
      refuseMain(view);
      views.set(view.name, view);
    },
    openBranch(view) {
      checkName(view.name);
      branches.set(view.name, view);
    },
    watchLoads(watcher) {
      watchers.add(watcher);
      return () => void watchers.delete(watcher);
    },
    async noteLoad(table, metadata) {
      let use: 'unread' | undefined;
      for (const watcher of watchers) use = (await watcher(table, metadata)) ?? use;
      return use;
    },
    close(name) {
      views.delete(name);
      branches.delete(name);
    },
    find: (name) => views.get(name),
    holdsBranch: (name) => views.get(name)?.holdsBranch === true,
    findBranch: (name) => branches.get(name),
  };
}

const unusableName = (name: string): Error =>
  usageError('invalid-view-name', `View name is not usable: ${JSON.stringify(name)}`, {
    hint: 'use letters, digits, ".", "_", "~", "-" and "@", and neither the catalog\'s own name nor the prefix "branch@"',
  });

function refuseMain({ name, tables }: SessionTables): void {
  for (const { identifier, show } of tables)
    if (show.kind === 'branch' && show.branch === MAIN_BRANCH)
      throw usageError(
        'invalid-view-branch',
        `View ${name} would write to ${MAIN_BRANCH} of ${identifier.name}`,
        { hint: 'give the view a branch of its own' },
      );
}
