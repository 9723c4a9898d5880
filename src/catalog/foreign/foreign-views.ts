/** Iceberg's views of a foreign catalog. Calls -> HTTP -> values. */
import type { TableIdentifier } from '../../iceberg/table-metadata.ts';
import type { ViewMetadata } from '../../iceberg/view-metadata.ts';
import { formatIdentifier } from '../errors.ts';
import type { CatalogView, IcebergViews } from '../service/catalog.ts';
import type { Attempted } from './foreign-errors.ts';
import type { ForeignRequest } from './transport.ts';

export interface ViewRequests {
  readonly namespacePath: (namespace: readonly string[]) => string;
  readonly requireEndpoint: (endpoint: string, what: string) => void;
  readonly listPages: <T>(path: string, field: string, attempted: Attempted) => Promise<T[]>;
  readonly answered: <T>(
    request: Omit<ForeignRequest, 'url'> & { readonly path: string },
    attempted: Attempted,
  ) => Promise<T>;
}

export const VIEW_ENDPOINTS: readonly string[] = [
  'GET /v1/{prefix}/namespaces/{namespace}/views',
  'POST /v1/{prefix}/namespaces/{namespace}/views',
  'GET /v1/{prefix}/namespaces/{namespace}/views/{view}',
  'POST /v1/{prefix}/namespaces/{namespace}/views/{view}',
  'DELETE /v1/{prefix}/namespaces/{namespace}/views/{view}',
  'POST /v1/{prefix}/namespaces/{namespace}/register-view',
  'POST /v1/{prefix}/views/rename',
];
const [LIST, CREATE, LOAD, COMMIT, DROP, REGISTER, RENAME] = VIEW_ENDPOINTS as [
  string,
  string,
  string,
  string,
  string,
  string,
  string,
];

interface LoadViewResult {
  readonly 'metadata-location': string;
  readonly metadata: ViewMetadata;
}
const catalogView = ({ metadata, 'metadata-location': metadataLocation }: LoadViewResult): CatalogView => ({
  metadata: { ...metadata, properties: metadata.properties ?? {} },
  metadataLocation,
});

export function foreignViews({
  namespacePath,
  requireEndpoint,
  listPages,
  answered,
}: ViewRequests): IcebergViews {
  const path = (id: TableIdentifier): string =>
    `${namespacePath(id.namespace)}/views/${encodeURIComponent(id.name)}`;
  const of = (
    id: TableIdentifier,
    what: Attempted['what'],
    absent: Attempted['absent'] = 'no-such-view',
  ): Attempted => ({ what, subject: `View ${formatIdentifier(id)}`, absent });
  return {
    async list(namespace) {
      requireEndpoint(LIST, 'list views');
      return listPages<TableIdentifier>(`${namespacePath(namespace)}/views`, 'identifiers', {
        what: 'read',
        subject: `Namespace ${namespace.join('.')}`,
        absent: 'no-such-namespace',
      });
    },
    async load(id) {
      requireEndpoint(LOAD, 'load views');
      return catalogView(await answered({ method: 'GET', path: path(id) }, of(id, 'read')));
    },
    async create(id, { schema, location, version, properties }) {
      requireEndpoint(CREATE, 'create views');
      const body = { name: id.name, schema, location, 'view-version': version, properties };
      return catalogView(
        await answered(
          { method: 'POST', path: `${namespacePath(id.namespace)}/views`, body },
          of(id, 'create', 'no-such-namespace'),
        ),
      );
    },
    async register(id, { metadataLocation }) {
      requireEndpoint(REGISTER, 'register views');
      const body = { name: id.name, 'metadata-location': metadataLocation };
      return catalogView(
        await answered(
          { method: 'POST', path: `${namespacePath(id.namespace)}/register-view`, body },
          of(id, 'create', 'no-such-namespace'),
        ),
      );
    },
    async commit(id, { requirements, updates }) {
      requireEndpoint(COMMIT, 'replace views');
      return catalogView(
        await answered(
          { method: 'POST', path: path(id), body: { identifier: id, requirements, updates } },
          of(id, 'commit'),
        ),
      );
    },
    async rename({ from, to }) {
      requireEndpoint(RENAME, 'rename views');
      await answered(
        { method: 'POST', path: 'views/rename', body: { source: from, destination: to } },
        of(from, 'change'),
      );
    },
    async drop(id) {
      requireEndpoint(DROP, 'drop views');
      await answered({ method: 'DELETE', path: path(id) }, of(id, 'change'));
    },
  };
}
