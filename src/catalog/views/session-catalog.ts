/** A session view as a catalog catalog, over anything that can load and commit. */
import type { TableIdentifier, TableMetadata } from '../../iceberg/table-metadata.ts';
import { PsybergError } from '../../model/errors.ts';
import { forbidden, formatIdentifier, noSuchNamespace, noSuchTable } from '../errors.ts';
import type { Catalog, CatalogTable, CommitTableRequest, TableCatalog } from '../service/catalog.ts';
import { fixedShapeCatalog } from './fixed-shape-catalog.ts';
import { redirectCommit } from './redirect-commit.ts';
import type { SessionTables, ViewTable } from './session-views.ts';
import { showTable } from './show-table.ts';

const sameIdentifier = (one: TableIdentifier, other: TableIdentifier): boolean =>
  one.name === other.name &&
  one.namespace.length === other.namespace.length &&
  one.namespace.every((level, depth) => level === other.namespace[depth]);
const isPrefixOf = (prefix: readonly string[], namespace: readonly string[]): boolean =>
  prefix.every((level, depth) => level === namespace[depth]);

const underSchema = (metadata: TableMetadata, { schemaId }: ViewTable): TableMetadata =>
  schemaId === undefined ? metadata : { ...metadata, 'current-schema-id': schemaId };

/** Serves a view. Only `loadTable` and `commitTables` of the backend are used. */
export function sessionCatalog(
  view: SessionTables,
  backend: Pick<TableCatalog, 'commitsTogether' | 'loadTable' | 'commitTables'>,
): Catalog {
  const findEntry = (id: TableIdentifier): ViewTable => {
    const entry = view.tables.find((candidate) => sameIdentifier(candidate.identifier, id));
    if (entry === undefined) throw noSuchTable(id);
    return entry;
  };
  const requireNamespace = (namespace: readonly string[]): void => {
    if (!view.tables.some((entry) => isPrefixOf(namespace, entry.identifier.namespace)))
      throw noSuchNamespace(namespace);
  };
  const loadEntry = async (entry: ViewTable): Promise<CatalogTable> => {
    const table = await backend.loadTable(entry.table);
    if (entry.tableUuid !== undefined && table.metadata['table-uuid'] !== entry.tableUuid) {
      throw new PsybergError(
        'no-such-table',
        `Table ${formatIdentifier(entry.table)} was dropped and created again: view ${view.name} shows the one before`,
      );
    }
    return table;
  };
  const show = (entry: ViewTable, { text: _ofTheTableItself, ...table }: CatalogTable): CatalogTable => ({
    ...table,
    metadata: showTable(underSchema(table.metadata, entry), entry.show, Date.now()),
  });

  async function redirect(change: CommitTableRequest, entry: ViewTable): Promise<CommitTableRequest> {
    if (entry.show.kind !== 'branch') {
      throw forbidden(
        `Table ${formatIdentifier(change.identifier)} is read-only in view ${view.name}`,
        'write to the table itself, under the warehouse name',
      );
    }
    const { metadata } = await loadEntry(entry);
    return redirectCommit(
      { ...change, identifier: entry.table },
      { branch: entry.show.branch, base: entry.show.base, metadata },
    );
  }

  return fixedShapeCatalog({
    commitsTogether: backend.commitsTogether,
    async listNamespaces(parent) {
      if (parent.length > 0) requireNamespace(parent);
      const below = view.tables
        .map((entry) => entry.identifier.namespace)
        .filter((namespace) => namespace.length > parent.length && isPrefixOf(parent, namespace));
      const children = new Set(below.map((namespace) => namespace[parent.length] as string));
      return [...children].sort().map((child) => [...parent, child]);
    },
    async namespaceProperties(namespace) {
      requireNamespace(namespace);
      return {};
    },
    async listTables(namespace) {
      requireNamespace(namespace);
      return view.tables
        .map((entry) => entry.identifier)
        .filter((id) => id.namespace.length === namespace.length && isPrefixOf(namespace, id.namespace));
    },
    async loadTable(id) {
      const entry = findEntry(id);
      return show(entry, await loadEntry(entry));
    },
    async commitTables(changes) {
      const entries = changes.map((change) => findEntry(change.identifier));
      const redirected = await Promise.all(
        changes.map((change, position) => redirect(change, entries[position] as ViewTable)),
      );
      const committed = await backend.commitTables(redirected);
      return committed.map((table, position) => show(entries[position] as ViewTable, table));
    },
  });
}
