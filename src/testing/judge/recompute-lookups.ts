/**
 * A target as its process means it where changes of a lookup are ignored: every hour by the lookup as it was
 * in the session that computed the hour last. RecomputeInput + what sessions used -> table in memory.
 */
import { patternOf } from '../../kinds/patterns/index.ts';
import type { Hour } from '../../model/hour.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import {
  eventHourFragment,
  hourListFragment,
  renderStatement,
  type SqlFragment,
  shapedColumnsFragment,
  statementFragment,
  type TestColumn,
} from '../../statements/index.ts';
import type { LookupUse } from '../play/lookup-uses.ts';
import { memoryTable } from '../world/make-tables.ts';
import type { Sandbox } from '../world/sandbox.ts';
import { compareRows } from './compare.ts';
import { type RecomputeInput, type Relation, readRelation, recompute } from './recompute.ts';

/**
 * `unknown`: a stateless process whose sessions used different states. Which of them made a row no table
 * tells.
 */
export async function recomputeAsUsed(
  sandbox: Sandbox,
  input: RecomputeInput,
  uses: readonly LookupUse[],
): Promise<Relation | undefined | 'unknown'> {
  const last = uses.at(-1);
  if (last === undefined) return recompute(sandbox, input);
  const { spec } = input;
  if (!patternOf(spec).loadsHours)
    return (await areAlike(sandbox, uses)) ? recompute(sandbox, withLookups(input, last)) : 'unknown';
  if (patternOf(spec).readsPrevious)
    return recompute(sandbox, {
      ...input,
      relationsOf: (hour) => withLookups(input, useOf(uses, hour) ?? last).relations,
    });
  return byHours(sandbox, input, uses);
}

const useOf = (uses: readonly LookupUse[], hour: Hour): LookupUse | undefined =>
  uses.findLast(({ hours }) => hours.has(hour));

const withLookups = (input: RecomputeInput, { lookups }: LookupUse): RecomputeInput => ({
  ...input,
  relations: new Map([...input.relations, ...lookups]),
});

/** The whole query by each state that was used, and of each its hours. */
async function byHours(
  sandbox: Sandbox,
  input: RecomputeInput,
  uses: readonly LookupUse[],
): Promise<Relation | undefined> {
  const table = memoryTable(input.name);
  const parts: string[] = [];
  let columns: readonly TestColumn[] = [];
  for (const [index, use] of uses.entries()) {
    const name = `${input.name}_${index}`;
    const made = await recompute(sandbox, { ...withLookups(input, use), name });
    if (made === undefined) return undefined;
    columns = made.columns;
    const hour = hourOf(input.spec, columns);
    const { rows } = await sandbox.run('test/changed_hours', { table: made.table, hour });
    // An hour that no session has computed is expected by the newest state, and found to be missing.
    const own = rows
      .map(([found]) => Number(found))
      .filter((found) => (useOf(uses, found) ?? uses.at(-1)) === use);
    if (own.length > 0)
      parts.push(renderStatement('test/in_hours', { table: made.table, hours: hourListFragment(own), hour }));
  }
  const none = renderStatement('test/no_rows', {
    columns: shapedColumnsFragment(columns.map((column) => ({ ...column, from: undefined }))),
  });
  const query = statementFragment(parts.length === 0 ? none : parts.join('\nunion all\n'));
  await sandbox.run('test/create_from', { table, query });
  return { table, columns };
}

function hourOf({ target }: ProcessSpec, columns: readonly TestColumn[]): SqlFragment {
  const eventTime = columns.find(({ name }) => name.toLowerCase() === target.eventTime?.toLowerCase());
  return eventHourFragment(eventTime as TestColumn, undefined);
}

/** Whether all sessions used the same rows. */
async function areAlike(sandbox: Sandbox, uses: readonly LookupUse[]): Promise<boolean> {
  const [first, ...others] = uses as [LookupUse, ...LookupUse[]];
  for (const [key, relation] of first.lookups)
    for (const { lookups } of others) {
      const other = lookups.get(key);
      if (other === undefined) return false;
      const [one, two] = [await readRelation(sandbox, relation), await readRelation(sandbox, other)];
      if (compareRows(one.columns, one.rows, two.rows) !== undefined) return false;
    }
  return true;
}
