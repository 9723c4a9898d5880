/**
 * Reports the calls and requests of a catalog. Catalog -> the same, observed; unchanged if nobody listens.
 */
import type { CatalogClient } from '../catalog/client/catalog-client.ts';
import type { AroundRequest } from '../catalog/index.ts';
import { tableName } from '../model/names.ts';
import type { Observer } from './port.ts';

type Call = keyof CatalogClient;

/** The calls that take the name of a table. */
const CALLS: readonly Call[] = [
  'loadTable',
  'loadTableToRead',
  'tableExists',
  'listNamespaces',
  'listTables',
  'namespaceExists',
  'createNamespace',
  'createTable',
  'dropTable',
  'commitTable',
  'commitTransaction',
];

export function observedClient(client: CatalogClient, observer: Observer): CatalogClient {
  if (!observer.listens) return client;
  const observed = CALLS.map((call) => {
    const work = client[call] as (...inputs: readonly unknown[]) => Promise<unknown>;
    return [
      call,
      (...inputs: readonly unknown[]) =>
        observer.during({ kind: 'catalog-call', call, table: tableAmong(inputs) }, () => work(...inputs)),
    ];
  });
  return { ...client, ...(Object.fromEntries(observed) as Pick<CatalogClient, Call>) };
}

function tableAmong([first]: readonly unknown[]): string | undefined {
  if (Array.isArray(first)) {
    const changed = first.flatMap((each: { identifier?: Parameters<typeof tableName>[0] } | string) =>
      typeof each === 'object' && each.identifier !== undefined ? [tableName(each.identifier)] : [],
    );
    return changed.length === 0 ? undefined : changed.join(', ');
  }
  return typeof first === 'object' && first !== null && 'name' in first
    ? tableName(first as Parameters<typeof tableName>[0])
    : undefined;
}

/** For the server of a catalog, and for the requests that it sends to a foreign one. */
export function aroundRequests(observer: Observer): { readonly aroundRequest?: AroundRequest } {
  if (!observer.listens) return {};
  return {
    aroundRequest: (request, work) =>
      observer.during({ kind: 'request', ...request }, work, ({ status }) => ({ status })),
  };
}
