/** Finds the catalog for a prefix, and lets it answer. Request -> answer. */
import { renderJson } from '../../iceberg/json.ts';
import { formatIdentifier, noSuchBranch, noSuchWarehouse } from '../errors.ts';
import { COMMIT_TRANSACTION, ENDPOINTS } from '../protocol/endpoints.ts';
import type { Catalog } from '../service/catalog.ts';
import { BRANCH_PREFIX, branchCatalog } from '../views/branch-catalog.ts';
import { type DuckDbHelp, duckDbCatalog, isDuckDb } from '../views/duckdb-catalog.ts';
import { branchesText, findBranch } from '../views/find-branches.ts';
import { isToRead, sessionCatalog, tableBehind } from '../views/session-catalog.ts';
import type { ViewRegistry } from '../views/session-views.ts';
import { type Answer, only } from './answers.ts';
import type { CatalogRequest } from './http-request.ts';
import { answerRoute } from './routes.ts';

export interface CatalogHandler {
  /** The catalog itself, for the client in this process. */
  readonly real: Catalog;
  answer(request: CatalogRequest): Promise<Answer>;
}
export interface HandlerOptions {
  /** The catalog itself: a warehouse, or a foreign catalog. */
  readonly real: Catalog;
  /** Another name for it: the warehouse's folder. */
  readonly warehouse: string;
  readonly catalogName: string;
  readonly views: ViewRegistry;
  readonly duckDb: DuckDbHelp | undefined;
  /** Like `real`, but with the keys to its files: for other engines that read a session's tables. */
  readonly forSessions: Catalog;
}

/** The first words that can follow the prefix. */
const ROOTS = new Set(['namespaces', 'tables', 'views', 'transactions']);

/** Makes the handler of all requests behind authentication. */
export const catalogHandler = (options: HandlerOptions): CatalogHandler => ({
  real: options.real,
  async answer(request) {
    const { segments } = request;
    if (segments.length === 1 && segments[0] === 'config')
      return await only(request.method, 'GET', () => answerConfig(options, request));
    // A branch name may contain slashes, so the prefix reaches up to the first word that can follow it.
    const rootAt = segments.findIndex((segment) => ROOTS.has(segment));
    const prefix = segments.slice(0, Math.max(0, rootAt)).join('/');
    const ofDuckDb = isDuckDb(request.headers['user-agent']);
    const catalog = findCatalog(options, prefix, ofDuckDb ? options.real : options.forSessions);
    if (catalog === undefined) throw noSuchWarehouse(prefix);
    const shown = ofDuckDb ? asDuckDb(options, catalog, prefix) : catalog;
    return await answerRoute(shown, request, rootAt < 0 ? segments : segments.slice(rootAt));
  },
});

/** A session's tables take precedence over the stateless prefixes; what is left is the warehouse. */
function findCatalog(
  { views, real, catalogName }: HandlerOptions,
  prefix: string,
  behindSessions: Catalog,
): Catalog | undefined {
  const session = views.find(prefix);
  if (session) return sessionCatalog(session, behindSessions);
  const watched = views.findBranch(prefix);
  if (watched) return branchCatalog(watched.branch, real, watched.onLoad);
  if (prefix.startsWith(BRANCH_PREFIX) && prefix.length > BRANCH_PREFIX.length)
    return branchCatalog(prefix.slice(BRANCH_PREFIX.length), real);
  return prefix === '' || prefix === catalogName ? real : undefined;
}

/** A catalog as DuckDB gets it; loads that do not go through a session's tables are noted. */
function asDuckDb({ views, duckDb }: HandlerOptions, catalog: Catalog, prefix: string): Catalog {
  const session = views.find(prefix);
  const helped = duckDbCatalog(catalog, duckDb, (id) => session !== undefined && isToRead(session, id));
  return {
    ...helped,
    async loadTable(id) {
      const table = await helped.loadTable(id);
      const { metadata } = table;
      const use = session === undefined ? await views.noteLoad(id, metadata) : undefined;
      const real = session === undefined ? id : tableBehind(session, id);
      if (use !== 'unread') await duckDb?.refuseLost?.({ metadata, name: formatIdentifier(real) });
      return table;
    },
  };
}

async function answerConfig(options: HandlerOptions, request: CatalogRequest): Promise<Answer> {
  const { real, warehouse, catalogName } = options;
  const name = request.query.get('warehouse') ?? '';
  // Clients that know the warehouse by its folder mean the catalog itself.
  const prefix = name === '' || name === warehouse ? catalogName : name;
  const catalog = findCatalog(options, prefix, options.real);
  if (catalog === undefined) throw noSuchWarehouse(name);
  if (prefix.startsWith(BRANCH_PREFIX)) await checkBranch(real, prefix.slice(BRANCH_PREFIX.length));
  const endpoints = ENDPOINTS.filter(
    (endpoint) =>
      catalog.lacks?.has(endpoint) !== true && (catalog.commitsTogether || endpoint !== COMMIT_TRANSACTION),
  );
  return { status: 200, text: renderJson({ defaults: {}, overrides: { prefix }, endpoints }) };
}

/** With a misspelled branch every table would show its `main`. */
async function checkBranch(real: Catalog, branch: string): Promise<void> {
  // If the catalog does not let its tables be listed, they can still be read one by one.
  const { found, branches } = await findBranch(real, branch).catch(() => ({ found: true, branches: [] }));
  if (!found) throw noSuchBranch(branch, branchesText(branches));
}
