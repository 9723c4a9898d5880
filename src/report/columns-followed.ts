/** Says how a session follows a query whose columns are not those of its target. Plan -> texts. Pure. */
import type { CompiledPlan, PlanColumn } from '../model/plan.ts';

const named = ({ name, type }: PlanColumn): string => `${name} (${type})`;

/** No text where the columns are the same. */
export function columnsFollowed({ target: { table, columns } }: Pick<CompiledPlan, 'target'>): string[] {
  if (columns === undefined) return [];
  const { added, left_out: leftOut, missing } = columns;
  return [
    ...(added.length === 0 ? [] : [`${table} gets ${added.map(named).join(', ')}`]),
    ...(leftOut.length === 0
      ? []
      : [`left out, since ${table} has no such column: ${leftOut.map(named).join(', ')}`]),
    ...(missing.length === 0
      ? []
      : [`NULL in the new rows, since the query does not return it: ${missing.join(', ')}`]),
  ];
}
