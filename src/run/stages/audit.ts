/**
 * The fourth stage: counts what was read and staged, and runs the audits, each a query that selects bad rows.
 * Composed -> Audited. A failed audit with severity `block` stops the publish.
 */
import { hoursRead, windowReach } from '../../compile/index.ts';
import { columnOf, currentSchema } from '../../iceberg/event-time.ts';
import { type AuditRow, auditKind } from '../../kinds/audits/index.ts';
import { patternOf } from '../../kinds/patterns/index.ts';
import { assertNever, PsybergError, refusal } from '../../model/errors.ts';
import type { PlanSource } from '../../model/plan.ts';
import type { AuditSpec } from '../../model/process-spec.ts';
import type { AuditResult } from '../../model/run-record.ts';
import {
  type AuditStep,
  type CountSourcesStep,
  type CountStagedStep,
  type StepOf,
  stepsOf,
} from '../../model/step.ts';
import { keepFailures } from '../checks/audit-failures.ts';
import { checkFilesRead } from '../checks/files-read.ts';
import { checkHoursReached } from '../checks/hours-reached.ts';
import { withRowsAside } from '../checks/rows-aside.ts';
import { checkRowsCompared } from '../checks/rows-compared.ts';
import { checkRowsRead, type FileRead } from '../checks/rows-read.ts';
import { countedByWriter } from '../checks/rows-staged.ts';
import type { RunPorts } from '../ports.ts';
import { type Audited, type Begun, type Composed, type Opened, unaudited, workOf } from '../session.ts';
import { loadTarget } from '../target.ts';
import { sourceAsRead } from '../views/show-sources.ts';
import { showStaged } from './compose.ts';
import { duringStage, foldSteps } from './fold-steps.ts';

/**
 * Runs the audits. Throws `rows-outside-hours`, `rows-without-source`, `hours-not-alone`, `rows-not-alone`,
 * `rows-not-read` or `audit-sql-failed`; a failed audit is not an error.
 */
export const auditStage = (composed: Composed): Promise<Audited> =>
  duringStage(composed, 'audit', async () =>
    foldSteps(await begunAhead(unaudited(composed)), 'audit', (audited, step) => {
      tellAudits(audited, step);
      return auditStep(audited, step);
    }),
  );

/** If the engine can run several statements at once, starts all that have to run. */
async function begunAhead(audited: Audited): Promise<Audited> {
  const { workload, project } = audited.ports;
  if (workload.ahead === undefined) return audited;
  const asked = stepsOf(audited.plan, 'audit').filter((step) => hasToRun(audited, step));
  const shown = asked.some(({ kind }) => kind !== 'count-sources') ? await showStaged(audited) : audited;
  workload.ahead(asked, keptRowsOf(project));
  return shown;
}

function hasToRun(audited: Audited, step: StepOf<'audit'>): boolean {
  switch (step.kind) {
    case 'count-sources':
      return true;
    case 'count-staged':
      return countedByWriter(audited) === undefined;
    case 'audit':
      return rowsTold(audited, step, declaredAudit(audited, step)) === undefined;
    default:
      return assertNever(step);
  }
}

function tellAudits({ ports, plan }: Audited, step: StepOf<'audit'>): void {
  const steps = stepsOf(plan, 'audit');
  ports.onProgress({
    kind: 'parts',
    subject: plan.process_name,
    action: 'audit',
    done: steps.indexOf(step),
    total: steps.length,
    unit: 'audit',
  });
}

async function auditStep(audited: Audited, step: StepOf<'audit'>): Promise<Audited> {
  switch (step.kind) {
    case 'count-sources':
      return countSources(audited, step);
    case 'count-staged':
      return countRowsStaged(audited, step);
    case 'audit':
      return runAudit(audited, step);
    default:
      return assertNever(step);
  }
}

/** Counts what the session read. */
async function countSources(audited: Audited, step: CountSourcesStep): Promise<Audited> {
  const files = await audited.ports.workload.count(step);
  for (const source of audited.plan.sources)
    await checkSourceRead(
      audited,
      source,
      files.filter((each) => each.alias === source.alias),
    );
  // A session does not load a lookup's rows: they are checked, but not counted as read.
  const lookups = new Set(audited.plan.sources.flatMap(({ lookup, alias }) => (lookup ? [alias] : [])));
  return {
    ...(await withRowsAside(audited)),
    filesRead: Map.groupBy(files, ({ alias }) => alias),
    rowsRead: files.reduce((sum, { alias, rows }) => sum + (lookups.has(alias) ? 0n : rows), 0n),
  };
}

/** Counts what the session staged. */
async function countRowsStaged(audited: Audited, step: CountStagedStep): Promise<Audited> {
  const told = countedByWriter(audited);
  const shown = told === undefined ? await showStaged(audited) : audited;
  const { rows_staged, rows_outside } = told ?? (await shown.ports.workload.countStaged(step));
  if (rows_outside > 0n) throw rowsOutsideHours(shown, rows_outside);
  const reached = await checkHoursReached({ ...shown, rowsWritten: rows_staged });
  const counted = await checkRowsCompared(reached);
  if (!counted.stepwise) counted.state.beginSession(counted);
  return counted;
}

async function checkSourceRead(
  opened: Opened,
  source: PlanSource,
  files: readonly FileRead[],
): Promise<void> {
  const { plan } = opened;
  if (source.read.kind === 'nothing') return;
  // With a range only some hours are queried, so the count cannot match all rows of the files.
  if (source.read.kind === 'files')
    return plan.range === null ? checkFilesRead(opened, source, files) : undefined;
  const view = opened.shown.get(source.alias)?.snapshot;
  const { table, metadata, snapshot } = await sourceAsRead(opened, source, view);
  const column =
    source.event_time === null ? undefined : columnOf(currentSchema(metadata), source.event_time);
  await checkRowsRead(opened, {
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

function rowsOutsideHours({ plan, spec }: Begun, count: bigint): PsybergError {
  const column = spec.target.eventTime;
  const reach = windowReach(plan);
  const { grain = 'hour' } = plan;
  const beyond = reach === 0 ? '' : ` and beyond the reach of its windows (${reach} hours)`;
  return refusal(
    'rows-outside-hours',
    `${count} of the rows that ${plan.process_name} computed for ${plan.range?.first_hour}..${plan.range?.last_hour} have a ${column} outside these ${grain}s${beyond} or none; the next session would add them again instead of replacing them`,
    {
      hint: `let ${column} fall into the ${grain} of the source rows that a row is computed from, or leave such rows out of the query`,
      context: { process_name: plan.process_name, column, rows: String(count), range: plan.range },
    },
  );
}

/** Runs one declared audit. Its result replaces an earlier one of the same audit. */
export async function runAudit(before: Audited, step: AuditStep): Promise<Audited> {
  const declared = declaredAudit(before, step);
  const kind = auditKind(declared.kind);
  const told = rowsTold(before, step, declared);
  const audited = told === undefined ? await showStaged(before) : before;
  const rows = told ?? (await rowsOfAudit(audited, step, declared));
  const { badRows, ...verdict } = kind.judge(rows, declared);
  const { name, severity } = declared;
  const sample = badRows.slice(0, SAMPLE_ROWS);
  const kept = keepFailures(audited, { name, severity, kept: null, ...verdict, sample }, badRows);
  const others = audited.failures.filter((row) => row['audit_name'] !== step.audit);
  return {
    ...audited,
    audits: withResult(audited.audits, kept.result),
    failures: [...others, ...kept.failures],
  };
}

/** What an audit's statement would return, if counts already tell; undefined if it has to run. */
function rowsTold(
  { rowsRead, rowsWritten, written }: Audited,
  step: AuditStep,
  declared: AuditSpec,
): readonly AuditRow[] | undefined {
  if (step.counted) return [{ expected: rowsRead, actual: rowsWritten }];
  const isTold =
    written !== undefined && auditKind(declared.kind).isToldByWriter?.(declared, written) === true;
  return isTold ? [] : undefined;
}

const rowsOfAudit = (audited: Audited, step: AuditStep, declared: AuditSpec): Promise<readonly AuditRow[]> =>
  audited.ports.workload.audit(step, keptRowsOf(audited.ports.project)).catch(async (error: unknown) => {
    throw await inItsFile(audited, declared, error);
  });

function declaredAudit({ spec }: Begun, step: AuditStep): AuditSpec {
  const declared = spec.audits.find((each) => each.name === step.audit);
  if (declared !== undefined) return declared;
  throw new PsybergError('internal-bug', `the audit ${step.audit} is in the plan and not in the process`, {
    hint: 'plan again',
  });
}

const withResult = (audits: readonly AuditResult[], result: AuditResult): AuditResult[] =>
  audits.some((each) => each.name === result.name)
    ? audits.map((each) => (each.name === result.name ? result : each))
    : [...audits, result];

async function inItsFile(opened: Opened, declared: AuditSpec, error: unknown): Promise<unknown> {
  if (!(error instanceof PsybergError) || error.code !== 'sql-failed') return error;
  const { metadata } = await loadTarget(opened);
  const columns = currentSchema(metadata).fields.map((field) => field.name);
  return opened.ports.workload.placedInAudit(workOf(opened), declared, columns, error);
}

/** True if a blocking audit has failed. */
export const isBlocked = ({ audits }: Pick<Audited, 'audits'>): boolean =>
  audits.some((each) => each.status === 'failed' && each.severity === 'block');

/** How many rows of a failed audit the run's record shows. */
const SAMPLE_ROWS = 10;

/** How many of the bad rows an audit returns. */
export const keptRowsOf = ({ auditFailureRows }: Pick<RunPorts['project'], 'auditFailureRows'>): number =>
  Math.max(SAMPLE_ROWS, auditFailureRows);
