/** Creates a target from the columns of its own query. Query -> table without rows. */
import { createStatement, namedIn, processParameters } from '../../compile/index.ts';
import { patternOf } from '../../kinds/patterns/index.ts';
import type { BoundStatement } from '../../engine/index.ts';
import { conflict, usageError } from '../../model/errors.ts';
import type { CreateTargetStep } from '../../model/step.ts';
import type { SqlFragment } from '../../statements/index.ts';
import { bindStep } from '../bind-step.ts';
import { typeProblem } from '../columns/column-types.ts';
import { inferredSources } from '../columns/infer-previous.ts';
import { markCreatedTable } from '../../markers/session-marker.ts';
import type { Opened } from '../session.ts';
import { loadTarget, targetLayout } from '../target.ts';

/**
 * Executes the step `create-target`. Throws `format-version-unsupported`, `column-type-unsupported`, and
 * `target-moved` when another session has created it meanwhile.
 */
export async function createTarget(opened: Opened, step: CreateTargetStep): Promise<Opened> {
  const { spec, plan, ports, directory } = opened;
  const version = spec.target.properties['format-version'] ?? '2';
  if (version !== '2' && version !== '3')
    throw usageError(
      'format-version-unsupported',
      `the target ${plan.target.table} asks for Iceberg format version ${version}, expected 2 or 3`,
      { hint: 'leave format-version out of target.properties, or set it to "2" or "3"' },
    );
  await ports.catalog.createNamespace(spec.target.table.namespace);
  try {
    const { statement, sources } = await createFromQuery(opened, step);
    await ports.engine.execute(statement).catch(async (error: unknown) => {
      throw await typeProblem(opened, error, sources);
    });
    markCreatedTable(directory, (await loadTarget(opened)).metadata['table-uuid']);
  } catch (error) {
    if (!(await ports.catalog.tableExists(spec.target.table))) throw error;
    // Another session was first: the table, and what it stages there, are its own.
    throw conflict(
      'target-moved',
      `the target ${plan.target.table} was created by another session while this one ran`,
      { hint: 'plan again', context: { target: plan.target.table }, cause: error },
    );
  }
  await targetLayout(opened);
  return opened;
}

/** The statement that creates it; a dimension's has `previous` with the columns that its own SQL gives it. */
async function createFromQuery(
  opened: Opened,
  step: CreateTargetStep,
): Promise<{ readonly statement: BoundStatement; readonly sources?: SqlFragment }> {
  const { spec, plan } = opened;
  if (!patternOf(spec).readsPrevious) return { statement: bindStep(step, {}) };
  const { fragment, parameters, window } = await inferredSources(opened);
  const sql = createStatement(spec, fragment);
  const named = namedIn(sql, { ...processParameters(plan, window), ...parameters });
  return { statement: bindStep({ name: step.name, sql, parameters: named }, {}), sources: fragment };
}
