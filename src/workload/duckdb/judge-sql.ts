/** Checks that the SQL of a process parses and reads only its sources. Spec -> tree, or an error. */
import { type Engine, type ParserVerdict, parseQuery } from '../../engine/index.ts';
import { engineOf } from '../../model/engines.ts';
import { keepNewest } from '../../model/keep-newest.ts';
import type { ProcessSpec, ProjectSpec } from '../../model/process-spec.ts';
import { refuseUndeclared } from './refuse-undeclared.ts';
import { checkSyntax } from './sql-error.ts';
import { userQueries } from './user-queries.ts';

/** What was found right, by engine and its macros; those asked for last at the end. */
const judged = new WeakMap<Engine, Map<string, ParserVerdict>>();
/** A tree of a query of 50 lines is about 100 kB. */
const JUDGED_MAX = 50;

/**
 * Nothing of SQL that is another engine's: that one judges it when the session opens. The same texts are
 * judged once by an engine: sessions of a process that follow each other have the same. Throws
 * `process-sql-failed`, `table-not-declared` and `macro-table-undeclared`.
 */
export async function judgeSql(
  engine: Engine,
  project: Pick<ProjectSpec, 'root'>,
  spec: ProcessSpec,
): Promise<ParserVerdict | undefined> {
  if (engineOf(spec) !== 'duckdb') return undefined;
  const known = judged.get(engine) ?? new Map<string, ParserVerdict>();
  judged.set(engine, known);
  const key = JSON.stringify([engine.definitions, userQueries(spec)]);
  const tree = known.get(key) ?? (await judge(engine, project, spec));
  keepNewest(known, [key, tree], { max: JUDGED_MAX });
  return tree;
}

/** Of SQL that is another engine's: the tree where DuckDB's parser reads it all the same. */
export async function treeWhereRead(
  engine: Engine,
  { sql }: ProcessSpec,
): Promise<ParserVerdict | undefined> {
  const tree = await parseQuery<ParserVerdict>(engine, sql);
  return tree.error === true ? undefined : tree;
}

async function judge(
  engine: Engine,
  project: Pick<ProjectSpec, 'root'>,
  spec: ProcessSpec,
): Promise<ParserVerdict> {
  const tree = await checkSyntax(engine, project, spec);
  await refuseUndeclared(engine, project, spec, tree);
  return tree;
}
