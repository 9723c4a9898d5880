/** The tables of a foreign catalog, but for their commits. Calls -> HTTP -> values. */
import type { TableIdentifier } from '../../iceberg/table-metadata.ts';
import { identifierKey } from '../errors.ts';
import { REPORT_METRICS } from '../protocol/endpoints.ts';
import type { Catalog, CatalogTable, CreateTableRequest } from '../service/catalog.ts';
import {
  delegation,
  type ForeignTables,
  findForeignTable,
  loadForeignTable,
  readTable,
  tablePath,
} from './load-table.ts';
import {
  alreadyThere,
  answered,
  ask,
  foreignRefusal,
  listPages,
  namespacePath,
  ofNamespace,
  ofTable,
  requireEndpoint,
} from './requests.ts';

export type TableRequests = Pick<
  Catalog,
  'listTables' | 'loadTable' | 'createTable' | 'registerTable' | 'renameTable' | 'dropTable' | 'reportMetrics'
>;

const REGISTER = 'POST /v1/{prefix}/namespaces/{namespace}/register';
const RENAME = 'POST /v1/{prefix}/tables/rename';
const DROP = 'DELETE /v1/{prefix}/namespaces/{namespace}/tables/{table}';
/** Those that a session can do without. */
export const TABLE_ENDPOINTS: readonly string[] = [REGISTER, RENAME];

export const foreignTables = (tables: ForeignTables): TableRequests => ({
  listTables: (namespace) =>
    listPages<TableIdentifier>(
      tables,
      { path: `${namespacePath(tables, namespace)}/tables`, field: 'identifiers' },
      ofNamespace(namespace, 'read'),
    ),
  loadTable: (id) => loadForeignTable(tables, id),
  createTable: (id, request) => createTable(tables, id, request),
  async registerTable(id, { metadataLocation, overwrite }) {
    requireEndpoint(tables, REGISTER, 'register a table');
    const askedAt = tables.cache.askedAt();
    const reply = await ask(tables, {
      method: 'POST',
      path: `${namespacePath(tables, id.namespace)}/register`,
      headers: delegation(tables),
      body: { name: id.name, 'metadata-location': metadataLocation, overwrite },
    });
    if (reply.status >= 300) throw foreignRefusal(tables, reply, ofNewTable(id));
    return readTable(tables, id, { reply, askedAt });
  },
  async renameTable({ from, to }) {
    requireEndpoint(tables, RENAME, 'rename a table');
    tables.cache.forget(identifierKey(from));
    const body = { source: from, destination: to };
    await answered(tables, { method: 'POST', path: 'tables/rename', body }, ofTable(from, 'change'));
    for (const id of [from, to]) tables.cache.forget(identifierKey(id));
  },
  async dropTable(id, { purge }) {
    requireEndpoint(tables, DROP, 'drop a table');
    const key = identifierKey(id);
    tables.cache.forget(key);
    const path = `${tablePath(tables, id)}?purgeRequested=${purge}`;
    await answered(tables, { method: 'DELETE', path, token: tables.tokens.get(key) }, ofTable(id, 'change'));
    tables.cache.forget(key);
  },
  async reportMetrics(id, report) {
    if (!tables.settings.endpoints.has(REPORT_METRICS)) return;
    const token = tables.tokens.get(identifierKey(id));
    const path = `${tablePath(tables, id)}/metrics`;
    await ask(tables, { method: 'POST', path, body: report, token }).catch(() => undefined);
  },
});

/** What a 404 says of a table that is to be made: its namespace is missing. */
const ofNewTable = (id: TableIdentifier) => ({
  ...ofTable(id, 'create'),
  absent: 'no-such-namespace' as const,
});

async function createTable(
  tables: ForeignTables,
  id: TableIdentifier,
  request: CreateTableRequest,
): Promise<CatalogTable> {
  const { stageCreate } = request;
  const askedAt = tables.cache.askedAt();
  const reply = await ask(tables, {
    method: 'POST',
    path: `${namespacePath(tables, id.namespace)}/tables`,
    headers: delegation(tables),
    body: bodyOf(id, request),
  });
  if (reply.status >= 300) {
    const error = foreignRefusal(tables, reply, ofNewTable(id));
    const mayBeThere = error.code === 'commit-state-unknown' && stageCreate !== true;
    // Made by this request or by another one: either way it is there.
    tables.cache.forget(identifierKey(id));
    if (mayBeThere && (await findForeignTable(tables, id)) !== undefined) throw alreadyThere(ofNewTable(id));
    throw error;
  }
  const created = await readTable(tables, id, { reply, askedAt });
  // A staged table is not there yet: nothing about it may be taken from memory.
  if (stageCreate === true) tables.cache.forget(identifierKey(id));
  return created;
}

/** The specification leaves ids of proposals to the catalog; Java's parsers want them all the same. */
const bodyOf = (
  { name }: TableIdentifier,
  { schema, location, partitionSpec, sortOrder, properties, stageCreate }: CreateTableRequest,
): unknown => ({
  name,
  schema: { 'schema-id': 0, ...schema },
  location,
  'partition-spec': partitionSpec === undefined ? undefined : { 'spec-id': 0, ...partitionSpec },
  'write-order': sortOrder === undefined ? undefined : { 'order-id': 1, ...sortOrder },
  'stage-create': stageCreate ?? false,
  properties,
});
