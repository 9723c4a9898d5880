/**
 * Checks that the SQL of a process, and of its audits, reads only its sources. Spec + engine -> nothing, or
 * an error with the place and what to do.
 */
import { type Binder, type Engine, type ParserVerdict, parseQuery } from '../../engine/index.ts';
import { usageError } from '../../model/errors.ts';
import { lastAnswers } from '../../model/last-answers.ts';
import type { ProcessSpec, ProjectSpec } from '../../model/process-spec.ts';
import { unquoted } from '../../model/scan-sql.ts';
import { macroTables } from './define-macros.ts';
import { tablesNamed } from './macro-reads.ts';
import { type ReadFault, readFaults } from './read-faults.ts';
import { userQueries } from './user-queries.ts';

/** `tree`: of the process's query. Throws `table-not-declared` and `macro-table-undeclared`. */
export async function refuseUndeclared(
  engine: Engine,
  { root }: Pick<ProjectSpec, 'root'>,
  spec: ProcessSpec,
  tree: ParserVerdict,
): Promise<void> {
  const macros = macroTables(engine.definitions);
  for (const query of userQueries(spec)) {
    const parsed = query.kind === 'query' ? tree : await parseQuery<ParserVerdict>(engine, query.sql);
    // What DuckDB cannot parse it says when the query runs.
    if (parsed.error === true && parsed.position !== undefined) continue;
    const found = await engine.tableNames(query.sql);
    const judged = { root, spec, query, tree: parsed.error === true ? undefined : parsed, macros, found };
    throwFirst(spec, readFaults(judged));
  }
}

/** The same without the warehouse, for a plan that has nothing to load. */
export async function refuseUndeclaredTexts(
  binder: Binder,
  { root }: Pick<ProjectSpec, 'root'>,
  spec: ProcessSpec,
): Promise<void> {
  throwFirst(spec, (await readsOfTexts(binder, { root, spec })).faults);
}

/** What the texts of a process read, as far as it cannot be seen as a relation of theirs. */
export interface ReadsOfTexts {
  /** Reads beside what they are given. A text that cannot be parsed has none. */
  readonly faults: readonly ReadFault[];
  /** Names in lower case that they give to macros, to be read by those. */
  readonly named: readonly string[];
}

export const readsOfTexts = (
  binder: Binder,
  { root, spec }: { readonly root: string; readonly spec: ProcessSpec },
): Promise<ReadsOfTexts> =>
  readBefore({ owner: binder, subject: spec, question: root }, () => readsAnew(binder, root, spec));

const readBefore = lastAnswers<Binder, ProcessSpec, ReadsOfTexts>();

async function readsAnew(binder: Binder, root: string, spec: ProcessSpec): Promise<ReadsOfTexts> {
  const queries = userQueries(spec);
  const parsed = await binder.parse(queries.map(({ sql }) => sql));
  const macros = macroTables(binder);
  const faults = queries.flatMap((query, index) => {
    const { tree, fault } = parsed[index] ?? {};
    return fault === undefined ? readFaults({ root, spec, query, tree, macros }) : [];
  });
  const named = parsed.flatMap(({ tree }) => tablesNamed(tree, macros).map(({ name = '' }) => name));
  return { faults, named: named.map((name) => unquoted(name).toLowerCase()) };
}

function throwFirst({ processName }: ProcessSpec, [first]: readonly ReadFault[]): void {
  if (first === undefined) return;
  const { code, file, line, column, message, hint, table } = first;
  throw usageError(code, `${file}:${line}:${column} ${message}`, {
    hint,
    context: { process_name: processName, table, file, line, column },
  });
}
