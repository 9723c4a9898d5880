/** The namespaces of a foreign catalog. Calls -> HTTP -> values. */
import { codeOf } from '../errors.ts';
import type { Catalog } from '../service/catalog.ts';
import {
  alreadyThere,
  answered,
  ask,
  type ForeignConnection,
  listPages,
  namespacePath,
  ofNamespace,
  requireEndpoint,
} from './requests.ts';

export type ForeignNamespaces = Pick<
  Catalog,
  'listNamespaces' | 'namespaceProperties' | 'createNamespace' | 'changeNamespaceProperties' | 'dropNamespace'
>;

interface NamespaceResult {
  readonly properties?: Record<string, string> | null;
}

const CHANGE = 'POST /v1/{prefix}/namespaces/{namespace}/properties';
const DROP = 'DELETE /v1/{prefix}/namespaces/{namespace}';
/** Those that a catalog of tables may lack. */
export const NAMESPACE_ENDPOINTS: readonly string[] = [CHANGE, DROP];

export function foreignNamespaces(connection: ForeignConnection): ForeignNamespaces {
  const { namespaceSeparator } = connection.settings;
  return {
    listNamespaces(parent) {
      const query =
        parent.length === 0 ? '' : `?parent=${encodeURIComponent(parent.join(namespaceSeparator))}`;
      return listPages<string[]>(
        connection,
        { path: `namespaces${query}`, field: 'namespaces' },
        ofNamespace(parent, 'read'),
      );
    },
    async namespaceProperties(namespace) {
      const found = await answered<NamespaceResult>(
        connection,
        { method: 'GET', path: namespacePath(connection, namespace) },
        ofNamespace(namespace, 'read'),
      );
      return found.properties ?? {};
    },
    createNamespace: (namespace, properties) => createNamespace(connection, namespace, properties),
    async changeNamespaceProperties(namespace, { removals, updates }) {
      requireEndpoint(connection, CHANGE, 'change the properties of a namespace');
      const path = `${namespacePath(connection, namespace)}/properties`;
      return answered(
        connection,
        { method: 'POST', path, body: { removals, updates } },
        ofNamespace(namespace, 'change'),
      );
    },
    async dropNamespace(namespace) {
      requireEndpoint(connection, DROP, 'drop a namespace');
      await answered(
        connection,
        { method: 'DELETE', path: namespacePath(connection, namespace) },
        ofNamespace(namespace, 'change'),
      );
    },
  };
}

async function createNamespace(
  connection: ForeignConnection,
  namespace: readonly string[],
  properties: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const attempted = ofNamespace(namespace, 'create');
  try {
    const made = await answered<NamespaceResult>(
      connection,
      { method: 'POST', path: 'namespaces', body: { namespace, properties } },
      attempted,
    );
    return made.properties ?? {};
  } catch (error) {
    // Apache's JDBC catalog answers 500 to one of two that create it at the same moment.
    if (codeOf(error) !== 'commit-state-unknown' || !(await exists(connection, namespace))) throw error;
    throw alreadyThere(attempted);
  }
}

const exists = async (connection: ForeignConnection, namespace: readonly string[]): Promise<boolean> =>
  (await ask(connection, { method: 'GET', path: namespacePath(connection, namespace) })).status === 200;
