/** Makes the record of a session. Session -> RunRecord, plain JSON. Pure. */
import { patternOf } from '../kinds/patterns/index.ts';
import { PsybergError } from '../model/errors.ts';
import { withGrain } from '../model/grain.ts';
import type { CompiledPlan } from '../model/plan.ts';
import type { RunRecord, RunStatus } from '../model/run-record.ts';
import { branchName } from '../model/session-branch.ts';
import type { Audited, Begun, Published } from './session.ts';

/** A session as far as it has come. */
type Progress = Pick<Begun, 'plan'> &
  Partial<Pick<Published, 'publishedSnapshotId' | 'rowsRead' | 'rowsWritten' | 'audits'>>;

/** The record of a session that ran. */
export function runRecord(
  { plan, publishedSnapshotId, rowsRead = 0n, rowsWritten = 0n, audits = [] }: Progress,
  outcome: {
    readonly status: RunStatus;
    readonly seconds: RunRecord['seconds'];
    readonly error: PsybergError | undefined;
  },
): RunRecord {
  return {
    ...recordHead(plan),
    status: outcome.status,
    published_snapshot_id: publishedSnapshotId === undefined ? null : String(publishedSnapshotId),
    rows_read: String(rowsRead),
    rows_written: String(rowsWritten),
    audits,
    seconds: outcome.seconds,
    error: outcome.error === undefined ? null : outcome.error.toJSON(),
  };
}

/** The fields of a record that follow from the plan alone. */
export function recordHead(
  plan: CompiledPlan,
): Pick<
  RunRecord,
  | 'process_name'
  | 'psyberg_session_id'
  | 'trigger'
  | 'target'
  | 'operation'
  | 'branch'
  | 'grain'
  | 'range'
  | 'owed_hours'
  | 'held_back_by'
  | 'catchup'
  | 'warnings'
  | 'skipped_null_event_times'
> {
  return {
    process_name: plan.process_name,
    psyberg_session_id: plan.psyberg_session_id,
    trigger: plan.trigger ?? 'changes',
    target: plan.target.table,
    operation: plan.target.operation,
    branch: branchName(plan.process_name, plan.psyberg_session_id),
    ...withGrain(plan),
    range: plan.range,
    owed_hours: plan.owed_hours,
    held_back_by: plan.held_back_by,
    ...(plan.catchup === undefined ? {} : { catchup: plan.catchup }),
    ...(plan.status !== 'work' || plan.warnings.length === 0 ? {} : { warnings: plan.warnings }),
    skipped_null_event_times: patternOf(plan).loadsHours
      ? String(plan.sources.reduce((sum, source) => sum + BigInt(source.null_event_times), 0n))
      : '0',
  };
}

/**
 * The error of failed blocking audits: which ones, how many rows, and one of them. `isKept`: the branch
 * stays, and the hint gives the command that shows its rows.
 */
export function auditError({ plan, audits, branch }: Audited, isKept: boolean): PsybergError {
  const failed = audits.filter((audit) => audit.status === 'failed' && audit.severity === 'block');
  const { process_name: name, psyberg_session_id: id } = plan;
  const target = plan.target.table;
  const what = failed.map(({ name: audit, expected, actual, sample: [example] }) => {
    const found = `${audit} failed: expected ${expected}, found ${actual}`;
    return example === undefined ? found : `${found}, for example ${JSON.stringify(example)}`;
  });
  return new PsybergError(
    'audit-failed',
    `${name}: the audit${what.length === 1 ? '' : 's'} ${what.join('; ')}; nothing was published`,
    {
      hint: isKept
        ? `look at the rows as they would be: psyberg sql --branch ${branch} "select * from ${target}"; drop them: psyberg session abort --process_name=${name} --psyberg_session_id=${id} (the next run does, too)`
        : `run "psyberg run ${name} --keep-branch" to look at the staged rows, or set severity: warn`,
      context: {
        process_name: name,
        audits: failed.map((audit) => audit.name),
        ...(isKept ? { branch } : {}),
      },
    },
  );
}
