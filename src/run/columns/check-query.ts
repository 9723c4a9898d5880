/**
 * Checks a process's SQL against its sources and its target before anything is written, and follows a change
 * of its columns where the process says so. Query columns + target schema -> nothing, a session on another
 * schema, or one error.
 */
import { compilePlan } from '../../compile/index.ts';
import { appendColumns } from '../../iceberg/append-columns.ts';
import { currentSchema } from '../../iceberg/event-time.ts';
import { fileLayoutOf, isLayout } from '../../iceberg/file-layout.ts';
import type { Schema } from '../../iceberg/table-metadata.ts';
import type { QueryColumn } from '../../model/column-type.ts';
import { columnsToFollow } from '../../workload/port.ts';
import { comparedQuery, type Opened, workOf } from '../session.ts';
import { loadTarget } from '../target.ts';

/**
 * Prepares the query; compares its columns with the target's. Throws DuckDB's complaint,
 * `target-schema-mismatch` or `target-type-mismatch`.
 */
export async function checkQuery(opened: Opened): Promise<Opened> {
  const { plan, spec } = opened;
  const columns = await opened.ports.workload.describe(workOf(opened));
  const target = plan.target.exists ? (await loadTarget(opened)).metadata : undefined;
  const { added } = columnsToFollow(comparedQuery(opened), columns, target);
  if (target === undefined || added.length === 0) return opened;
  return spec.onSchemaChange === 'append'
    ? appendToTarget(opened, columns)
    : leaveOut(opened, columns, currentSchema(target));
}

/**
 * Gives the table a schema with the new columns, which the session works under. It becomes the current one
 * with the commit that publishes: until then, and for ever when the session fails, the table is as it was.
 */
async function appendToTarget(opened: Opened, columns: readonly QueryColumn[]): Promise<Opened> {
  const { ports, spec, view, leftovers } = opened;
  const { table } = spec.target;
  const before = (await loadTarget(opened)).metadata;
  const { 'schema-id': from, ...columnsAdded } = appendColumns(currentSchema(before), columns, before);
  const { metadata } = await ports.catalog.commitTable(table, {
    requirements: [
      { type: 'assert-table-uuid', uuid: before['table-uuid'] },
      { type: 'assert-current-schema-id', 'current-schema-id': from },
      // Two sessions that add columns at once would give different ones the same id.
      { type: 'assert-last-assigned-field-id', 'last-assigned-field-id': before['last-column-id'] },
    ],
    updates: [{ action: 'add-schema', schema: columnsAdded }],
  });
  const schema = { id: Math.max(...metadata.schemas.map((each) => each['schema-id'])), from };
  leftovers.schemaId = schema.id;
  view.useSchema(table, schema.id);
  const widened = { ...opened, schema: schema };
  const found = fileLayoutOf((await loadTarget(widened)).metadata);
  const layout = isLayout(found) ? found : null;
  const { steps: _steps, ...plan } = opened.plan;
  const compiled = compilePlan({ ...plan, target: { ...plan.target, layout } }, spec, ports.workload.dialect);
  return { ...widened, plan: compiled };
}

/** The session's query without the new columns; inside structs DuckDB's cast leaves them out. */
function leaveOut(opened: Opened, columns: readonly QueryColumn[], schema: Schema): Opened {
  const known = new Set(schema.fields.map(({ name }) => name.toLowerCase()));
  const names = columns.map(({ name }) => name).filter((name) => !known.has(name.toLowerCase()));
  if (names.length === 0) return opened;
  const { steps: _steps, ...plan } = opened.plan;
  const { dialect } = opened.ports.workload;
  const sql = dialect.withoutColumns(opened.spec.sql, names);
  return { ...opened, plan: compilePlan(plan, { ...opened.spec, sql }, dialect) };
}
