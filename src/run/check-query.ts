/**
 * Checks a process's SQL against its sources and its target before anything is written, and follows a change
 * of its columns where the process says so. Query columns + target schema -> nothing, a session on another
 * schema, or one error.
 */
import { columnTypesStatement, compilePlan } from '../compile/index.ts';
import { parseColumnType } from '../engine/index.ts';
import { appendColumns } from '../iceberg/append-columns.ts';
import { currentSchema } from '../iceberg/event-time.ts';
import { fileLayoutOf, isLayout } from '../iceberg/file-layout.ts';
import { fitColumns } from '../iceberg/fit-columns.ts';
import type { Schema } from '../iceberg/table-metadata.ts';
import { patternOf } from '../kinds/patterns/index.ts';
import type { QueryColumn } from '../model/column-type.ts';
import { type SqlFragment, withoutColumnsQuery } from '../statements/index.ts';
import { bindStep } from './bind-step.ts';
import { type RunContext, loadTarget, showTables } from './context.ts';
import { inferredSources } from './infer-previous.ts';
import { refuseColumns, refuseMissingEventTime } from './refuse-columns.ts';

/**
 * Prepares the query; compares its columns with the target's. Throws DuckDB's complaint,
 * `target-schema-mismatch` or `target-type-mismatch`.
 */
export async function checkQuery(context: RunContext): Promise<void> {
  const { plan, spec } = context;
  const columns = await queryColumns(context);
  refuseMissingEventTime(context, columns);
  if (!plan.target.exists) return;
  const schema = currentSchema((await loadTarget(context)).metadata);
  const differences = fitColumns(columns, schema.fields);
  refuseColumns(context, schema, differences);
  if (differences.added.length === 0) return;
  if (spec.onSchemaChange === 'append') await appendToTarget(context, columns);
  else leaveOut(context, columns, schema);
}

async function queryColumns(context: RunContext): Promise<QueryColumn[]> {
  const { plan, spec, ports } = context;
  const ask = (sources?: SqlFragment) =>
    ports.engine.table(bindStep({ name: 'check_query', ...columnTypesStatement(plan, spec, sources) }, {}));
  const { readsPrevious } = patternOf(spec);
  const { columns, rows } =
    readsPrevious && !plan.target.exists
      ? await ask(await inferredSources(context))
      : await ask().catch(async (error: unknown) => {
          // It may read a column of `previous` that it is about to add.
          if (!readsPrevious || spec.onSchemaChange !== 'append') throw error;
          return ask(await inferredSources(context));
        });
  return columns.map(({ name }, index) => ({ name, type: parseColumnType(String(rows[0]?.[index])) }));
}

/**
 * Gives the table a schema with the new columns, which the session works under. It becomes the current one
 * with the commit that publishes: until then, and for ever when the session fails, the table is as it was.
 */
async function appendToTarget(context: RunContext, columns: readonly QueryColumn[]): Promise<void> {
  const { catalog } = context.ports;
  const { table } = context.spec.target;
  const before = (await loadTarget(context)).metadata;
  const { 'schema-id': from, ...schema } = appendColumns(currentSchema(before), columns, before);
  const { metadata } = await catalog.commitTable(table, {
    requirements: [
      { type: 'assert-table-uuid', uuid: before['table-uuid'] },
      { type: 'assert-current-schema-id', 'current-schema-id': from },
      // Two sessions that add columns at once would give different ones the same id.
      { type: 'assert-last-assigned-field-id', 'last-assigned-field-id': before['last-column-id'] },
    ],
    updates: [{ action: 'add-schema', schema }],
  });
  context.schema = { id: Math.max(...metadata.schemas.map((each) => each['schema-id'])), from };
  showTables(context, [...context.viewTables.values()]);
  const found = fileLayoutOf((await loadTarget(context)).metadata);
  const layout = isLayout(found) ? found : null;
  const { steps: _steps, ...plan } = context.plan;
  context.plan = compilePlan({ ...plan, target: { ...plan.target, layout } }, context.spec);
}

/** The session's query without the new columns; inside structs DuckDB's cast leaves them out. */
function leaveOut(context: RunContext, columns: readonly QueryColumn[], schema: Schema): void {
  const known = new Set(schema.fields.map(({ name }) => name.toLowerCase()));
  const names = columns.map(({ name }) => name).filter((name) => !known.has(name.toLowerCase()));
  if (names.length === 0) return;
  const { steps: _steps, ...plan } = context.plan;
  const sql = withoutColumnsQuery(context.spec.sql, names);
  context.plan = compilePlan(plan, { ...context.spec, sql });
}
