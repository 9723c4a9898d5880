/** Iceberg's views of a foreign catalog. Calls -> HTTP -> values. */
import type { TableIdentifier } from '../../iceberg/table-metadata.ts';
import type { ViewMetadata } from '../../iceberg/view-metadata.ts';
import { formatIdentifier } from '../errors.ts';
import type { CatalogView, IcebergViews } from '../service/catalog.ts';
import type { Attempted } from './errors.ts';
import {
  answered,
  type ForeignConnection,
  listPages,
  namespacePath,
  ofNamespace,
  type PathRequest,
  requireEndpoint,
} from './requests.ts';

const ENDPOINT = {
  list: 'GET /v1/{prefix}/namespaces/{namespace}/views',
  create: 'POST /v1/{prefix}/namespaces/{namespace}/views',
  load: 'GET /v1/{prefix}/namespaces/{namespace}/views/{view}',
  commit: 'POST /v1/{prefix}/namespaces/{namespace}/views/{view}',
  drop: 'DELETE /v1/{prefix}/namespaces/{namespace}/views/{view}',
  register: 'POST /v1/{prefix}/namespaces/{namespace}/register-view',
  rename: 'POST /v1/{prefix}/views/rename',
} as const satisfies Readonly<Record<keyof IcebergViews, string>>;
export const VIEW_ENDPOINTS: readonly string[] = Object.values(ENDPOINT);

interface LoadViewResult {
  readonly 'metadata-location': string;
  readonly metadata: ViewMetadata;
}

export function foreignViews(connection: ForeignConnection): IcebergViews {
  const pathOf = ({ namespace, name }: TableIdentifier): string =>
    `${namespacePath(connection, namespace)}/views/${encodeURIComponent(name)}`;
  const send = <T>(request: PathRequest, attempted: Attempted): Promise<T> =>
    answered(connection, request, attempted);
  const offered = (call: keyof IcebergViews, what: string): void =>
    requireEndpoint(connection, ENDPOINT[call], what);
  return {
    async list(namespace) {
      offered('list', 'list views');
      const path = `${namespacePath(connection, namespace)}/views`;
      return listPages(connection, { path, field: 'identifiers' }, ofNamespace(namespace, 'read'));
    },
    async load(id) {
      offered('load', 'load views');
      return viewOf(await send({ method: 'GET', path: pathOf(id) }, ofView(id, 'read')));
    },
    async create(id, { schema, location, version, properties }) {
      offered('create', 'create views');
      const path = `${namespacePath(connection, id.namespace)}/views`;
      const body = { name: id.name, schema, location, 'view-version': version, properties };
      return viewOf(await send({ method: 'POST', path, body }, ofNewView(id)));
    },
    async register(id, { metadataLocation }) {
      offered('register', 'register views');
      const path = `${namespacePath(connection, id.namespace)}/register-view`;
      const body = { name: id.name, 'metadata-location': metadataLocation };
      return viewOf(await send({ method: 'POST', path, body }, ofNewView(id)));
    },
    async commit(id, { requirements, updates }) {
      offered('commit', 'replace views');
      const body = { identifier: id, requirements, updates };
      return viewOf(await send({ method: 'POST', path: pathOf(id), body }, ofView(id, 'commit')));
    },
    async rename({ from, to }) {
      offered('rename', 'rename views');
      const body = { source: from, destination: to };
      await send({ method: 'POST', path: 'views/rename', body }, ofView(from, 'change'));
    },
    async drop(id) {
      offered('drop', 'drop views');
      await send({ method: 'DELETE', path: pathOf(id) }, ofView(id, 'change'));
    },
  };
}

const ofView = (id: TableIdentifier, what: Attempted['what']): Attempted => ({
  what,
  subject: `View ${formatIdentifier(id)}`,
  absent: 'no-such-view',
});

/** What a 404 says of a view that is to be made: its namespace is missing. */
const ofNewView = (id: TableIdentifier): Attempted => ({
  ...ofView(id, 'create'),
  absent: 'no-such-namespace',
});

const viewOf = ({ metadata, 'metadata-location': metadataLocation }: LoadViewResult): CatalogView => ({
  metadata: { ...metadata, properties: metadata.properties ?? {} },
  metadataLocation,
});
