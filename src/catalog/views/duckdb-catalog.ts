/**
 * Mends or refuses commits of DuckDB, which is known by its name in requests. Changes -> changes that every
 * reader can use, or an error. DuckDB 1.5.5 writes manifests that other clients read wrongly:
 * {@link DuckDbHelp} mends what can be put right without the rows, and the rest is refused before anybody
 * sees it.
 */
import { mainSnapshot } from '../../iceberg/history.ts';
import type { Snapshot, TableIdentifier, TableMetadata } from '../../iceberg/table-metadata.ts';
import { sharedVoids, withoutFields } from '../../iceberg/unread-fields.ts';
import { applyUpdates } from '../../iceberg/updates.ts';
import { usageError } from '../../model/errors.ts';
import { hasS3Keys } from '../../model/storage-settings.ts';
import { codeOf, formatIdentifier } from '../errors.ts';
import type { Catalog, CatalogTable, CommitTableRequest } from '../service/catalog.ts';
import { withVisibleHead } from './show-table.ts';

/**
 * Help that the program which starts the catalog provides for DuckDB: it needs statements, which this room
 * does not have.
 */
export interface DuckDbHelp {
  /** A snapshot to commit instead of the one that was written. `metadata`: the table with it. */
  mendSnapshot(written: { readonly metadata: TableMetadata; readonly snapshot: Snapshot }): Promise<Snapshot>;
  /** A table as DuckDB can read it. */
  readableTable(metadata: TableMetadata): Promise<TableMetadata>;
  /**
   * Called before DuckDB reads what is shown of a table, with that table's name; if it throws, DuckDB gets
   * the error instead of the table.
   */
  refuseLost?(shown: { readonly metadata: TableMetadata; readonly name: string }): Promise<void>;
}

/** True for the requests of DuckDB's Iceberg extension. */
export const isDuckDb = (userAgent: string | undefined): boolean => userAgent?.startsWith('duckdb/') === true;

/** A catalog as DuckDB gets it. `onlyReads`: whether a table is only read here, and takes no commit. */
export const duckDbCatalog = (
  catalog: Catalog,
  help: DuckDbHelp | undefined,
  onlyReads: (id: TableIdentifier) => boolean,
): Catalog => ({
  ...catalog,
  async loadTable(id) {
    const table = withWholeKeys(await catalog.loadTable(id));
    const apart = withVoidsApart(withVisibleHead(table.metadata, Date.now()));
    const visible = onlyReads(id) ? inVersionOfHead(apart) : apart;
    const metadata = (await help?.readableTable(visible)) ?? visible;
    if (metadata === table.metadata) return table;
    const { text: _ofTheTableItself, ...rest } = table;
    return { ...rest, metadata };
  },
  commitTables: async (changes) =>
    catalog.commitTables(await Promise.all(changes.map((change) => readable(catalog, change, help)))),
});

/**
 * Shows a table in the version in which its head was committed, if it was upgraded since: the head's manifest
 * list has no sequence numbers, and DuckDB 1.5.5 needs them in any version but the first. Only to read: to a
 * table of the first version DuckDB would write numbers that the table has already used.
 */
function inVersionOfHead(metadata: TableMetadata): TableMetadata {
  const head = mainSnapshot(metadata);
  const isOfHead = metadata['format-version'] === 1 || (head?.['sequence-number'] ?? 0n) > 0n;
  return head === undefined || isOfHead ? metadata : { ...metadata, 'format-version': 1 };
}

const withVoidsApart = (metadata: TableMetadata): TableMetadata => {
  const partitionFields = sharedVoids(metadata);
  return partitionFields.length === 0 ? metadata : withoutFields(metadata, { partitionFields, columns: [] });
};

/**
 * DuckDB makes a secret of a table's S3 settings, even without keys, and this secret hides the user's own. So
 * it does not get settings without keys.
 */
function withWholeKeys(table: CatalogTable): CatalogTable {
  const { config, storageCredentials } = table;
  const usable = storageCredentials?.filter((credential) => isUsable(credential.config));
  if ((config === undefined || isUsable(config)) && usable?.length === storageCredentials?.length)
    return table;
  const { storageCredentials: _all, ...rest } = table;
  return {
    ...rest,
    config: config === undefined || isUsable(config) ? config : withoutS3(config),
    ...(usable === undefined || usable.length === 0 ? {} : { storageCredentials: usable }),
  };
}

const isUsable = (config: Readonly<Record<string, string>>): boolean =>
  hasS3Keys(config) || Object.keys(config).every((key) => !isOfS3(key));
const isOfS3 = (key: string): boolean => /^(?:s3|client)\./.test(key);
const withoutS3 = (config: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(config).filter(([key]) => !isOfS3(key)));

async function readable(
  catalog: Catalog,
  change: CommitTableRequest,
  help: DuckDbHelp | undefined,
): Promise<CommitTableRequest> {
  if (!change.updates.some((update) => update.action === 'add-snapshot')) return change;
  const before = await catalog.loadTable(change.identifier).catch((error: unknown) => {
    // This commit creates the table.
    if (codeOf(error) === 'no-such-table') return undefined;
    throw error;
  });
  const metadata = committed(before?.metadata, change);
  // The catalog reports what is wrong with such a commit.
  if (metadata === undefined) return change;
  const table = formatIdentifier(change.identifier);
  refuseVersion1(table, metadata, change);
  refuseBuckets(table, metadata);
  if (help === undefined) return change;
  const updates = [];
  for (const update of change.updates)
    updates.push(
      update.action === 'add-snapshot'
        ? { ...update, snapshot: await help.mendSnapshot({ metadata, snapshot: update.snapshot }) }
        : update,
    );
  return { ...change, updates };
}

function committed(before: TableMetadata | undefined, change: CommitTableRequest): TableMetadata | undefined {
  try {
    return applyUpdates(before, change.updates, Date.now());
  } catch {
    return undefined;
  }
}

/** DuckDB's list says that the manifests that were there before hold no files: Java's readers lose them. */
function refuseVersion1(table: string, metadata: TableMetadata, { updates }: CommitTableRequest): void {
  const carries = updates.some(
    (update) =>
      update.action === 'add-snapshot' &&
      update.snapshot['parent-snapshot-id'] !== undefined &&
      update.snapshot['parent-snapshot-id'] !== null,
  );
  if (metadata['format-version'] > 1 || !carries) return;
  throw usageError(
    'invalid-table-update',
    `${table} is of Iceberg format version 1, to which DuckDB adds files in a way that hides earlier ones from other readers: upgrade it first, by alter table ${table} set ('format-version' = '2')`,
  );
}

/** A file that spans several buckets cannot be mended without its rows. */
function refuseBuckets(table: string, metadata: TableMetadata): void {
  const spec = metadata['partition-specs'].find((each) => each['spec-id'] === metadata['default-spec-id']);
  const schema = metadata.schemas.find((each) => each['schema-id'] === metadata['current-schema-id']);
  for (const { transform, 'source-id': source } of spec?.fields ?? []) {
    const column = schema?.fields.find((field) => field.id === source);
    if (!transform.startsWith('bucket') || !/^(uuid|timestamp(tz)?_ns)$/.test(String(column?.type))) continue;
    throw usageError(
      'invalid-table-update',
      `${table} is partitioned by ${transform} of ${column?.name} (${String(column?.type)}), whose buckets DuckDB computes wrongly: fill it by a process of psyberg, or by another client`,
    );
  }
}
