/**
 * Defines what sessions show: prefixes under which tables appear differently. Also the registry of these in
 * one process.
 */
import { MAIN_BRANCH } from '../../iceberg/metadata-draft.ts';
import type { Snapshot, SnapshotId, TableIdentifier, TableMetadata } from '../../iceberg/table-metadata.ts';
import type { UnreadFields } from '../../iceberg/unread-fields.ts';
import { usageError } from '../../model/errors.ts';

/** How a table appears in a view. */
export type ViewShow =
  /**
   * The head of `branch` appears as the current snapshot and as `main`; while the branch does not exist
   * `base` does, or no snapshot if `base` is absent. Commits go to the branch. `folder`: what is written
   * through the view goes into folders of that name below the table's `data` and `metadata`, so that
   * leftovers of a killed writer can be recognised by their place.
   */
  | {
      readonly kind: 'branch';
      readonly branch: string;
      readonly base?: SnapshotId | undefined;
      readonly folder?: string;
    }
  /**
   * The table without rows, and with what is committed through this view, which is held only here and in no
   * snapshot of the table. `folder`: as above. `fewPartitions`: a writer may keep a file of each partition
   * open.
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
   * by which its reader must not skip files. `showsFiles`: with every row's file and number
   * (`iceberg/file-columns.ts`).
   */
  | {
      readonly kind: 'files';
      readonly snapshot: Snapshot;
      readonly without?: UnreadFields;
      readonly showsFiles?: boolean;
    };

/** Shows a table as an empty one: on a branch that nobody has made, and that begins without a base. */
export const emptyTable = (view: string): ViewShow => ({ kind: 'branch', branch: `${view}_empty` });

/** What an engine has committed to a table whose commits are collected. */
export interface Collected {
  /** The table as the view shows it; undefined before the first commit. */
  metadata: TableMetadata | undefined;
}

export interface ViewTable {
  /** The name seen inside the view. */
  readonly identifier: TableIdentifier;
  /** The real table. */
  readonly table: TableIdentifier;
  /** Which table of that name: a later one that took its place is not shown. Default: whichever exists. */
  readonly tableUuid?: string | undefined;
  readonly show: ViewShow;
  /** A schema of the table to show as its current one; default: its own. */
  readonly schemaId?: number;
}
export interface SessionTables {
  /** `ATTACH '<name>'`, and the prefix in the path. */
  readonly name: string;
  readonly tables: readonly ViewTable[];
  /** True: no commit is accepted through it, not even to a branch. */
  readonly readOnly?: boolean;
  /**
   * True: as long as this is shown, the embedded catalog holds the branch of its name in memory, and no other
   * process sees it.
   */
  readonly holdsBranch?: boolean;
  /**
   * Tables beside which manifest lists of what is shown lie: if a table's list lies there, what is handed out
   * for its files includes what is handed out for those tables. Default: none.
   */
  readonly listsBeside?: readonly TableIdentifier[];
}
/**
 * What a table shows under the prefix of a branch: `main` if it has neither a branch nor a tag of the name.
 */
export type ShownAs = 'branch' | 'tag' | 'main';
/** The tables of the catalog as `branch@NAME` shows them, under a name of their own. */
export interface WatchedBranch {
  readonly name: string;
  readonly branch: string;
  /** Called for each table that is loaded. */
  readonly onLoad: (table: TableIdentifier, shown: ShownAs) => void;
}
/**
 * Called for each table that DuckDB loads other than through a session's view, with the table as DuckDB gets
 * it; if it throws, DuckDB gets the error instead of the table. `unread`: none of its rows will be read.
 */
export type LoadWatcher = (table: TableIdentifier, metadata: TableMetadata) => Promise<'unread' | undefined>;
/** What the engine uses: views come and go with sessions. */
export interface SessionViews {
  /** Opens a view, or replaces the one of the same name. */
  open(view: SessionTables): void;
  openBranch(view: WatchedBranch): void;
  /** Watches loads until the returned function is called. */
  watchLoads(watcher: LoadWatcher): () => void;
  close(name: string): void;
}
/** What the server uses. */
export interface ViewRegistry extends SessionViews {
  find(name: string): SessionTables | undefined;
  /** True for the branch of a session shown with {@link SessionTables.holdsBranch}. */
  holdsBranch(name: string): boolean;
  findBranch(name: string): WatchedBranch | undefined;
  /** Calls the watchers of loads; `unread` if one of them says so. */
  noteLoad(table: TableIdentifier, metadata: TableMetadata): Promise<'unread' | undefined>;
}

/** Characters that no client encodes in a path, so that every client finds the view under the same prefix. */
const VIEW_NAME = /^[A-Za-z0-9][A-Za-z0-9._~@-]{0,199}$/;

/** Words of the protocol: a prefix of this name would be mistaken for what follows a prefix. */
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
