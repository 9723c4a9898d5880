/** Makes what the steps of a session report. Session as it is, or as it was stored -> StepRecord. */
import type { ErrorJson } from '../../model/errors.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import type { RunRecord } from '../../model/run-record.ts';
import type { RunPorts } from '../ports.ts';
import { recordHead, runRecord } from '../record.ts';
import type { IdleJson, StoredSession } from './saved-session.ts';

/** The states of a stepwise session, beside those of a run. */
export type StepStatus = RunRecord['status'] | 'initialized' | 'loaded' | 'audited';
export type StepRecord = Omit<RunRecord, 'status'> & { readonly status: StepStatus };

export interface StepRequest {
  readonly ports: RunPorts;
  readonly spec: ProcessSpec;
  readonly psybergSessionId: string;
}

/** What a step reports of the session as it is now. */
export function stepRecord(
  progress: Parameters<typeof runRecord>[0],
  status: StepStatus,
  spent: Partial<RunRecord['seconds']>,
  error?: ErrorJson,
): StepRecord {
  const seconds = { init: 0, load: 0, audit: 0, publish: 0, ...spent };
  const record = runRecord(progress, {
    status: 'published',
    seconds: { ...seconds, total: seconds.load + seconds.audit + seconds.publish },
    error: undefined,
  });
  return { ...record, status, error: error ?? null };
}

/** What a step reports that was done before: the session as it is. */
export function repeatedRecord({ spec }: StepRequest, stored: StoredSession): StepRecord {
  return {
    ...recordHead(stored.plan),
    target: stored.plan.target.table,
    process_name: spec.processName,
    status: stored.status as StepStatus,
    published_snapshot_id: stored.targetSnapshotId === undefined ? null : String(stored.targetSnapshotId),
    rows_read: String(stored.rowsRead),
    rows_written: String(stored.rowsWritten),
    audits: [],
    seconds: NO_TIME,
    error: stored.error ?? null,
  };
}

/** A session that had nothing to do. */
export const idleStepRecord = ({ idle, plan }: IdleJson): StepRecord => ({
  ...recordHead(plan),
  status: idle,
  published_snapshot_id: null,
  rows_read: '0',
  rows_written: '0',
  audits: [],
  seconds: NO_TIME,
  error: null,
});

const NO_TIME: RunRecord['seconds'] = Object.freeze({ init: 0, load: 0, audit: 0, publish: 0, total: 0 });
