/** Creates the target of a first session from the columns of its own query. Query -> table without rows. */
import { isSchemaUnknown } from '../../engine/index.ts';
import { markCreatedTable } from '../../markers/session-marker.ts';
import { LAKE_CATALOG } from '../../model/engines.ts';
import { conflict, usageError } from '../../model/errors.ts';
import type { CreateTargetStep } from '../../model/step.ts';
import { type Opened, workOf } from '../session.ts';
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
    await createKnown(opened, step);
    markCreatedTable(directory, (await loadTarget(opened)).metadata['table-uuid']);
  } catch (error) {
    if (!(await ports.catalog.tableExists(spec.target.table))) throw error;
    // Another session created it first: the table, and what is staged there, belong to that session.
    throw conflict(
      'target-moved',
      `the target ${plan.target.table} was created by another session while this one ran`,
      { hint: 'plan again', context: { target: plan.target.table }, cause: error },
    );
  }
  await targetLayout(opened);
  return opened;
}

/** Creates the table; again if DuckDB remembers from an earlier query that the namespace did not exist. */
async function createKnown(opened: Opened, step: CreateTargetStep): Promise<void> {
  const { engine, workload } = opened.ports;
  try {
    await workload.create(workOf(opened), step);
  } catch (error) {
    if (!isSchemaUnknown(error)) throw error;
    await engine.forgetSchemas(LAKE_CATALOG);
    await workload.create(workOf(opened), step);
  }
}
