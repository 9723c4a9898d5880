/**
 * Recomputes a target whose process ignores changes of a lookup: every hour with the lookup as it was in the
 * session that last computed the hour. RecomputeInput + what sessions used -> table in memory.
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
import { type RecomputeInput, type Relation, recompute } from './recompute.ts';
import type { RowsPort } from './rows-port.ts';

/** What a published session used, or several sessions that used the same. */
export interface LookupUse {
  /** The hours that it computed. */
  readonly hours: ReadonlySet<Hour>;
  /** The lookups as it read them, keyed by table. */
  readonly lookups: ReadonlyMap<string, Relation>;
}

/** For a process that loads hours. `uses`: oldest first; the last one that has an hour has made it. */
export async function recomputeByUse(
  port: RowsPort,
  input: RecomputeInput,
  uses: readonly LookupUse[],
): Promise<Relation | undefined> {
  const last = uses.at(-1);
  if (last === undefined) return recompute(port, input);
  if (patternOf(input.spec).readsPrevious)
    return recompute(port, {
      ...input,
      relationsOf: (hour) => withLookups(input, useOf(uses, hour) ?? last).relations,
    });
  return byHours(port, input, uses);
}

const useOf = (uses: readonly LookupUse[], hour: Hour): LookupUse | undefined =>
  uses.findLast(({ hours }) => hours.has(hour));

export const withLookups = (input: RecomputeInput, { lookups }: LookupUse): RecomputeInput => ({
  ...input,
  relations: new Map([...input.relations, ...lookups]),
});

/** Runs the whole query with each state that was used, and takes the hours of that state from it. */
async function byHours(
  port: RowsPort,
  input: RecomputeInput,
  uses: readonly LookupUse[],
): Promise<Relation | undefined> {
  const table = input.tableNamed(input.name);
  const parts: string[] = [];
  let columns: readonly TestColumn[] = [];
  for (const [index, use] of uses.entries()) {
    const name = `${input.name}_${index}`;
    const made = await recompute(port, { ...withLookups(input, use), name });
    if (made === undefined) return undefined;
    columns = made.columns;
    const hour = hourOf(input.spec, columns);
    const { rows } = await port.run('test/changed_hours', { table: made.table, hour });
    // An hour that no session has computed is expected with the newest state, and then found to be missing.
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
  await port.run('test/create_from', { table, query });
  return { table, columns };
}

function hourOf({ target }: ProcessSpec, columns: readonly TestColumn[]): SqlFragment {
  const eventTime = columns.find(({ name }) => name.toLowerCase() === target.eventTime?.toLowerCase());
  return eventHourFragment(eventTime as TestColumn, undefined);
}
