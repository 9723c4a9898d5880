/** Serves the endpoints of the Iceberg REST specification over a catalog. Request -> answer. */
import { withOperations } from '../../iceberg/history.ts';
import { renderTableMetadata } from '../../iceberg/read-metadata.ts';
import type { TableIdentifier } from '../../iceberg/table-metadata.ts';
import { PsybergError } from '../../model/errors.ts';
import { badRequest } from '../errors.ts';
import { wholeText } from '../files/metadata-cache.ts';
import { checkPathNames } from '../names.ts';
import { readRequest } from '../protocol/requests.ts';
import type { Catalog, CatalogTable } from '../service/catalog.ts';
import { shownTo } from '../views/without-main.ts';
import {
  type Answer,
  booleanParameter,
  entityTag,
  holds,
  json,
  notAllowed,
  nothing,
  only,
  paginate,
} from './answers.ts';
import type { CatalogRequest } from './http-request.ts';
import { answerView, answerViews, registerView, renameView } from './view-routes.ts';

/** Separates the levels of a namespace in a path (Iceberg REST specification, parameter `namespace`). */
const LEVEL_SEPARATOR = '\u001f';
const splitNamespace = (text: string): string[] => text.split(LEVEL_SEPARATOR);

/** Answers one request under a prefix. `path` is what follows the prefix. */
export async function answerRoute(
  catalog: Catalog,
  request: CatalogRequest,
  path: readonly string[],
): Promise<Answer> {
  const [root, first, kind, name, action] = path;
  const { method } = request;
  if (root === 'namespaces' && path.length <= 5) {
    if (first === undefined) return await answerNamespaces(catalog, request);
    const namespace = splitNamespace(first);
    checkPathNames(namespace, name);
    if (kind === undefined) return await answerNamespace(catalog, request, namespace);
    if (kind === 'properties' && name === undefined)
      return await only(method, 'POST', () => updateProperties(catalog, request, namespace));
    if (kind === 'register' && name === undefined)
      return await only(method, 'POST', () => registerTable(catalog, request, namespace));
    if (kind === 'tables' && name === undefined) return await answerTables(catalog, request, namespace);
    if (kind === 'tables' && name !== undefined) {
      const id: TableIdentifier = { namespace, name };
      if (action === undefined) return await answerTable(catalog, request, id);
      if (action === 'metrics') return await only(method, 'POST', () => acceptMetrics(catalog, request, id));
    }
    if (kind === 'views' && name === undefined)
      return await answerViews(catalog.icebergViews, request, namespace);
    if (kind === 'views' && name !== undefined && action === undefined)
      return await answerView(catalog.icebergViews, request, { namespace, name });
    if (kind === 'register-view' && name === undefined)
      return await only(method, 'POST', () => registerView(catalog.icebergViews, request, namespace));
  }
  if (root === 'views' && first === 'rename' && path.length === 2)
    return await only(method, 'POST', () => renameView(catalog.icebergViews, request));
  if (root === 'tables' && first === 'rename' && path.length === 2)
    return await only(method, 'POST', () => renameTable(catalog, request));
  if (root === 'transactions' && first === 'commit' && path.length === 2)
    return await only(method, 'POST', () => commitTransaction(catalog, request));
  throw new PsybergError('no-such-endpoint', `No route for request: ${method} ${path.join('/')}`);
}

async function answerNamespaces(catalog: Catalog, request: CatalogRequest): Promise<Answer> {
  switch (request.method) {
    case 'GET': {
      const parent = request.query.get('parent');
      const page = paginate(
        await catalog.listNamespaces(parent ? splitNamespace(parent) : []),
        (namespace) => namespace.at(-1) as string,
        request.query,
      );
      return json({ namespaces: page.items, 'next-page-token': page.next });
    }
    case 'POST': {
      const { namespace, properties } = await readRequest('createNamespace', await request.body());
      return json({ namespace, properties: await catalog.createNamespace(namespace, properties ?? {}) });
    }
    default:
      throw notAllowed(request.method);
  }
}

async function answerNamespace(
  catalog: Catalog,
  request: CatalogRequest,
  namespace: string[],
): Promise<Answer> {
  switch (request.method) {
    case 'GET':
      return json({ namespace, properties: await catalog.namespaceProperties(namespace) });
    case 'HEAD':
      await catalog.namespaceProperties(namespace);
      return nothing;
    case 'DELETE':
      await catalog.dropNamespace(namespace);
      return nothing;
    default:
      throw notAllowed(request.method);
  }
}

async function updateProperties(
  catalog: Catalog,
  request: CatalogRequest,
  namespace: string[],
): Promise<Answer> {
  const { removals = [], updates = {} } = await readRequest(
    'updateNamespaceProperties',
    await request.body(),
  );
  return json(await catalog.changeNamespaceProperties(namespace, { removals, updates }));
}

async function answerTables(catalog: Catalog, request: CatalogRequest, namespace: string[]): Promise<Answer> {
  switch (request.method) {
    case 'GET': {
      const page = paginate(await catalog.listTables(namespace), (id) => id.name, request.query);
      return json({ identifiers: page.items, 'next-page-token': page.next });
    }
    case 'POST': {
      const body = await readRequest('createTable', await request.body());
      const table = await catalog.createTable(
        { namespace, name: body.name },
        {
          schema: body.schema,
          location: body.location,
          partitionSpec: body['partition-spec'],
          sortOrder: body['write-order'],
          properties: body.properties,
          stageCreate: body['stage-create'],
        },
      );
      return loaded(table);
    }
    default:
      throw notAllowed(request.method);
  }
}

async function answerTable(catalog: Catalog, request: CatalogRequest, id: TableIdentifier): Promise<Answer> {
  switch (request.method) {
    case 'GET':
      return loadTable(shownTo(request.headers['user-agent'], await catalog.loadTable(id)), request);
    case 'HEAD':
      await catalog.loadTable(id);
      return nothing;
    case 'POST': {
      const { requirements, updates } = await readRequest('commitTable', await request.body());
      const [table] = await catalog.commitTables([{ identifier: id, requirements, updates }]);
      return committed(shownTo(request.headers['user-agent'], table as CatalogTable));
    }
    case 'DELETE':
      await catalog.dropTable(id, { purge: booleanParameter(request.query, 'purgeRequested') });
      return nothing;
    default:
      throw notAllowed(request.method);
  }
}

function loadTable(table: CatalogTable, request: CatalogRequest): Answer {
  const mode = request.query.get('snapshots')?.toLowerCase() ?? 'all';
  if (mode !== 'all' && mode !== 'refs')
    throw badRequest(`Invalid snapshots parameter: ${mode} (expected all or refs)`);
  const shown = mode === 'refs' ? onlyReferencedSnapshots(table) : table;
  // "Not modified" would leave the client with credentials that expire.
  if (table.storageCredentials !== undefined || table.config?.['s3.session-token'] !== undefined)
    return loaded(shown);
  const etag = etagOf(table, mode);
  if (holds(request, etag)) return { status: 304, headers: { etag } };
  return { ...loaded(shown), headers: { etag } };
}

/**
 * A metadata file never changes, so its location identifies its content. A table that is shown otherwise is
 * identified by its content.
 */
const etagOf = (table: CatalogTable, mode: 'all' | 'refs'): string =>
  entityTag(mode, table.metadataLocation ?? '', table.text === undefined ? metadataText(table) : '');

function onlyReferencedSnapshots(table: CatalogTable): CatalogTable {
  const referenced = new Set(Object.values(table.metadata.refs ?? {}).map((ref) => ref['snapshot-id']));
  const snapshots =
    table.metadata.snapshots?.filter((snapshot) => referenced.has(snapshot['snapshot-id'])) ?? [];
  const { text: _ofAllSnapshots, ...rest } = table;
  return { ...rest, metadata: { ...table.metadata, snapshots } };
}

async function registerTable(
  catalog: Catalog,
  request: CatalogRequest,
  namespace: string[],
): Promise<Answer> {
  const body = await readRequest('registerTable', await request.body());
  return loaded(
    await catalog.registerTable(
      { namespace, name: body.name },
      { metadataLocation: body['metadata-location'], overwrite: body.overwrite ?? false },
    ),
  );
}

async function renameTable(catalog: Catalog, request: CatalogRequest): Promise<Answer> {
  const { source, destination } = await readRequest('renameTable', await request.body());
  await catalog.renameTable({ from: source, to: destination });
  return nothing;
}

async function commitTransaction(catalog: Catalog, request: CatalogRequest): Promise<Answer> {
  const { 'table-changes': changes } = await readRequest('commitTransaction', await request.body());
  if (changes.length > 0) await catalog.commitTables(changes);
  return nothing;
}

async function acceptMetrics(
  catalog: Catalog,
  request: CatalogRequest,
  id: TableIdentifier,
): Promise<Answer> {
  await catalog.reportMetrics?.(id, await readRequest('reportMetrics', await request.body()));
  return nothing;
}

/** `LoadTableResult`; metadata that are text already are sent as that text. */
function loaded(table: CatalogTable): Answer {
  const metadata = metadataText(table);
  const config = JSON.stringify(table.config ?? {});
  const credentials =
    table.storageCredentials === undefined
      ? ''
      : `,"storage-credentials":${JSON.stringify(table.storageCredentials)}`;
  const text = `{${locationField(table)}"metadata":${metadata},"config":${config}${credentials}}`;
  // A staged table does not exist yet, so a later request has nothing to compare with. Credentials must not
  // be answered with "not modified" either.
  return {
    status: 200,
    text,
    ...(credentials === '' && table.metadataLocation !== undefined
      ? { headers: { etag: etagOf(table, 'all') } }
      : {}),
  };
}
/** `CommitTableResponse`. */
const committed = (table: CatalogTable): Answer => ({
  status: 200,
  text: `{${locationField(table)}"metadata":${metadataText(table)}}`,
  headers: { etag: etagOf(table, 'all') },
});
/** Left out for a staged table, and if a foreign catalog gives no location. */
const locationField = ({ metadataLocation }: CatalogTable): string =>
  metadataLocation === undefined ? '' : `"metadata-location":${JSON.stringify(metadataLocation)},`;
function metadataText({ metadata, text }: CatalogTable): string {
  const readable = withOperations(metadata);
  return readable === metadata && text !== undefined ? wholeText(text) : renderTableMetadata(readable);
}
