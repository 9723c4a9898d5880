/** Whether the SQL of a process parses and reads its sources alone. Spec -> tree, or an error. */
import type { Engine, ParserVerdict } from '../../engine/index.ts';
import type { ProcessSpec, ProjectSpec } from '../../model/process-spec.ts';
import { refuseUndeclared } from './refuse-undeclared.ts';
import { checkSyntax } from './sql-error.ts';

/** Throws `process-sql-failed`, `table-not-declared` and `macro-table-undeclared`. */
export async function judgeSql(
  engine: Engine,
  project: Pick<ProjectSpec, 'root'>,
  spec: ProcessSpec,
): Promise<ParserVerdict> {
  const tree = await checkSyntax(engine, project, spec);
  await refuseUndeclared(engine, project, spec, tree);
  return tree;
}
