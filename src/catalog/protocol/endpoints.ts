/** Lists the endpoints of the Iceberg REST specification (1.11) as `/v1/config` names them. */

/** The one endpoint that a catalog of tables may lack. */
export const COMMIT_TRANSACTION = 'POST /v1/{prefix}/transactions/commit';
export const COMMIT_TABLE = 'POST /v1/{prefix}/namespaces/{namespace}/tables/{table}';
export const REPORT_METRICS = 'POST /v1/{prefix}/namespaces/{namespace}/tables/{table}/metrics';

/** What this catalog serves: a client uses an optional endpoint only if it is listed. */
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
  COMMIT_TABLE,
  'DELETE /v1/{prefix}/namespaces/{namespace}/tables/{table}',
  'POST /v1/{prefix}/namespaces/{namespace}/register',
  REPORT_METRICS,
  'POST /v1/{prefix}/tables/rename',
  COMMIT_TRANSACTION,
  'GET /v1/{prefix}/namespaces/{namespace}/views',
  'POST /v1/{prefix}/namespaces/{namespace}/views',
  'GET /v1/{prefix}/namespaces/{namespace}/views/{view}',
  'HEAD /v1/{prefix}/namespaces/{namespace}/views/{view}',
  'POST /v1/{prefix}/namespaces/{namespace}/views/{view}',
  'DELETE /v1/{prefix}/namespaces/{namespace}/views/{view}',
  'POST /v1/{prefix}/namespaces/{namespace}/register-view',
  'POST /v1/{prefix}/views/rename',
];

/**
 * What a catalog that does not list its endpoints offers: those for tables, without any that came later
 * (specification, `getConfig`).
 */
export const DEFAULT_ENDPOINTS: readonly string[] = ENDPOINTS.filter(
  (endpoint) => !endpoint.startsWith('HEAD') && !endpoint.includes('view'),
);
