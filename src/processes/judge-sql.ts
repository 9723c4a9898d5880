/** Whether the SQL of a process parses and reads its sources alone. Spec -> tree, or an error with its place. */
import type { ParserVerdict } from '../engine/index.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import { refuseUndeclared } from '../workload/duckdb/refuse-undeclared.ts';
import { checkSyntax } from '../workload/duckdb/sql-error.ts';
import type { Workspace } from '../workspace/open-workspace.ts';

/** Throws `process-sql-failed`, `table-not-declared` and `macro-table-undeclared`. */
export async function judgeSql(
  { engine, project }: Pick<Workspace, 'engine' | 'project'>,
  spec: ProcessSpec,
): Promise<ParserVerdict> {
  const tree = await checkSyntax(await engine(), project, spec);
  await refuseUndeclared(await engine(), project, spec, tree);
  return tree;
}
