/** Records of processes whose session did not run to its end. Outcome -> RunRecord. Pure. */
import { patternOf } from '../kinds/patterns/index.ts';
import { PsybergError } from '../model/errors.ts';
import { tableName } from '../model/names.ts';
import type { CompiledPlan } from '../model/plan.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import type { RunRecord } from '../model/run-record.ts';
import { shownError } from '../model/storage-faults.ts';
import { recordHead } from '../run/record.ts';

/** A process with nothing to load. `waitedSeconds`: for another session of it. */
export const idleRecord = (
  plan: CompiledPlan,
  { initSeconds, waitedSeconds }: { readonly initSeconds: number; readonly waitedSeconds: number },
): RunRecord =>
  withWait(
    {
      ...recordHead(plan),
      status: plan.status === 'waiting' ? 'waiting' : 'nothing-new',
      published_snapshot_id: null,
      rows_read: '0',
      rows_written: '0',
      audits: [],
      seconds: { init: initSeconds, load: 0, audit: 0, publish: 0, total: initSeconds },
      error: null,
    },
    waitedSeconds,
  );

/** The record of a session that waited for another one of its process. */
export const withWait = (record: RunRecord, waitedSeconds: number): RunRecord =>
  waitedSeconds === 0 ? record : { ...record, waited_seconds: waitedSeconds };

/** A process that could not run, as a record: the others still run, and the caller sees every outcome. */
export function failedRecord(spec: ProcessSpec, error: unknown): RunRecord {
  const known = shownError(error);
  const status = known.kind === 'conflict' || known.kind === 'refused' ? known.kind : 'failed';
  return { ...emptyRecord(spec), status, error: known.toJSON() };
}

/** A process that reads the target of one that failed. */
export function skippedRecord(spec: ProcessSpec, upstream: string): RunRecord {
  const error = new PsybergError(
    'upstream-failed',
    `${spec.processName} was not run: ${upstream}, which writes one of its sources, failed`,
    { hint: `solve the error of ${upstream} and run again`, retryable: true },
  );
  return { ...emptyRecord(spec), status: 'failed', error: error.toJSON() };
}

const emptyRecord = (spec: ProcessSpec): RunRecord => ({
  process_name: spec.processName,
  psyberg_session_id: '',
  status: 'failed',
  target: tableName(spec.target.table),
  operation: patternOf(spec).operation,
  published_snapshot_id: null,
  branch: '',
  rows_read: '0',
  rows_written: '0',
  range: null,
  owed_hours: [],
  held_back_by: null,
  skipped_null_event_times: '0',
  audits: [],
  seconds: { init: 0, load: 0, audit: 0, publish: 0, total: 0 },
  error: null,
});
