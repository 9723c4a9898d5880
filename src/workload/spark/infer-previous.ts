/**
 * `previous` of a dimension whose target is not there yet, as its own SQL makes it. Query -> CTE without
 * rows. The columns that it reads are asked of Spark one by one, as it complains of those that are missing;
 * their types are those of the columns of that name that the query returns.
 */
import { sparkQueryStep } from '../../compile/index.ts';
import type { BoundStatement } from '../../engine/index.ts';
import { PsybergError, usageError } from '../../model/errors.ts';
import type { Plan } from '../../model/plan.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import { type SqlFragment, sparkEmptyCteFragment } from '../../statements/index.ts';
import { bindStep } from '../bind-step.ts';
import type { SparkColumn } from './connect/client.ts';
import { sparkTypeText } from './connect/types.ts';
import type { AttachedSpark } from './session.ts';

/** The query of a process as it is described. */
export const checkedQuery = (plan: Plan, spec: ProcessSpec, previous?: SqlFragment): BoundStatement =>
  bindStep({ kind: 'compute-hour', name: 'check_query', ...sparkQueryStep(plan, spec, previous) }, {});

/** A name of no type may take three rounds until it has one: it depends on another that does. */
const ROUNDS_MAX = 100;

/** Throws Spark's complaint about the query, and `previous-column`. */
export async function previousInferred(
  spark: AttachedSpark,
  plan: Plan,
  spec: ProcessSpec,
): Promise<SqlFragment> {
  let types = new Map<string, string>([[(spec.target.eventTime as string).toLowerCase(), 'timestamp']]);
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const cte = previousOf(types);
    const described = await columnsOrMissing(spark, checkedQuery(plan, spec, cte));
    if ('missing' in described) {
      if (types.has(described.missing)) throw described.error;
      types.set(described.missing, 'void');
      continue;
    }
    const found = typesOf(types, described.columns, spec);
    if ([...found].every(([name, type]) => types.get(name) === type)) return cte;
    types = found;
  }
  throw usageError(
    'previous-column',
    `the types of the columns of previous in ${spec.processName} depend on each other`,
    {
      hint: 'cast them in the query, such as cast(previous.total as bigint)',
    },
  );
}

const previousOf = (types: ReadonlyMap<string, string>): SqlFragment =>
  sparkEmptyCteFragment(
    'previous',
    [...types].map(([name, type]) => ({ name, type })),
  );

/** Their types as the query returns them. */
function typesOf(
  types: ReadonlyMap<string, string>,
  columns: readonly SparkColumn[],
  spec: ProcessSpec,
): Map<string, string> {
  const returned = new Map(columns.map(({ name, type }) => [name.toLowerCase(), sparkTypeText(type)]));
  return new Map(
    [...types.keys()].map((name) => {
      const type = returned.get(name);
      if (type === undefined)
        throw usageError(
          'previous-column',
          `the SQL of ${spec.processName} reads the column ${name} of previous, or of another table, and does not return it`,
          {
            hint: 'previous has the columns that the query returns: return it, or correct the name',
          },
        );
      return [name, type];
    }),
  );
}

async function columnsOrMissing(
  spark: AttachedSpark,
  query: BoundStatement,
): Promise<{ readonly columns: SparkColumn[] } | { readonly missing: string; readonly error: unknown }> {
  try {
    return { columns: await spark.columns(query) };
  } catch (error) {
    const names = error instanceof PsybergError ? UNRESOLVED.exec(error.message)?.[1] : undefined;
    const missing = names?.split('`.`').at(-1)?.replaceAll('`', '').toLowerCase();
    if (missing === undefined) throw error;
    return { missing, error };
  }
}

/** Read by its name, or to join with. */
const UNRESOLVED = /^\[UNRESOLVED_(?:COLUMN|USING_COLUMN_FOR_JOIN)[^\]]*\][^`]*(`.+?`) cannot be resolved/;
