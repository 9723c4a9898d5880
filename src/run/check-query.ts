/**
 * Checks a process's SQL against its sources and its target before anything is written. Query columns +
 * target schema -> nothing, or one error.
 */
import { describeStatement } from '../compile/index.ts';
import { currentSchema } from '../iceberg/event-time.ts';
import { usageError } from '../model/errors.ts';
import { bindStep } from './bind-step.ts';
import { type RunContext, loadTarget } from './context.ts';

/**
 * Prepares the query; compares its columns with the target's. Throws DuckDB's complaint, or
 * `target-schema-mismatch`.
 */
export async function checkQuery(context: RunContext): Promise<void> {
  const { plan, spec, ports } = context;
  // A dimension's first session has no `previous` to check against; creating the target prepares its query.
  if (!plan.target.exists && spec.pattern === 'dimension') return;
  const { columns } = await ports.engine.table(
    bindStep({ name: 'check_query', ...describeStatement(plan, spec) }, {}),
  );
  if (!plan.target.exists) return;
  const { metadata } = await loadTarget(context);
  const inTarget = new Set(currentSchema(metadata).fields.map((field) => field.name.toLowerCase()));
  const inQuery = new Set(columns.map((column) => column.name.toLowerCase()));
  const unknown = columns.filter((column) => !inTarget.has(column.name.toLowerCase()));
  if (unknown.length > 0)
    throw usageError(
      'target-schema-mismatch',
      `${spec.file} returns ${unknown.map((column) => `${column.name} (${column.type})`).join(', ')}, but the target ${plan.target.table} has no such column`,
      {
        hint: `add it: psyberg sql "alter table ${plan.target.table} add column ${unknown[0]?.name} ${unknown[0]?.type}", or leave it out of the select list`,
        context: { target: plan.target.table, columns: unknown.map((column) => column.name) },
      },
    );
  const missing = currentSchema(metadata).fields.filter((field) => !inQuery.has(field.name.toLowerCase()));
  const required = missing.filter((field) => field.required);
  if (required.length > 0)
    throw usageError(
      'target-schema-mismatch',
      `${spec.file} does not return ${required.map((field) => field.name).join(', ')}, which the target ${plan.target.table} requires`,
      {
        hint: 'add the column to the select list',
        context: { target: plan.target.table, columns: required.map((field) => field.name) },
      },
    );
}
