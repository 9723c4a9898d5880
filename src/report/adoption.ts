/** What an adoption set, for people. Plan -> text. Pure. */
import type { Plan } from '../model/plan.ts';
import { columnsText, hourLabel, indent, instantLabel } from './text.ts';

export function adoptionText(plan: Plan): string {
  const rows = plan.sources.map((source) => [
    source.table,
    source.head === null
      ? 'no snapshot yet: all its rows will be news'
      : `consumed up to snapshot ${source.head.snapshot_id}, ${instantLabel(source.head.committed_at)}`,
    source.vtts_hour === null ? '' : `complete to ${hourLabel(source.vtts_hour)}`,
  ]);
  return `${plan.process_name} has adopted ${plan.target.table}; the next session loads what came after:\n${indent(columnsText(rows), 2)}`;
}
