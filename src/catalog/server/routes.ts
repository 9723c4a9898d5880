/** The endpoints of the Iceberg REST specification over a catalog face. Request -> answer. */
import { createHash } from 'node:crypto';
import { renderJson } from '../../iceberg/json.ts';
import { renderTableMetadata } from '../../iceberg/read-metadata.ts';
import type { TableIdentifier } from '../../iceberg/table-metadata.ts';
import { PsybergError } from '../../model/errors.ts';
import { badRequest } from '../errors.ts';
import { REQUESTS, readRequest } from '../protocol/requests.ts';
import type { CatalogFace, FaceTable } from '../service/catalog-face.ts';
import type { CatalogRequest } from './http-request.ts';

/** An answer; `text` is JSON that is already rendered. */
export interface Answer {
  readonly status: number;
  readonly text?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** What `/v1/config` lists: a client uses an optional endpoint only if it is named here. */
export const ENDPOINTS: readonly string[] = [
  'GET /v1/{prefix}/namespaces',
  'POST /v1/{prefix}/namespaces',
  'GET /v1/{prefix}/namespaces/{namespace}',
  'HEAD /v1/{prefix}/namespaces/{namespace}',
  'DELETE /v1/{prefix}/namespaces/{namespace}',
  'POST /v1/{prefix}/namespaces/{namespace}/properties',
  'GET /v1/{prefix}/namespaces/{namespace}/tables',
  'POST /v1/{prefix}/namespaces/{namespace}/tables',
  'GET /v1/{prefix}/namespaces/{namespace}/tables/{table}',
  'HEAD /v1/{prefix}/namespaces/{namespace}/tables/{table}',
  'POST /v1/{prefix}/namespaces/{namespace}/tables/{table}',
  'DELETE /v1/{prefix}/namespaces/{namespace}/tables/{table}',
  'POST /v1/{prefix}/namespaces/{namespace}/register',
  'POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/metrics',
  'POST /v1/{prefix}/tables/rename',
  'POST /v1/{prefix}/transactions/commit',
];

/** Between the levels of a namespace in a path (Iceberg REST specification, parameter `namespace`). */
const LEVEL_SEPARATOR = '\u001f';
const splitNamespace = (text: string): string[] => text.split(LEVEL_SEPARATOR);

const json = (value: unknown, status = 200): Answer => ({ status, text: renderJson(value) });
const nothing: Answer = { status: 204 };

/** Answers one request under a prefix. `path` is what follows the prefix. */
export async function answerRoute(face: CatalogFace, request: CatalogRequest, path: readonly string[]): Promise<Answer> {
  const [root, first, kind, name, action] = path;
  const { method } = request;
  if (root === 'namespaces' && path.length <= 5) {
    if (first === undefined) return await answerNamespaces(face, request);
    const namespace = splitNamespace(first);
    if (kind === undefined) return await answerNamespace(face, request, namespace);
    if (kind === 'properties' && name === undefined) return await only(method, 'POST', () => updateProperties(face, request, namespace));
    if (kind === 'register' && name === undefined) return await only(method, 'POST', () => registerTable(face, request, namespace));
    if (kind === 'tables' && name === undefined) return await answerTables(face, request, namespace);
    if (kind === 'tables' && name !== undefined) {
      const id: TableIdentifier = { namespace, name };
      if (action === undefined) return await answerTable(face, request, id);
      if (action === 'metrics') return await only(method, 'POST', async () => nothing);
    }
  }
  if (root === 'tables' && first === 'rename' && path.length === 2) return await only(method, 'POST', () => renameTable(face, request));
  if (root === 'transactions' && first === 'commit' && path.length === 2) return await only(method, 'POST', () => commitTransaction(face, request));
  throw new PsybergError('no-such-endpoint', `No route for request: ${method} ${path.join('/')}`);
}

async function only(method: string, allowed: string, answer: () => Promise<Answer>): Promise<Answer> {
  if (method !== allowed) throw notAllowed(method);
  return await answer();
}
const notAllowed = (method: string): PsybergError => new PsybergError('method-not-allowed', `Method is not allowed here: ${method}`);

async function answerNamespaces(face: CatalogFace, request: CatalogRequest): Promise<Answer> {
  switch (request.method) {
    case 'GET': {
      const parent = request.query.get('parent');
      const page = paginate(await face.listNamespaces(parent ? splitNamespace(parent) : []), request.query);
      return json({ namespaces: page.items, 'next-page-token': page.next });
    }
    case 'POST': {
      const { namespace, properties } = readRequest(REQUESTS.createNamespace, await request.body());
      return json({ namespace, properties: await face.createNamespace(namespace, properties ?? {}) });
    }
    default:
      throw notAllowed(request.method);
  }
}

async function answerNamespace(face: CatalogFace, request: CatalogRequest, namespace: string[]): Promise<Answer> {
  switch (request.method) {
    case 'GET':
      return json({ namespace, properties: await face.namespaceProperties(namespace) });
    case 'HEAD':
      await face.namespaceProperties(namespace);
      return nothing;
    case 'DELETE':
      await face.dropNamespace(namespace);
      return nothing;
    default:
      throw notAllowed(request.method);
  }
}

async function updateProperties(face: CatalogFace, request: CatalogRequest, namespace: string[]): Promise<Answer> {
  const { removals = [], updates = {} } = readRequest(REQUESTS.updateNamespaceProperties, await request.body());
  return json(await face.changeNamespaceProperties(namespace, { removals, updates }));
}

async function answerTables(face: CatalogFace, request: CatalogRequest, namespace: string[]): Promise<Answer> {
  switch (request.method) {
    case 'GET': {
      const page = paginate(await face.listTables(namespace), request.query);
      return json({ identifiers: page.items, 'next-page-token': page.next });
    }
    case 'POST': {
      const body = readRequest(REQUESTS.createTable, await request.body());
      const table = await face.createTable(
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

async function answerTable(face: CatalogFace, request: CatalogRequest, id: TableIdentifier): Promise<Answer> {
  switch (request.method) {
    case 'GET':
      return loadTable(await face.loadTable(id), request);
    case 'HEAD':
      await face.loadTable(id);
      return nothing;
    case 'POST': {
      const { requirements, updates } = readRequest(REQUESTS.commitTable, await request.body());
      const [table] = await face.commitTables([{ identifier: id, requirements, updates }]);
      return committed(table as FaceTable);
    }
    case 'DELETE':
      await face.dropTable(id, { purge: request.query.get('purgeRequested')?.toLowerCase() === 'true' });
      return nothing;
    default:
      throw notAllowed(request.method);
  }
}

function loadTable(table: FaceTable, request: CatalogRequest): Answer {
  const mode = request.query.get('snapshots')?.toLowerCase() ?? 'all';
  if (mode !== 'all' && mode !== 'refs') throw badRequest(`Invalid snapshots parameter: ${mode} (expected all or refs)`);
  const etag = etagOf(table, mode);
  if (request.headers['if-none-match'] === etag) return { status: 304, headers: { etag } };
  return { ...loaded(mode === 'refs' ? onlyReferencedSnapshots(table) : table), headers: { etag } };
}

/** A metadata file never changes, so its location names its content; what a view made of it is named by its content. */
function etagOf(table: FaceTable, mode: string): string {
  const content = table.text === undefined ? renderTableMetadata(table.metadata) : '';
  return `"${createHash('sha256').update(`${mode}\n${table.metadataLocation}\n${content}`).digest('base64url')}"`;
}

function onlyReferencedSnapshots(table: FaceTable): FaceTable {
  const referenced = new Set(Object.values(table.metadata.refs ?? {}).map((ref) => ref['snapshot-id']));
  const snapshots = table.metadata.snapshots?.filter((snapshot) => referenced.has(snapshot['snapshot-id'])) ?? [];
  return { metadata: { ...table.metadata, snapshots }, metadataLocation: table.metadataLocation };
}

async function registerTable(face: CatalogFace, request: CatalogRequest, namespace: string[]): Promise<Answer> {
  const body = readRequest(REQUESTS.registerTable, await request.body());
  return loaded(await face.registerTable({ namespace, name: body.name }, { metadataLocation: body['metadata-location'], overwrite: body.overwrite ?? false }));
}

async function renameTable(face: CatalogFace, request: CatalogRequest): Promise<Answer> {
  const { source, destination } = readRequest(REQUESTS.renameTable, await request.body());
  await face.renameTable({ from: source, to: destination });
  return nothing;
}

async function commitTransaction(face: CatalogFace, request: CatalogRequest): Promise<Answer> {
  const { 'table-changes': changes } = readRequest(REQUESTS.commitTransaction, await request.body());
  if (changes.length > 0) await face.commitTables(changes);
  return nothing;
}

/** `LoadTableResult`; the metadata goes out as the text it already is. */
function loaded(table: FaceTable): Answer {
  const location = table.metadataLocation === undefined ? '' : `"metadata-location":${JSON.stringify(table.metadataLocation)},`;
  return { status: 200, text: `{${location}"metadata":${metadataText(table)},"config":{}}` };
}
/** `CommitTableResponse`. */
const committed = (table: FaceTable): Answer => ({
  status: 200,
  text: `{"metadata-location":${JSON.stringify(table.metadataLocation)},"metadata":${metadataText(table)}}`,
});
const metadataText = (table: FaceTable): string => table.text ?? renderTableMetadata(table.metadata);

/** Pages are positions in the sorted list: stable enough for names, and nothing is kept between requests. */
function paginate<T>(items: readonly T[], query: URLSearchParams): { items: readonly T[]; next?: string } {
  const size = query.get('pageSize');
  const token = query.get('pageToken');
  if (size === null && !token) return { items };
  const pageSize = size === null ? items.length : Number(size);
  const first = token ? Number(token) : 0;
  if (!Number.isInteger(pageSize) || pageSize < 1) throw badRequest(`Invalid pageSize: ${size}`);
  if (!Number.isInteger(first) || first < 0) throw badRequest(`Invalid pageToken: ${token}`);
  const end = first + pageSize;
  return { items: items.slice(first, end), ...(end < items.length ? { next: String(end) } : {}) };
}
