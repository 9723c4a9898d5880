/** A user's statements over a workspace. Text -> results. */
import type { Engine, Parameters } from '../engine/index.ts';
import { oneAfterTheOther } from '../model/in-turn.ts';
import { statementsIn } from '../model/scan-sql.ts';
import type { SqlResult } from '../run/sql/run-sql.ts';
import type { Workspace } from './open-workspace.ts';

/**
 * Queries have a connection of their own, and take turns on it: the USE around one would change what names
 * mean in statements beside it.
 */
export function queriesOver(
  workspace: Workspace,
): (
  query: string,
  options?: { readonly branch?: string; readonly parameters?: Parameters },
) => Promise<SqlResult> {
  const { project, client, views, endpoint } = workspace;
  let querying: { readonly engine: Engine; readonly connection: Promise<Engine> } | undefined;
  return oneAfterTheOther()(async (query, { branch, parameters } = {}) => {
    const current = await workspace.engine();
    const { forkForQueries } = await import('../engine/index.ts');
    if (querying?.engine !== current) querying = { engine: current, connection: forkForQueries(current) };
    // DuckDB wants a schema to begin with; any one will do.
    const [namespace = project.tables.sessionTable.namespace] = await client.listNamespaces();
    await client.createNamespace(namespace);
    const { runSql } = await import('../run/sql/run-sql.ts');
    return runSql(
      { catalog: client, views, endpoint, engine: await querying.connection },
      { query, statements: statementsIn(query), branch, parameters, schema: namespace.join('.') },
    );
  });
}
