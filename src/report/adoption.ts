/** Describes what an adoption set, for people. Plan -> text. Pure. */
import type { Plan } from '../model/plan.ts';
import { columnsText, hourLabel, indent, instantLabel, unitsLabel } from './text.ts';

/** `from`: the earlier name of the process, if it continues from there. */
export function adoptionText(plan: Plan, from?: string): string {
  const rows = plan.sources.map((source) => [
    source.table,
    source.head === null
      ? 'no snapshot yet: all its rows will be news'
      : `consumed up to snapshot ${source.head.snapshot_id}, ${instantLabel(source.head.committed_at)}`,
    source.vtts_hour === null ? '' : `complete to ${hourLabel(source.vtts_hour)}`,
  ]);
  const how =
    from === undefined
      ? `has adopted ${plan.target.table}`
      : `goes on where ${from} stopped in ${plan.target.table}`;
  const owed =
    plan.owed_hours.length === 0 ? '' : `\n${indent(`owed: ${unitsLabel(plan, plan.owed_hours)}`, 2)}`;
  return `${plan.process_name} ${how}; the next session loads what came after:\n${indent(columnsText(rows), 2)}${owed}`;
}
