/**
 * A user's statements over the warehouse, or over a branch of its tables. Text -> results, and what was read
 * from where.
 */
import { randomUUID } from 'node:crypto';
import { branchesText, findBranch, type ShownAs, tablesOf } from '../../catalog/index.ts';
import {
  type Engine,
  isSchemaUnknown,
  type Parameters,
  type ResultRows,
  type Script,
  type ScriptChange,
} from '../../engine/index.ts';
import type { TableIdentifier } from '../../iceberg/table-metadata.ts';
import { LAKE_CATALOG } from '../../model/engines.ts';
import { usageError } from '../../model/errors.ts';
import { tableName } from '../../model/names.ts';
import { quoteIdentifier, renderStatement } from '../../statements/index.ts';
import type { RunPorts } from '../ports.ts';
import { watchMisled } from './misled-sql.ts';

export interface SqlRequest extends Pick<Script, 'onResult' | 'signal'> {
  readonly query: string;
  /** The text of each of its statements. */
  readonly statements: readonly string[];
  /** A branch or a tag. */
  readonly branch?: string | undefined;
  readonly parameters?: Parameters | undefined;
  /** Any namespace that exists: DuckDB wants one to begin with. */
  readonly schema: string;
}

/** The result of the last statement, and those of all. */
export interface SqlResult extends ResultRows {
  readonly results: readonly ResultRows[];
  /** With a branch: each table that was read, as `schema.table`, and what of it. */
  readonly branches?: Readonly<Record<string, ShownAs>>;
}

type SqlPorts = Pick<RunPorts, 'catalog' | 'views' | 'endpoint'> & {
  readonly engine: Engine;
  /** True where a look at a table's pointer costs next to nothing. */
  readonly ofOneState: boolean;
};

/** The catalog under which DuckDB sees the tables of one branch. */
const BRANCH_CATALOG = 'lake_branch';

/**
 * Runs a text of statements. Throws `sql-failed`; `branch-unknown` before a statement runs that reads tables
 * of which none has the branch; `query-empty`, `parameter-missing`, `parameter-unknown`, `parameter-type`.
 */
export async function runSql(ports: SqlPorts, request: SqlRequest): Promise<SqlResult> {
  const { branch } = request;
  if (request.statements.length === 0)
    throw usageError('query-empty', 'there is no statement in the query', {
      hint: 'psyberg sql "show tables" lists the tables',
    });
  if (branch === undefined) return { ...(await inCatalog(ports, LAKE_CATALOG, request)) };
  const name = `sql_${randomUUID()}`;
  const read = new Map<string, ShownAs>();
  ports.views.openBranch({ name, branch, onLoad: (table, shown) => read.set(tableName(table), shown) });
  try {
    await ports.engine.attach({ name: BRANCH_CATALOG, warehouse: name, ...ports.endpoint });
    const result = await inCatalog(ports, BRANCH_CATALOG, request, branchCheck(ports, branch, read));
    return {
      ...result,
      branches: Object.fromEntries([...read].toSorted(([one], [other]) => (one < other ? -1 : 1))),
    };
  } finally {
    await ports.engine.detach(BRANCH_CATALOG);
    ports.views.close(name);
  }
}

async function inCatalog(
  { engine, catalog, views, ofOneState }: SqlPorts,
  name: string,
  { query, statements, parameters = {}, schema, onResult, signal }: SqlRequest,
  beforeRun?: () => Promise<void>,
): Promise<SqlResult> {
  const watch = watchMisled({ catalog, views, engine }, { query, statements, parameters, ofOneState });
  let succeeded = false;
  const results = await engine
    .inDatabase({ name, schema }, () =>
      engine.script({
        sql: query,
        parameters,
        change: (index, count) => {
          const known = count === statements.length ? statements[index] : undefined;
          watch.begin(known ?? query);
          return known === undefined ? undefined : changeOf(known, catalog);
        },
        readsAllFiles: watch.readsAllFiles,
        isMisled: () => watch.isMisled(),
        isWorthAgain: watch.isMixed,
        ...(beforeRun === undefined ? {} : { beforeRun }),
        ...(onResult === undefined ? {} : { onResult }),
        ...(signal === undefined ? {} : { signal }),
      }),
    )
    .then((all) => {
      succeeded = true;
      return all;
    })
    .catch(async (error: unknown) => {
      // Somebody may make it before the next query.
      if (isSchemaUnknown(error)) await engine.forgetSchemas(name);
      throw watch.refusal() ?? error;
    })
    .finally(() => watch.close(succeeded));
  return { ...(results.at(-1) ?? NO_ROWS), results };
}

const NO_ROWS: ResultRows = { columns: [], rows: [], toObjects: () => [] };

const LISTING = /^show\s+(all\s+)?tables\s*(--.*)?$/i;
/** Of more tables `show all tables` leaves the columns out. */
const TABLES_MAX = 500;

/**
 * The lists of tables. Of `show tables` DuckDB's own answer is one schema, which nobody has chosen here; of
 * `show all tables` it is `__` for the columns of a table that it has not met yet.
 */
function changeOf(statement: string, catalog: SqlPorts['catalog']): Promise<ScriptChange> | undefined {
  const [listing, all] = LISTING.exec(statement) ?? [];
  if (listing === undefined) return undefined;
  return (async () => {
    const tables: TableIdentifier[] = [];
    for await (const table of tablesOf(catalog)) tables.push(table);
    if (all === undefined)
      return {
        instead: {
          sql: renderStatement('run/show_tables'),
          parameters: { tables: tables.map(tableName) },
        },
      };
    return { bindFirst: tables.length > TABLES_MAX ? [] : tables.map(everything) };
  })();
}

const everything = ({ namespace, name }: TableIdentifier): string =>
  `from ${quoteIdentifier(namespace.join('.'))}.${quoteIdentifier(name)}`;

/**
 * Looks at what was read so far, before each statement: a branch that no table of the query has is
 * misspelled, and `main` in its place would be a wrong answer.
 */
function branchCheck(
  { catalog }: SqlPorts,
  branch: string,
  read: ReadonlyMap<string, ShownAs>,
): () => Promise<void> {
  let exists = branch === 'main';
  return async () => {
    if (branch === 'main' || [...read.values()].some((shown) => shown !== 'main')) return;
    if (read.size === 0 && exists) return;
    const { found, branches } = await findBranch(catalog, branch);
    if (read.size === 0 && found) exists = true;
    else throw branchUnknown(branch, [...read.keys()], found ? undefined : branchesText(branches));
  };
}

/** `others`: the branches that there are; undefined when other tables have this one. */
function branchUnknown(branch: string, tables: readonly string[], others: string | undefined): Error {
  const read = tables.length === 0 ? '' : ` of the query (${tables.toSorted().join(', ')})`;
  return usageError(
    'branch-unknown',
    `no table${read} has a branch or tag ${JSON.stringify(branch)}${others === undefined ? ', only other tables do' : `: ${others}`}`,
    {
      hint:
        others === undefined
          ? 'leave --branch out to read main, or name a table that has the branch'
          : 'correct the name, or leave it out to read main',
      context: { branch, tables },
    },
  );
}
