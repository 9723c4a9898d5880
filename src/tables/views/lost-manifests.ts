/**
 * Finds manifests that cannot be read before DuckDB's Iceberg reader asks for them. A table as DuckDB is
 * about to read it -> an error instead. DuckDB 1.5.5 reads data manifests in parallel, and if one of them
 * fails it throws the error a second time while it cleans up after the statement: that ends the whole
 * process. A session keeps what it has read from a store, so nothing is requested twice; for a user's
 * statements, which may read files that change, everything is requested twice the first time.
 */
import { type Engine, togetherOrSingly } from '../../engine/index.ts';
import { isLocalFile } from '../../files/local.ts';
import { mainSnapshot } from '../../iceberg/history.ts';
import type { TableMetadata } from '../../iceberg/table-metadata.ts';
import { PsybergError } from '../../model/errors.ts';
import { isPatternInStore } from '../../model/plain-path.ts';
import { sourceUnreadable } from '../../model/source-unreadable.ts';
import { statement } from '../../statements/index.ts';
import { localManifests } from '../read/manifest-list.ts';

/** A table as it is shown to DuckDB. */
export interface ShownTable {
  readonly metadata: TableMetadata;
  /** The name of the table itself. */
  readonly name: string;
}

/** Runs `work` on a connection of its own, since the statement's connection is waiting for the answer. */
export type Aside = <T>(work: (connection: Engine) => Promise<T>) => Promise<T>;

/** With more than this, manifests are looked at again: their names alone take some MB. */
const KNOWN_MAX = 20_000;

/**
 * Makes the check of the tables that one DuckDB reads. It throws `source-unreadable`, or what is wrong with
 * the store.
 */
export function refuseLostManifests(): (shown: ShownTable, aside: Aside) => Promise<void> {
  /** Manifests in stores that were opened, and lists with only such manifests. */
  const opened = new Set<string>();
  return async (shown, aside) => {
    const list = mainSnapshot(shown.metadata)?.['manifest-list'];
    if (list === undefined || opened.has(list)) return;
    const paths = localManifests(list) ?? (await storedManifests(list, aside));
    const asked = paths.filter((path) => !isLocalFile(path) && !opened.has(path) && !isPatternInStore(path));
    if (asked.length === 0) return;
    await aside((connection) => openEach(connection, asked, shown));
    if (opened.size + asked.length > KNOWN_MAX) opened.clear();
    for (const path of asked) opened.add(path);
    // A file of this machine may be gone by the next statement, and looking costs nothing.
    if (!paths.some(isLocalFile)) opened.add(list);
  };
}

/** Empty if the list itself cannot be read: that error needs no help. */
async function storedManifests(list: string, aside: Aside): Promise<readonly string[]> {
  if (isPatternInStore(list)) return [];
  try {
    const rows = await aside((connection) =>
      connection.query(statement('tables/stored_manifests'), { stored: [list] }),
    );
    return rows.map(({ manifest_path }) => manifest_path);
  } catch (error) {
    if (error instanceof PsybergError && error.code === 'sql-failed') return [];
    throw error;
  }
}

async function openEach(connection: Engine, paths: readonly string[], shown: ShownTable): Promise<void> {
  const open = (stored: readonly string[]) => connection.query(statement('tables/open_stored'), { stored });
  try {
    await togetherOrSingly(paths, open);
  } catch (error) {
    throw await faultOf(open, paths, shown, error);
  }
}

/** Finds the one that failed, for the error. */
async function faultOf(
  open: (stored: readonly string[]) => Promise<unknown>,
  paths: readonly string[],
  { metadata, name }: ShownTable,
  together: unknown,
): Promise<unknown> {
  const unreadable = (file: string | undefined, cause: unknown): unknown =>
    cause instanceof PsybergError && cause.code !== 'sql-failed'
      ? cause
      : sourceUnreadable({
          table: name,
          isSource: false,
          snapshotId: String(metadata['current-snapshot-id']),
          file,
          what: 'manifest',
          cause,
        });
  for (const path of paths) {
    const cause = await open([path]).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    if (cause !== undefined) return unreadable(path, cause.error);
  }
  return unreadable(undefined, together);
}
