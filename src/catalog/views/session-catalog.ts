/** Serves the tables of one session as a catalog, over anything that can load and commit. */
import { checkRequirements } from '../../iceberg/requirements.ts';
import type { TableIdentifier, TableMetadata } from '../../iceberg/table-metadata.ts';
import { applyUpdates } from '../../iceberg/updates.ts';
import { PsybergError } from '../../model/errors.ts';
import { withoutSlash } from '../../model/without-slash.ts';
import { codeOf, forbidden, formatIdentifier, noSuchNamespace, noSuchTable } from '../errors.ts';
import { localPath } from '../files/locations.ts';
import type { Catalog, CatalogTable, CommitTableRequest, TableCatalog } from '../service/catalog.ts';
import { credentialsOf } from '../service/credentials.ts';
import { fixedShapeCatalog } from './fixed-shape-catalog.ts';
import { redirectCommit } from './redirect-commit.ts';
import type { SessionTables, ViewTable } from './session-views.ts';
import { showTable } from './show-table.ts';

/** A session's tables, and the catalog that holds the real ones. */
interface Shown {
  readonly session: SessionTables;
  readonly backend: Pick<TableCatalog, 'commitsTogether' | 'loadTable' | 'commitTables'>;
}

/** Serves a session's tables. Only `loadTable` and `commitTables` of the backend are used. */
export const sessionCatalog = (session: SessionTables, backend: Shown['backend']): Catalog =>
  fixedShapeCatalog({
    commitsTogether: backend.commitsTogether,
    async listNamespaces(parent) {
      if (parent.length > 0) requireNamespace(session, parent);
      return childrenOf(session, parent);
    },
    async namespaceProperties(namespace) {
      requireNamespace(session, namespace);
      return {};
    },
    async listTables(namespace) {
      requireNamespace(session, namespace);
      return session.tables
        .map((entry) => entry.identifier)
        .filter((id) => id.namespace.length === namespace.length && isPrefixOf(namespace, id.namespace));
    },
    async loadTable(id) {
      const entry = findEntry(session, id);
      const table = show(entry, await loadEntry({ session, backend }, entry));
      return withListsReachable({ session, backend }, entry, table);
    },
    commitTables: (changes) => commitTables({ session, backend }, changes),
  });

/** Compares with case, and level by level: clients may ask for any name. */
const isSame = (one: TableIdentifier, other: TableIdentifier): boolean =>
  one.name === other.name &&
  one.namespace.length === other.namespace.length &&
  isPrefixOf(one.namespace, other.namespace);

const isPrefixOf = (prefix: readonly string[], namespace: readonly string[]): boolean =>
  prefix.every((level, depth) => level === namespace[depth]);

function requireNamespace({ tables }: SessionTables, namespace: readonly string[]): void {
  if (!tables.some((entry) => isPrefixOf(namespace, entry.identifier.namespace)))
    throw noSuchNamespace(namespace);
}

function childrenOf({ tables }: SessionTables, parent: readonly string[]): string[][] {
  const below = tables
    .map((entry) => entry.identifier.namespace)
    .filter((namespace) => namespace.length > parent.length && isPrefixOf(parent, namespace));
  const children = new Set(below.map((namespace) => namespace[parent.length] as string));
  return [...children].sort().map((child) => [...parent, child]);
}

/** The real table behind a name of a session. */
export const tableBehind = (session: SessionTables, id: TableIdentifier): TableIdentifier =>
  findEntry(session, id).table;

/** Whether the session only reads what it shows under this name. */
export const isToRead = (session: SessionTables, id: TableIdentifier): boolean =>
  ['snapshot', 'files'].includes(findEntry(session, id).show.kind);

function findEntry({ tables }: SessionTables, id: TableIdentifier): ViewTable {
  const entry = tables.find((candidate) => isSame(candidate.identifier, id));
  if (entry === undefined) throw noSuchTable(id);
  return entry;
}

/** The real table behind an entry. */
async function loadEntry({ session, backend }: Shown, entry: ViewTable): Promise<CatalogTable> {
  const table = await backend.loadTable(entry.table);
  if (entry.tableUuid === undefined || table.metadata['table-uuid'] === entry.tableUuid) return table;
  const name = formatIdentifier(entry.table);
  throw new PsybergError(
    'no-such-table',
    `Table ${name} was dropped and created again: view ${session.name} shows the one before`,
  );
}

/** The table as its entry shows it, without the text of its metadata file, which is that of the real one. */
const show = (entry: ViewTable, { text: _ofTheTableItself, ...table }: CatalogTable): CatalogTable => ({
  ...table,
  metadata: showTable(underSchema(table.metadata, entry), entry.show, Date.now()),
});

/**
 * What is handed out for the files of a table is valid only for these; its manifest lists may lie beside
 * another table.
 */
async function withListsReachable(
  { session: { listsBeside = [] }, backend }: Shown,
  { show: shown }: ViewTable,
  table: CatalogTable,
): Promise<CatalogTable> {
  if (shown.kind !== 'files') return table;
  const list = shown.snapshot['manifest-list'];
  // A file of this machine can be opened without credentials, so no other table is loaded for it.
  if (localPath(list) !== undefined) return table;
  const isBelow = ({ location }: TableMetadata): boolean => list.startsWith(`${withoutSlash(location)}/`);
  if (isBelow(table.metadata)) return table;
  for (const id of listsBeside) {
    const beside = await backend.loadTable(id).catch((error: unknown) => {
      if (codeOf(error) === 'no-such-table') return undefined;
      throw error;
    });
    if (beside === undefined || !isBelow(beside.metadata)) continue;
    const more = credentialsOf(beside) ?? [];
    if (more.length === 0) return table;
    return { ...table, storageCredentials: [...(credentialsOf(table) ?? []), ...more] };
  }
  return table;
}

const underSchema = (metadata: TableMetadata, { schemaId }: ViewTable): TableMetadata =>
  schemaId === undefined ? metadata : { ...metadata, 'current-schema-id': schemaId };

async function commitTables(shown: Shown, changes: readonly CommitTableRequest[]): Promise<CatalogTable[]> {
  const entries = changes.map((change) => findEntry(shown.session, change.identifier));
  const [first] = changes;
  const [entry] = entries;
  if (first !== undefined && entry?.show.kind === 'collected' && changes.length === 1)
    return [await collect(shown, first, entry)];
  const redirected = await Promise.all(
    changes.map((change, position) => redirect(shown, change, entries[position] as ViewTable)),
  );
  const committed = await shown.backend.commitTables(redirected);
  return committed.map((table, position) => show(entries[position] as ViewTable, table));
}

/** Keeps what is committed, by the rules of a commit, and sends nothing to the catalog. */
async function collect(
  shown: Shown,
  { requirements, updates }: CommitTableRequest,
  entry: ViewTable,
): Promise<CatalogTable> {
  const { metadata } = show(entry, await loadEntry(shown, entry));
  checkRequirements(metadata, requirements);
  if (entry.show.kind === 'collected') entry.show.into.metadata = applyUpdates(metadata, updates, Date.now());
  return show(entry, await loadEntry(shown, entry));
}

async function redirect(
  shown: Shown,
  change: CommitTableRequest,
  entry: ViewTable,
): Promise<CommitTableRequest> {
  if (entry.show.kind !== 'branch' || shown.session.readOnly === true)
    throw forbidden(
      `Table ${formatIdentifier(change.identifier)} is read-only in view ${shown.session.name}`,
      'write to the table itself, under the warehouse name',
    );
  const { metadata } = await loadEntry(shown, entry);
  return redirectCommit(
    { ...change, identifier: entry.table },
    { branch: entry.show.branch, base: entry.show.base, metadata },
  );
}
