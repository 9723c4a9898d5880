/** Makes the records of processes whose session did not run to its end. Outcome -> RunRecord. Pure. */
import { patternOf } from '../kinds/patterns/index.ts';
import { PsybergError } from '../model/errors.ts';
import { tableName } from '../model/names.ts';
import type { CompiledPlan } from '../model/plan.ts';
import type { ProcessSpec } from '../model/process-spec.ts';
import type { Trigger } from '../model/restate.ts';
import type { RunRecord } from '../model/run-record.ts';
import { shownError } from '../model/storage-faults.ts';
import { recordHead } from '../run/record.ts';

/** The record of a process with nothing to load. `waitedSeconds`: the wait for another session of it. */
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

/** Adds the wait for another session of the process to a record. */
export const withWait = (record: RunRecord, waitedSeconds: number): RunRecord =>
  waitedSeconds === 0 ? record : { ...record, waited_seconds: waitedSeconds };

/** The record of a process that could not run: the others still run, and the caller sees every outcome. */
export function failedRecord(spec: ProcessSpec, error: unknown, trigger: Trigger = 'changes'): RunRecord {
  const known = shownError(error);
  const status = known.kind === 'conflict' || known.kind === 'refused' ? known.kind : 'failed';
  return { ...emptyRecord(spec), trigger, status, error: known.toJSON() };
}

/** A process that reads the target of one that failed. */
export function skippedRecord(spec: ProcessSpec, upstream: string, trigger: Trigger = 'changes'): RunRecord {
  const error = new PsybergError(
    'upstream-failed',
    `${spec.processName} was not run: ${upstream}, which writes one of its sources, failed`,
    {
      hint: `solve the error of ${upstream} and ${trigger === 'restate' ? 'restate with --downstream again: it goes on there' : 'run again'}`,
      retryable: true,
    },
  );
  return { ...emptyRecord(spec), trigger, status: 'failed', error: error.toJSON() };
}

/**
 * The record of a process whose target was to be published together with that of one that failed: `computed`,
 * as far as it came, or not begun.
 */
export function unpublishedRecord(spec: ProcessSpec, failed: string, computed?: RunRecord): RunRecord {
  const error = new PsybergError(
    'together-failed',
    `${spec.processName} was ${computed === undefined ? 'not run' : 'computed, and not published'}: ${failed}, whose target is published in the same commit, failed`,
    { hint: `solve the error of ${failed} and give the same command again`, retryable: true },
  );
  const record = computed ?? emptyRecord(spec);
  return {
    ...record,
    trigger: 'restate',
    status: 'failed',
    published_snapshot_id: null,
    error: error.toJSON(),
  };
}

/** The record of a process that was computed, when the commit of all of them could not be made. */
export function uncommittedRecord(spec: ProcessSpec, computed: RunRecord, thrown: unknown): RunRecord {
  const { status, error } = failedRecord(spec, thrown);
  return { ...computed, status, published_snapshot_id: null, error };
}

const emptyRecord = (spec: ProcessSpec): RunRecord => ({
  process_name: spec.processName,
  psyberg_session_id: '',
  status: 'failed',
  trigger: 'changes',
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
