/**
 * Recomputes a target whose process ignores changes of a lookup. RecomputeInput + what sessions used ->
 * table in memory.
 */

import { type LookupUse, recomputeByUse, withLookups } from '../../compare/recompute/lookup-states.ts';
import {
  type RecomputeInput,
  type Relation,
  readRelation,
  recompute,
} from '../../compare/recompute/recompute.ts';
import type { RowsPort } from '../../compare/recompute/rows-port.ts';
import { patternOf } from '../../kinds/patterns/index.ts';
import { compareRows } from './compare.ts';

/**
 * `uses`: undefined if no changes are ignored. Returns `unknown` for a stateless process whose sessions used
 * different states: no table tells which of them made a row.
 */
export async function recomputeAsUsed(
  port: RowsPort,
  input: RecomputeInput,
  uses: readonly LookupUse[] | undefined,
): Promise<Relation | undefined | 'unknown'> {
  if (uses === undefined) return recompute(port, input);
  const last = uses.at(-1);
  if (last === undefined || patternOf(input.spec).loadsHours) return recomputeByUse(port, input, uses);
  return (await areAlike(port, uses)) ? recompute(port, withLookups(input, last)) : 'unknown';
}

/** Whether all sessions used the same rows. */
async function areAlike(port: RowsPort, uses: readonly LookupUse[]): Promise<boolean> {
  const [first, ...others] = uses as [LookupUse, ...LookupUse[]];
  for (const [key, relation] of first.lookups)
    for (const { lookups } of others) {
      const other = lookups.get(key);
      if (other === undefined) return false;
      const [one, two] = [await readRelation(port, relation), await readRelation(port, other)];
      if (compareRows(one.columns, one.rows, two.rows) !== undefined) return false;
    }
  return true;
}
