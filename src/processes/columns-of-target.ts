/**
 * Tells of a plan what its session makes of a query whose columns are not those of its target. Plan + bound
 * query -> plan. Reads only.
 */
import { columnTypeText } from '../model/column-type.ts';
import type { Plan } from '../model/plan.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import { comparedTarget } from '../workload/columns/refuse-columns.ts';
import { type BoundQuery, compareBound } from '../workload/duckdb/compare-bound.ts';
import type { Workspace } from '../workspace/open-workspace.ts';

/**
 * Without work nothing is written, and the target stays as it is. Throws `target-schema-mismatch` and the
 * like, with which the session would end.
 */
export async function withColumnsCompared(
  { client, project }: Workspace,
  {
    spec,
    plan,
    bound,
  }: { readonly spec: ProcessSpec; readonly plan: Plan; readonly bound: BoundQuery | undefined },
): Promise<Plan> {
  if (bound === undefined || plan.status !== 'work') return plan;
  const metadata = (await client.loadTable(spec.target.table))?.metadata;
  const compared = { spec, root: project.root, target: comparedTarget(spec, metadata) };
  const differences = await compareBound(compared, bound, metadata);
  if (differences === undefined) return plan;
  const { added, missing } = differences;
  const columns = added.map(({ path, type }) => ({ name: path, type: columnTypeText(type) }));
  const isAdded = spec.onSchemaChange === 'append';
  const followed = {
    added: isAdded ? columns : [],
    left_out: isAdded ? [] : columns,
    missing: missing.map(({ path }) => path),
  };
  return { ...plan, target: { ...plan.target, columns: followed } };
}
