/** Runs a user's statements over a workspace. Text -> results. */
import type { Engine, Parameters, Script } from '../engine/index.ts';
import { oneAfterTheOther } from '../model/in-turn.ts';
import { statementsIn } from '../model/scan-sql.ts';
import type { FileCopy } from '../run/sql/copy-to-file.ts';
import type { SqlResult } from '../run/sql/run-sql.ts';
import type { Workspace } from './open-workspace.ts';

export interface QueryOptions extends Pick<Script, 'onResult' | 'signal'> {
  readonly branch?: string | undefined;
  readonly parameters?: Parameters;
  /** The rows of the last statement go to a Parquet file; of its result their number is left. */
  readonly copyTo?: FileCopy | undefined;
}

/**
 * Queries have a connection of their own, and take turns on it: the USE around one would change what names
 * mean in statements beside it.
 */
export function queriesOver(
  workspace: Workspace,
): (query: string, options?: QueryOptions) => Promise<SqlResult> {
  const { project, client, views, endpoint } = workspace;
  let querying: { readonly engine: Engine; readonly connection: Promise<Engine> } | undefined;
  return oneAfterTheOther()(async (given, { copyTo, ...options } = {}) => {
    const query =
      copyTo === undefined
        ? given
        : (await import('../run/sql/copy-to-file.ts')).withCopyToFile(given, copyTo);
    const current = await workspace.engine();
    const { forkForQueries } = await import('../engine/index.ts');
    if (querying?.engine !== current) {
      // A statement of the user's may read a file that somebody writes anew.
      await current.looksForChangedFiles();
      querying = { engine: current, connection: forkForQueries(current) };
    }
    // DuckDB wants a schema to begin with; any one will do.
    const [namespace = project.tables.sessionTable.namespace] = await client.listNamespaces();
    await client.createNamespace(namespace);
    const { runSql } = await import('../run/sql/run-sql.ts');
    const ofOneState = project.catalog.kind !== 'rest';
    return runSql(
      { catalog: client, views, endpoint, engine: await querying.connection, ofOneState },
      { ...options, query, statements: statementsIn(query), schema: namespace.join('.') },
    );
  });
}
