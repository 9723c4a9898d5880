/**
 * The audits: queries that select the bad rows of the cohort. Steps -> AuditResult[]. A blocking one that
 * fails stops the publish.
 */
import { hoursRead } from '../compile/index.ts';
import { columnOf, currentSchema } from '../iceberg/event-time.ts';
import { snapshotById } from '../iceberg/history.ts';
import { auditKind } from '../kinds/audits/index.ts';
import { patternOf } from '../kinds/patterns/index.ts';
import { PsybergError, refusal } from '../model/errors.ts';
import type { PlanSource, Step } from '../model/plan.ts';
import type { AuditSpec, ProcessSpec } from '../model/process-spec.ts';
import type { AuditResult } from '../model/run-record.ts';
import type { AuditStep } from '../model/step.ts';
import { keepFailures } from './audit-failures.ts';
import { bindStep } from './bind-step.ts';
import { type RunContext, loadTarget } from './context.ts';
import { missingSource } from './open-branch.ts';
import { type FileRead, checkRowsRead } from './rows-read.ts';
import { mapAuditError } from './sql-error.ts';

/**
 * Counts what the session read and staged; executes the step `count_sources`. Throws `rows-outside-hours` or
 * `rows-not-read`.
 */
export async function countRows(context: RunContext, step: Step): Promise<void> {
  const rows = await context.ports.engine.query<CountedRow>(bindStep(step, {}));
  const [row] = rows;
  const files = rows.filter((each) => each.alias !== null);
  context.rowsRead = files.reduce((sum, each) => sum + each.rows, 0n);
  context.rowsWritten = row?.rows_staged ?? 0n;
  if ((row?.rows_outside ?? 0n) > 0n) throw rowsOutsideHours(context, row?.rows_outside as bigint);
  for (const source of context.plan.sources)
    await checkSourceRead(
      context,
      source,
      files.filter((each) => each.alias === source.alias),
    );
}

interface CountedRow extends FileRead, Record<string, unknown> {
  readonly alias: string | null;
  readonly rows_staged: bigint;
  readonly rows_outside: bigint;
}

async function checkSourceRead(
  context: RunContext,
  source: PlanSource,
  files: readonly FileRead[],
): Promise<void> {
  const { plan, spec, ports } = context;
  if (source.read.kind === 'nothing') return;
  const { table } = spec.sources.find(
    (each) => each.alias === source.alias,
  ) as ProcessSpec['sources'][number];
  const metadata = (await ports.catalog.loadTableToRead(table))?.metadata;
  const snapshot =
    context.changeViews.get(source.alias)?.snapshot ??
    (metadata !== undefined && source.read.kind === 'snapshot'
      ? snapshotById(metadata, BigInt(source.read.snapshot_id))
      : undefined);
  if (metadata === undefined || snapshot === undefined) return missingSource(source);
  const column =
    source.event_time === null ? undefined : columnOf(currentSchema(metadata), source.event_time);
  await checkRowsRead(context, {
    table,
    name: source.table,
    metadata,
    snapshot,
    column:
      column === undefined
        ? undefined
        : {
            fieldId: column.id,
            name: column.name,
            type: String(column.type),
            unit: source.event_time_unit ?? 'us',
          },
    hours: hoursRead(plan, source),
    hourByHour: patternOf(plan).readsPrevious,
    files,
  });
}

function rowsOutsideHours({ plan, spec }: RunContext, count: bigint): PsybergError {
  const column = spec.target.eventTime;
  return refusal(
    'rows-outside-hours',
    `${count} of the rows that ${plan.process_name} computed for ${plan.range?.first_hour}..${plan.range?.last_hour} have a ${column} outside these hours or none; the next session would add them again instead of replacing them`,
    {
      hint: `let ${column} fall into the hour of the source rows that a row is computed from, or leave such rows out of the query`,
      context: { process_name: plan.process_name, column, rows: String(count), range: plan.range },
    },
  );
}

/** Runs one declared audit. */
export async function runAudit(context: RunContext, audit: AuditSpec, step: AuditStep): Promise<AuditResult> {
  const keptRows = Math.max(SAMPLE_ROWS, context.ports.project.auditFailureRows);
  const rows = step.counted
    ? [{ expected: context.rowsRead, actual: context.rowsWritten }]
    : await context.ports.engine
        .query(bindStep(step, { 'kept-rows': keptRows }))
        .catch(async (error: unknown) => {
          throw await inItsFile(context, audit, error);
        });
  const { badRows, ...verdict } = auditKind(audit.kind).judge(rows);
  const sample = badRows.slice(0, SAMPLE_ROWS);
  const { name, severity } = audit;
  return keepFailures(context, { name, severity, kept: null, ...verdict, sample }, badRows);
}

async function inItsFile(context: RunContext, audit: AuditSpec, error: unknown): Promise<unknown> {
  if (!(error instanceof PsybergError) || error.code !== 'sql-failed') return error;
  const { metadata } = await loadTarget(context);
  const columns = currentSchema(metadata).fields.map((field) => field.name);
  return mapAuditError(error, audit, { ...context, project: context.ports.project, columns });
}

/** Rows of a failed audit in the run's record. */
const SAMPLE_ROWS = 10;
